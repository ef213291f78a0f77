/** Tracks that end in the moment they are about to be recorded: real mediasoup, real GStreamer. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createWorker } from "mediasoup";
import type { Producer, Router, RouterRtpCodecCapability, Worker } from "mediasoup/types";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { Pipeline } from "../../media-node/gst/pipeline.ts";
import { log } from "../../media-node/observability/logger.ts";
import { Recorder } from "../../media-node/recording/recorder.ts";
import { Recordings } from "../../media-node/recording/recordings.ts";
import { Writer } from "../../media-node/recording/writer.ts";
import type { Home } from "../../media-node/rtc/home.ts";
import type { RoomTrack } from "../../media-node/rtc/tracks.ts";
import { cachedMediasoupWorker } from "../../scripts/setup/mediasoup-worker.mjs";
import { ROUTER_CODECS } from "../../shared/codecs.ts";

const dir = mkdtempSync(join(tmpdir(), "switchyard-gone-"));
let worker: Worker;
let router: Router;
let recordings: Recordings;

beforeAll(async () => {
	log.level = "silent";
	process.env.MEDIASOUP_WORKER_BIN ??= cachedMediasoupWorker();
	worker = await createWorker({ logLevel: "warn" });
	router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
	recordings = new Recordings({ dir, store: "local", minFreeBytes: 0 }, { edge: "http://127.0.0.1:9", token: "token" });
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
	await recordings.close();
	worker.close();
	rmSync(dir, { recursive: true, force: true });
});

async function microphone(ssrc: number): Promise<Producer> {
	const transport = await router.createPlainTransport({
		listenInfo: { protocol: "udp", ip: "127.0.0.1" },
		comedia: true,
	});
	const codecs = [{ mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 }];
	return transport.produce({ kind: "audio", rtpParameters: { codecs, encodings: [{ ssrc }] } });
}

/** How many tracks each of its writers was to have, and what the room was told. */
async function record(producers: Producer[]) {
	const opened = vi.spyOn(Writer, "open");
	const states: string[] = [];
	const tracks = () =>
		producers
			.filter(({ closed }) => !closed)
			.map(
				(producer) =>
					({
						id: producer.id,
						source: "audio",
						mimeType: "audio/opus",
						on: async () => producer,
					}) as unknown as RoomTrack,
			);
	const command = {
		...{ type: "record" as const, recording: crypto.randomUUID(), part: 1, endpoint: "e", epoch: 1 },
		...{ tracks: producers.map(({ id }) => id), effects: false, path: "it", container: "mkv" as const, split: true },
	};
	const home = Promise.resolve({ router } as Home);
	const recorder = new Recorder("room", command, tracks, home, recordings, log, {
		onState: (state) => states.push(state),
	});
	await vi.waitFor(() => expect(states).not.toEqual([]), { timeout: 20_000 });
	return { recorder, states, counts: opened.mock.calls.map(([, sources]) => sources.length) };
}

it("ends before it is taken: what else there is is recorded, and nothing has failed", async () => {
	const [stays, goes] = [await microphone(1), await microphone(2)];
	const open = Writer.open;
	vi.spyOn(Writer, "open").mockImplementationOnce((...args) => {
		goes.close();
		return open.apply(Writer, args);
	});
	const { recorder, states, counts } = await record([stays, goes]);
	expect([states, counts]).toEqual([["started"], [2, 1]]);
	recorder.stop();
	await vi.waitFor(() => expect(states).toEqual(["started", "finishing"]), { timeout: 20_000 });
});

it("ends while the process that writes it starts: the same", async () => {
	const [stays, goes] = [await microphone(3), await microphone(4)];
	const get = Pipeline.prototype.get;
	vi.spyOn(Pipeline.prototype, "get").mockImplementationOnce(function (this: Pipeline, ...args) {
		goes.close();
		return get.apply(this, args);
	});
	const { recorder, states, counts } = await record([stays, goes]);
	expect([states, counts]).toEqual([["started"], [2, 1]]);
	recorder.stop();
	await vi.waitFor(() => expect(states).toEqual(["started", "finishing"]), { timeout: 20_000 });
});

it("is the only one: that is told as a failure, which the room judges", async () => {
	const goes = await microphone(5);
	const get = Pipeline.prototype.get;
	vi.spyOn(Pipeline.prototype, "get").mockImplementationOnce(function (this: Pipeline, ...args) {
		goes.close();
		return get.apply(this, args);
	});
	const { states, counts } = await record([goes]);
	expect([states, counts]).toEqual([["failed"], [1]]);
});
