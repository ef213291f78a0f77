/** `/v1/rooms/{room}/recordings`: start, list, read and stop recordings, and read their files. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { SwitchyardError } from "../../../shared/errors.ts";
import { RecordingsQuery } from "../../../shared/recordings.ts";
import { isApiCredential, requireClient } from "../../auth/api.ts";
import type { Env } from "../../env.ts";
import { askRoom } from "../ask-room.ts";
import { refuseInvalid } from "../errors.ts";
import {
	answer,
	body,
	failures,
	Recording,
	RecordingCreate,
	RecordingFilePath,
	RecordingPage,
	RecordingPath,
	RoomPath,
	secured,
	securedEither,
} from "../schemas.ts";

const tags = ["Recordings"];
const one = "/rooms/{room}/recordings/{recording}";

const start = createRoute({
	...{ method: "post", path: "/rooms/{room}/recordings", tags, security: secured, operationId: "startRecording" },
	summary: "Record a participant",
	description:
		"Their audio and video, or some of their sources or tracks, as received or after effects, into one file or one for each track. It begins when there is something to record, and goes on in further parts (`…-p2`) when their media begins anew. With an id that is taken, the recording that is there is returned unchanged, with 200.",
	request: { params: RoomPath, body: body(RecordingCreate, true) },
	responses: {
		201: answer("The new recording", Recording),
		200: answer("The recording that was there", Recording),
		...failures("bad_request", "bad_json", "not_found", "conflict", "unsupported"),
	},
});

const list = createRoute({
	...{ method: "get", path: "/rooms/{room}/recordings", tags, security: secured, operationId: "listRecordings" },
	summary: "List recordings",
	description:
		"Of this room, oldest first, those that are over as well. A page also ends at 256 KiB: a recording whose files do not fit is the first of the next page as well, with the files that follow.",
	request: { params: RoomPath, query: RecordingsQuery.omit({ recording: true }) },
	responses: { 200: answer("One page", RecordingPage), ...failures("bad_request", "not_found") },
});

const read = createRoute({
	...{ method: "get", path: one, tags, security: secured, operationId: "getRecording" },
	summary: "Read a recording",
	request: { params: RecordingPath },
	responses: { 200: answer("The recording", Recording), ...failures("bad_request", "not_found") },
});

const stop = createRoute({
	...{ method: "post", path: `${one}/stop`, tags, security: secured, operationId: "stopRecording" },
	summary: "Stop a recording",
	description:
		"Its files are completed then: they are `written`, and `stored` when they have arrived where recordings are kept.",
	request: { params: RecordingPath },
	responses: { 200: answer("The recording", Recording), ...failures("bad_request", "not_found") },
});

const file = createRoute({
	...{ method: "get", path: `${one}/files/{file}`, tags, security: securedEither, operationId: "getRecordingFile" },
	summary: "Read a file of a recording",
	description:
		"By its place in `files`, from 0. Only files in the edge's own bucket can be read here; ranges are answered.",
	request: { params: RecordingFilePath },
	responses: {
		200: { description: "The file", content: { "application/octet-stream": { schema: z.string() } } },
		206: { description: "The range asked for", content: { "application/octet-stream": { schema: z.string() } } },
		416: { description: "Nothing of it is in that range" },
		...failures("bad_request", "not_found"),
	},
});

const TYPES: Record<string, string> = {
	mp4: "video/mp4",
	mkv: "video/x-matroska",
	ogg: "audio/ogg",
};

export const recordings = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(start, async (c) => {
		const { room } = c.req.valid("param");
		const { id = crypto.randomUUID(), ...wish } = c.req.valid("json");
		const { recording, isNew } = await askRoom(c.env, room, (stub) => stub.startRecording({ ...wish, id }));
		if (!isNew) return c.json(recording, 200);
		c.header("Location", `/v1/rooms/${room}/recordings/${id}`);
		return c.json(recording, 201);
	})
	.openapi(list, async (c) => {
		const page = c.req.valid("query");
		return c.json(await askRoom(c.env, c.req.valid("param").room, (room) => room.listRecordings(page)), 200);
	})
	.openapi(read, async (c) => {
		const { room, recording } = c.req.valid("param");
		return c.json(await askRoom(c.env, room, (stub) => stub.getRecording(recording)), 200);
	})
	.openapi(stop, async (c) => {
		const { room, recording } = c.req.valid("param");
		return c.json(await askRoom(c.env, room, (stub) => stub.stopRecording(recording)), 200);
	})
	.openapi(file, async (c) => {
		const { room, recording, file } = c.req.valid("param");
		const authorization = c.req.header("authorization");
		const reader = isApiCredential(authorization) ? undefined : await requireClient(c.env, authorization);
		const { files } = await askRoom(c.env, room, (stub) => stub.getRecording(recording, reader));
		const { path, state, bytes = 0 } = files[file] ?? {};
		const none = new SwitchyardError("not_found", "no such file in the edge's bucket");
		if (path === undefined || state !== "stored") throw none;
		const wanted = rangeOf(c.req.header("range"));
		const { offset, length } = taken(wanted, bytes);
		if (wanted && length <= 0) {
			return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${bytes}` } });
		}
		const object = await c.env.RECORDINGS?.get(path, { range: wanted });
		if (!object) throw none;
		const headers = new Headers({
			"Content-Type": TYPES[path.slice(path.lastIndexOf(".") + 1)] ?? "application/octet-stream",
			"Content-Length": String(length),
			"Accept-Ranges": "bytes",
			ETag: object.httpEtag,
		});
		if (wanted) headers.set("Content-Range", `bytes ${offset}-${offset + length - 1}/${object.size}`);
		return new Response(object.body, { status: wanted ? 206 : 200, headers });
	});

type Wanted = { offset: number; length?: number } | { suffix: number };

/** One range of bytes (RFC 9110 section 14.1.2); anything else is as good as none, and gets the whole. */
function rangeOf(header = ""): Wanted | undefined {
	const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(header) ?? [];
	if (!Number.isSafeInteger(Number(first)) || !Number.isSafeInteger(Number(last))) return undefined;
	if (first === "") return last === "" ? undefined : { suffix: Number(last) };
	const offset = Number(first);
	if (last === "") return { offset };
	return Number(last) < offset ? undefined : { offset, length: Number(last) - offset + 1 };
}

function taken(wanted: Wanted | undefined, size: number): { offset: number; length: number } {
	if (!wanted) return { offset: 0, length: size };
	if ("suffix" in wanted) {
		const length = Math.min(wanted.suffix, size);
		return { offset: size - length, length };
	}
	const { offset, length = size } = wanted;
	return { offset, length: Math.min(length, size - offset) };
}
