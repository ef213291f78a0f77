/** Simulcast to receivers whose bandwidth nobody estimates: real mediasoup and GStreamer, packets written by hand. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createWorker } from "mediasoup";
import type { Consumer, Producer, RouterRtpCodecCapability, Worker } from "mediasoup/types";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { type Tap, tap } from "../../media-node/gst/loopback.ts";
import { Writer } from "../../media-node/recording/writer.ts";
import type { Home } from "../../media-node/rtc/home.ts";
import { SubscribedTrack } from "../../media-node/rtc/subscriptions.ts";
import { RoomTrack } from "../../media-node/rtc/tracks.ts";
import { cachedMediasoupWorker } from "../../scripts/setup/mediasoup-worker.mjs";
import { ROUTER_CODECS } from "../../shared/codecs.ts";
import { Layers, RTP_PARAMETERS, SIZES } from "../support/layers.ts";

const PATIENCE = { timeout: 12_000, interval: 50 };
const PER_SECOND = 30;
const run = promisify(execFile);

let worker: Worker;
let home: Home;
let sender: Layers;
let track: RoomTrack;
let producer: Producer;
beforeAll(async () => {
	process.env.MEDIASOUP_WORKER_BIN ??= cachedMediasoupWorker();
	worker = await createWorker({ logLevel: "error" });
});
afterAll(() => worker.close());
beforeEach(async () => {
	const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
	home = { router } as Home;
	const inlet = await router.createPlainTransport({ listenInfo: LOCAL, comedia: true, rtcpMux: true });
	const wish = { id: "cam", participant: "a", source: "camera" as const, layers: SIZES, muted: false };
	const media = { kind: "video" as const, rtpParameters: RTP_PARAMETERS };
	track = new RoomTrack({ ...wish, media }, Promise.resolve({ home, transport: inlet }));
	producer = (await track.ready) as Producer;
	sender = await Layers.open(inlet.tuple.localPort);
});
afterEach(() => {
	sender.stop();
	home.router.close();
});

const LOCAL = { protocol: "udp" as const, ip: "127.0.0.1" };
const comes = (index: number) =>
	expect.poll(() => producer.score.find(({ encodingIdx }) => encodingIdx === index)?.score ?? 0, PATIENCE);
const isSent = (consumer: Consumer) => expect.poll(() => consumer.currentLayers?.spatialLayer, PATIENCE);

/** To a pipeline that is not there: nobody says what arrives. */
async function tapped(): Promise<Tap> {
	const way = await tap(home.router, producer);
	await way.connect(9, 9);
	await way.consumer.resume();
	return way;
}

async function packets(consumer: Consumer): Promise<number> {
	const stats = await consumer.getStats();
	return stats.find(({ type }) => type === "outbound-rtp")?.packetCount ?? 0;
}

/** More of it, for so long. */
async function goesOn(consumer: Consumer, seconds = 1): Promise<void> {
	const before = await packets(consumer);
	await expect.poll(() => packets(consumer), PATIENCE).toBeGreaterThan(before + seconds * PER_SECOND);
}

/** The larger ones go before the lowest is reported on. */
async function narrow(): Promise<void> {
	sender.set(0, true, false);
	for (const index of [1, 2]) sender.set(index, false);
	await comes(2).toBe(0);
	sender.set(0, true);
}

it("goes on in the lowest layer when the larger ones go before their first report, and in those when they are back", async () => {
	for (const index of [1, 2]) sender.set(index, true, false);
	await comes(2).toBeGreaterThan(0);
	const { consumer } = await tapped();
	await isSent(consumer).toBe(2);
	await narrow();
	await isSent(consumer).toBe(0);
	// Of the lowest all is known by then.
	await goesOn(consumer, 2);
	for (const index of [1, 2]) sender.set(index, true);
	await isSent(consumer).toBe(2);
	await goesOn(consumer);
});

it("goes up to the layers that come later", async () => {
	sender.set(0, true);
	const { consumer } = await tapped();
	await isSent(consumer).toBe(0);
	// Of the lowest all is known by then.
	await goesOn(consumer, 2);
	for (const index of [1, 2]) sender.set(index, true);
	await isSent(consumer).toBe(2);
});

it("goes up to what a client without congestion control asks for, and no further", async () => {
	const { codecs = [] } = home.router.rtpCapabilities;
	const rtpCapabilities = { codecs, headerExtensions: [] };
	const transport = await home.router.createPlainTransport({ listenInfo: LOCAL });
	await transport.connect({ ip: "127.0.0.1", port: 9 });
	sender.set(0, true);
	const receiver = Promise.resolve({ transport, home, rtpCapabilities });
	const subscription = new SubscribedTrack(track, receiver, { size: SIZES[1] ?? null });
	await subscription.ready;
	const consumer = subscription.consumer as Consumer;
	await isSent(consumer).toBe(0);
	// Of the lowest all is known by then.
	await goesOn(consumer, 2);
	for (const index of [1, 2]) sender.set(index, true);
	await isSent(consumer).toBe(1);
	subscription.tune({});
	await isSent(consumer).toBe(2);
});

it("listens to the sender's reports as long as there is something to wait for", async () => {
	const told: boolean[] = [];
	const enable = producer.enableTraceEvent.bind(producer);
	producer.enableTraceEvent = (types) => {
		told.push((types ?? []).length > 0);
		return enable(types);
	};
	sender.set(0, true);
	const ways = [await tapped(), await tapped()];
	for (const { consumer } of ways) await isSent(consumer).toBe(0);
	for (const index of [1, 2]) sender.set(index, true);
	for (const { consumer } of ways) await isSent(consumer).toBe(2);
	expect(told).toContain(true);
	await expect.poll(() => told.at(-1), PATIENCE).toBe(false);
	const { length } = told;
	for (const { transport } of ways) transport.close();
	await narrow();
	expect(told).toHaveLength(length);
});

it("is recorded without a gap longer than a layer takes to go, on one clock", async () => {
	const folder = await mkdtemp(join(tmpdir(), "layers-"));
	try {
		const file = join(folder, "0.mkv");
		for (const index of [1, 2]) sender.set(index, true, false);
		await comes(2).toBeGreaterThan(0);
		const began = performance.now();
		const writer = await Writer.open(home, [{ producer, file }], "test");
		await writer.flowing();
		await narrow();
		const isOnDisk = async () => (await times(file)).length;
		const before = await isOnDisk();
		await expect.poll(isOnDisk, PATIENCE).toBeGreaterThan(before + 2 * PER_SECOND);
		const took = performance.now() - began;
		writer.stop();
		await writer.ended;
		const at = await times(file);
		const gaps = at.slice(1).map((time, i) => time - (at[i] ?? 0));
		expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
		expect(Math.max(...gaps)).toBeLessThan(4);
		expect((at.at(-1) ?? 0) - (at[0] ?? 0)).toBeLessThan(took / 1_000 + 0.5);
	} finally {
		await rm(folder, { recursive: true });
	}
});

/** Of each frame in a file, s. */
async function times(file: string): Promise<number[]> {
	const args = ["-v", "quiet", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file];
	const { stdout } = await run("ffprobe", args);
	return stdout.split("\n").filter(Boolean).map(Number);
}
