/** What a node tells of its recordings: real files and FFmpeg, an edge that only listens, and processes that write nothing. */

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { PipelineEnd } from "../../media-node/gst/pipeline.ts";
import { log } from "../../media-node/observability/logger.ts";
import { Recorder } from "../../media-node/recording/recorder.ts";
import { Recordings } from "../../media-node/recording/recordings.ts";
import type { Manifest, Take } from "../../media-node/recording/spool.ts";
import { Writer } from "../../media-node/recording/writer.ts";
import type { Home } from "../../media-node/rtc/home.ts";
import type { RoomTrack } from "../../media-node/rtc/tracks.ts";
import type { PartReport, RecordedFile } from "../../shared/recordings.ts";

const root = mkdtempSync(join(tmpdir(), "switchyard-recorder-"));
const sound = join(root, "sound.mkv");
let edge: Server;
let dirs = 0;
let recordings: Recordings;
let reports: PartReport[];
/** Where the edge's bucket has something else. */
const takenPaths = new Set<string>();

beforeAll(async () => {
	log.level = "silent";
	execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "libopus", sound]);
	edge = createServer(async (request, response) => {
		const chunks: Buffer[] = [];
		for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
		const body = JSON.parse(Buffer.concat(chunks).toString()) as PartReport & { file?: RecordedFile };
		if (body.file) {
			const taken = takenPaths.has(body.file.path);
			const answer = taken ? { error: { code: "conflict", message: "another file is there" } } : { state: "stored" };
			response.writeHead(taken ? 409 : 200).end(JSON.stringify(answer));
			return;
		}
		reports.push(body);
		response.writeHead(204).end();
	}).listen(0, "127.0.0.1");
	await once(edge, "listening");
});
afterAll(() => {
	edge.close();
	rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
	reports = [];
	const { port } = edge.address() as AddressInfo;
	const config = { dir: join(root, String(++dirs)), store: "edge" as const, minFreeBytes: 0 };
	recordings = new Recordings(config, { edge: `http://127.0.0.1:${port}`, token: "token" });
	takenPaths.clear();
});
afterEach(async () => {
	vi.restoreAllMocks();
	await recordings.close();
});

/** Of a machine that does other things too. */
const soon = { timeout: 20_000 };
vi.setConfig({ testTimeout: 60_000 });

const part = { room: "room", recording: "it", part: 1 };

/** Something that can be played, in each of its tracks. */
function fill(take: Take): void {
	for (const { name } of take.manifest.tracks) copyFileSync(sound, take.file(name));
}

async function written(number: number): Promise<Take> {
	const manifest: Manifest = {
		...{ part, take: number, path: "it", container: "mkv", split: false, startedAt: Date.now() },
		tracks: [{ name: "0.mkv", source: "audio", mimeType: "audio/opus" }],
	};
	const take = await recordings.create(manifest);
	fill(take);
	return take;
}

/** What is told of takes that are written, without what is told when they are stored. */
const told = () =>
	reports
		.filter(({ files }) => files.every(({ state }) => state === "written"))
		.map(({ files, over }) => ({ files: files.map(({ path }) => path), over }));

describe("a node", () => {
	it("tells of the last take of a part after those before it, whichever ends first", async () => {
		const [first, second] = [await written(1), await written(2)];
		recordings.written(second, true);
		await vi.waitFor(() => expect(second.manifest.files).toHaveLength(1), soon);
		expect(reports).toEqual([]);
		recordings.written(first, false);
		await vi.waitFor(() => expect(recordings.busy).toBe(false), soon);
		expect(told()).toEqual([
			{ files: ["it.mkv"], over: false },
			{ files: ["it-p1-2.mkv"], over: true },
		]);
	});

	it("tells that a part is over after all of its files", async () => {
		const first = await written(1);
		recordings.report({ ...part, files: [], over: true });
		recordings.written(first, false);
		await vi.waitFor(() => expect(recordings.busy).toBe(false), soon);
		expect(told()).toEqual([
			{ files: ["it.mkv"], over: false },
			{ files: [], over: true },
		]);
	});
});

describe("a file", () => {
	it("goes to another path where the bucket has something else, and the room is told", async () => {
		takenPaths.add("it.mkv");
		const take = await written(1);
		recordings.written(take, true);
		await vi.waitFor(() => expect(recordings.busy).toBe(false), soon);
		expect(told().map(({ files }) => files)).toEqual([["it.mkv"], ["it.2.mkv"]]);
		expect(recordings.storedFiles).toBe(1);
		expect(readdirSync(recordings.config.dir)).toEqual([".spool"]);
	});
});

/** A process that writes; `end` is its end. */
class FakeWriter {
	readonly #ended = Promise.withResolvers<PipelineEnd>();
	readonly ended = this.#ended.promise;
	readonly pid = undefined;
	flowing = (): Promise<void> => Promise.resolve();
	end(cause: PipelineEnd["cause"]): void {
		this.#ended.resolve(cause === "finished" ? { cause } : { cause, message: "it died" });
	}
	stop(): void {
		this.end("finished");
	}
}

/** A recorder of one track, or more. `open` gives each of its writers, which have written something by then. */
function record(open: (number: number) => FakeWriter, codecs: readonly string[] = ["audio/opus"]) {
	const states: string[] = [];
	const opened: string[][] = [];
	vi.spyOn(Writer, "open").mockImplementation(async (_home, sources) => {
		for (const { file } of sources) copyFileSync(sound, file);
		opened.push(sources.map(({ producer }) => producer.rtpParameters.codecs[0]?.mimeType ?? ""));
		return open(opened.length) as unknown as Writer;
	});
	const tracks = codecs.map((mimeType) => {
		const kind = mimeType.startsWith("audio") ? "audio" : "video";
		const producer = { kind, rtpParameters: { codecs: [{ mimeType }] } };
		return { id: mimeType, source: kind, mimeType, on: async () => producer } as unknown as RoomTrack;
	});
	const asked = { recording: "it", part: 1, endpoint: "e", tracks: [...codecs] };
	const command = {
		...{ type: "record" as const, ...asked },
		...{ effects: false, path: "it", container: "mkv" as const, split: false, epoch: 1 },
	};
	const recorder = new Recorder("room", command, () => tracks, Promise.resolve({} as Home), recordings, log, {
		onState: (state) => states.push(state),
	});
	return { recorder, states, opened };
}

describe("a recorder", () => {
	it("that cannot go on after its process wrote ends that, and what it wrote is kept", async () => {
		const writer = new FakeWriter();
		const stop = vi.spyOn(writer, "stop");
		writer.flowing = () => Promise.reject(new Error("no space left"));
		const { states } = record(() => writer);
		await vi.waitFor(() => expect(states).toEqual(["failed"]), soon);
		expect(stop).toHaveBeenCalled();
		await vi.waitFor(() => expect(told()).toEqual([{ files: ["it.mkv"], over: true }]), soon);
	});

	it("leaves out what cannot be written, and changes nothing when that is told again", async () => {
		const writer = new FakeWriter();
		const { recorder, states, opened } = record(() => writer, ["audio/opus", "video/AV1"]);
		await vi.waitFor(() => expect(states).toEqual(["started"]), soon);
		recorder.changed();
		recorder.changed();
		// After what is waited for that may come with a change.
		await delay(500);
		expect(opened).toEqual([["audio/opus"]]);
		recorder.stop();
		await vi.waitFor(() => expect(states).toEqual(["started", "finishing"]), soon);
	});

	it("that has nothing else fails, and says which codec it is", async () => {
		const failed = vi.spyOn(recordings, "report");
		const { states } = record(() => new FakeWriter(), ["video/AV1"]);
		await vi.waitFor(() => expect(states).toEqual(["failed"]), soon);
		const error = { code: "unsupported", message: "video/AV1 is not recorded" };
		expect(failed).toHaveBeenCalledWith(expect.objectContaining({ error }));
	});

	it("that is stopped between two processes says that its part is over", async () => {
		const { recorder, states } = record(() => {
			const writer = new FakeWriter();
			setTimeout(() => writer.end("crashed"), 50);
			return writer;
		});
		// The first is replaced at once, and another a while after the second.
		await vi.waitFor(() => expect(told()).toHaveLength(2), soon);
		recorder.stop();
		await vi.waitFor(() => expect(states).toEqual(["started", "finishing"]), soon);
		await vi.waitFor(() => expect(told().at(-1)).toEqual({ files: [], over: true }), soon);
	});

	it("that finds nothing more to record after its process died says that its part is over", async () => {
		const { states } = record((number) => {
			if (number > 1) throw new Error("the tracks are gone");
			const writer = new FakeWriter();
			setTimeout(() => writer.end("crashed"), 50);
			return writer;
		});
		await vi.waitFor(() => expect(states).toEqual(["started", "failed"]), soon);
		await vi.waitFor(() => {
			expect(told()).toEqual([
				{ files: ["it.mkv"], over: false },
				{ files: [], over: true },
			]);
		}, soon);
	});
});
