/**
 * `/v1/recording-files`: what media nodes tell of their recordings and bring to the edge's bucket, with their own
 * credential. A file comes in parts, each with its digest, and goes on after a break where it was; nothing that is in
 * the bucket is ever overwritten.
 */
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type * as z from "zod";
import { SwitchyardError } from "../../../shared/errors.ts";
import {
	PartReport,
	type RecordedFile,
	type RecordingPart,
	UPLOAD_PART_BYTES,
	UploadBegin,
	type UploadBegun,
	UploadComplete,
	type UploadedPart,
	UploadQuery,
} from "../../../shared/recordings.ts";
import { bearerOf } from "../../auth/api.ts";
import { decodeBase64 } from "../../auth/base64.ts";
import { verifyNodeToken } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import type { RoomRpc } from "../../room/rpc.ts";
import { askRoom } from "../ask-room.ts";

/** Larger objects are not read once more when they are complete: each of their parts was checked on arrival. */
const READ_AGAIN_BYTES = 268_435_456;

export const recordingFiles = new Hono<{ Bindings: Env; Variables: { node: string } }>();

recordingFiles.use("/recording-files/*", async (c, next) => {
	c.set("node", (await verifyNodeToken(c.env, bearerOf(c.req.header("authorization")))).sub);
	await next();
});

recordingFiles.use("/recording-files/*", (c, next) => {
	const onError = () => {
		throw new SwitchyardError("too_large", `a part is ${UPLOAD_PART_BYTES} bytes at most`);
	};
	return bodyLimit({ maxSize: UPLOAD_PART_BYTES, onError })(c, next);
});

recordingFiles.post("/recording-files/reports", async (c) => {
	const report = await bodyOf(PartReport, c.req);
	const paths = report.files.map(({ path }) => path);
	await mayTell(c.env, report, c.get("node"), paths);
	await roomOf(c.env, report).recordingWritten(report);
	for (const file of report.files) {
		if (file.state === "stored") await roomOf(c.env, report).recordingStored(report, file);
	}
	return c.body(null, 204);
});

recordingFiles.post("/recording-files/uploads", async (c) => {
	const { file, ...part } = await bodyOf(UploadBegin, c.req);
	await mayTell(c.env, part, c.get("node"), [file.path]);
	const bucket = bucketOf(c.env);
	if (await isThere(bucket, file)) {
		await roomOf(c.env, part).recordingStored(part, file);
		return c.json({ state: "stored" } satisfies UploadBegun);
	}
	const { uploadId } = await bucket.createMultipartUpload(file.path, {
		customMetadata: { ...metadataOf(part, file) },
	});
	return c.json({ state: "open", upload: uploadId } satisfies UploadBegun);
});

recordingFiles.put("/recording-files/uploads/:part", async (c) => {
	const parsed = UploadQuery.safeParse({ part: c.req.param("part"), ...c.req.query() });
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	const { part, path, upload } = parsed.data;
	const bytes = await c.req.arrayBuffer();
	await checkDigest(bytes, c.req.header("content-digest"));
	const { etag } = await bucketOf(c.env)
		.resumeMultipartUpload(path, upload)
		.uploadPart(part, bytes)
		.catch((error: unknown) => {
			throw gone(error);
		});
	return c.json({ part, etag } satisfies UploadedPart);
});

recordingFiles.post("/recording-files/uploads/complete", async (c) => {
	const { file, upload, parts, ...part } = await bodyOf(UploadComplete, c.req);
	await mayTell(c.env, part, c.get("node"), [file.path]);
	const bucket = bucketOf(c.env);
	// Completed before, and the answer was lost; or somebody else's by now.
	if (!(await isThere(bucket, file))) {
		await bucket
			.resumeMultipartUpload(file.path, upload)
			.complete(parts.map(({ part: partNumber, etag }) => ({ partNumber, etag })))
			.catch((error: unknown) => {
				throw gone(error);
			});
		await checkObject(bucket, file);
	}
	await roomOf(c.env, part).recordingStored(part, file);
	return c.json({ state: "stored" } satisfies UploadBegun);
});

async function bodyOf<T extends z.ZodType>(schema: T, request: { json(): Promise<unknown> }): Promise<z.output<T>> {
	const body = await request.json().catch(() => {
		throw new SwitchyardError("bad_json");
	});
	const parsed = schema.safeParse(body);
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return parsed.data;
}

/** Seen through its interface, as everywhere. */
function roomOf(env: Env, { room }: RecordingPart): RoomRpc {
	return env.ROOM.getByName(room) as unknown as RoomRpc;
}

async function mayTell(env: Env, part: RecordingPart, node: string, paths: string[]): Promise<void> {
	await askRoom(env, part.room, (room) => room.checkRecordingPart(part, node, paths));
}

function bucketOf(env: Env): R2Bucket {
	if (!env.RECORDINGS) throw new SwitchyardError("unsupported", "this edge has no bucket for recordings");
	return env.RECORDINGS;
}

function metadataOf({ room, recording, part }: RecordingPart, { sha256, durationMs }: RecordedFile) {
	return { room, recording, part: String(part), sha256, durationMs: String(durationMs) };
}

/** Throws `conflict` when something else is there. */
async function isThere(bucket: R2Bucket, { path, bytes, sha256 }: RecordedFile): Promise<boolean> {
	const there = await bucket.head(path);
	if (!there) return false;
	if (there.customMetadata?.sha256 === sha256 && there.size === bytes) return true;
	throw new SwitchyardError("conflict", "path: another file is there");
}

/** RFC 9530 section 2: `sha-256=:base64:`. */
async function checkDigest(bytes: ArrayBuffer, header = ""): Promise<void> {
	const told = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):/.exec(header)?.[1];
	if (told === undefined) throw new SwitchyardError("bad_request", "Content-Digest: sha-256 is needed");
	const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
	const expected = decodeBase64(told);
	if (expected.length !== digest.length || digest.some((byte, i) => byte !== expected[i])) {
		throw new SwitchyardError("bad_request", "Content-Digest: the part is not what was sent");
	}
}

/** What arrived is what was recorded; if not, it is taken away again, and the node begins anew. */
async function checkObject(bucket: R2Bucket, { path, bytes, sha256 }: RecordedFile): Promise<void> {
	const object = await bucket.get(path);
	let whole = object?.size === bytes;
	if (object && whole && bytes <= READ_AGAIN_BYTES) {
		const digester = new crypto.DigestStream("SHA-256");
		await object.body.pipeTo(digester);
		whole = hexOf(new Uint8Array(await digester.digest)) === sha256;
	} else await object?.body.cancel();
	if (whole) return;
	await bucket.delete(path);
	throw gone(new Error("the object differs from its file"));
}

function hexOf(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** An upload that cannot go on is begun anew: it expired, or its parts do not fit each other. */
function gone(cause: unknown): SwitchyardError {
	return new SwitchyardError("session_gone", "the upload cannot go on; begin anew", { cause });
}
