/** The first seconds of simulcast as a thin line makes them: real mediasoup, a real receiver, packets written by hand. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createWorker } from "mediasoup";
import type { Consumer, PlainTransport, RouterRtpCodecCapability, WebRtcTransport, Worker } from "mediasoup/types";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Home } from "../../media-node/rtc/home.ts";
import { SubscribedTrack } from "../../media-node/rtc/subscriptions.ts";
import { RoomTrack } from "../../media-node/rtc/tracks.ts";
import { cachedMediasoupWorker } from "../../scripts/setup/mediasoup-worker.mjs";
import { ROUTER_CODECS } from "../../shared/codecs.ts";
import type { TransportParameters } from "../../shared/media.ts";
import { TestPeer } from "./node-peer.ts";

const PAYLOAD_TYPE = 96;
const SSRC = [1_000, 2_000, 3_000] as const;
const FRAME_MS = 33;
const SR_MS = 500;
const PATIENCE = { timeout: 12_000, interval: 100 };
const rtcpFeedback = [{ type: "nack" }, { type: "nack", parameter: "pli" }, { type: "transport-cc" }];
const VP8 = { mimeType: "video/VP8", payloadType: PAYLOAD_TYPE, clockRate: 90_000, rtcpFeedback };
const layers = [320, 640, 1_280].map((width) => ({ width, height: (width * 9) / 16 }));

let worker: Worker;
let home: Home;
let sender: Layers;
let inlet: PlainTransport;
let outlet: WebRtcTransport;
let peer: TestPeer;
let track: RoomTrack;

/** Of VP8: each of its frames is a key frame of one packet (RFC 7741). */
class Layers {
	readonly #socket: Socket;
	readonly #port: number;
	readonly #layers = SSRC.map((ssrc) => ({ ssrc, on: false, reports: false, seq: 1, packets: 0 }));
	readonly #timers: NodeJS.Timeout[];

	constructor(socket: Socket, port: number) {
		this.#socket = socket;
		this.#port = port;
		this.#timers = [setInterval(() => this.#frame(), FRAME_MS), setInterval(() => this.#report(), SR_MS)];
	}

	/** Whether it comes, and whether reports of it do. */
	set(index: number, on: boolean, reports = on): void {
		Object.assign(this.#layers[index] ?? {}, { on, reports });
	}

	stop(): void {
		for (const timer of this.#timers) clearInterval(timer);
		this.#socket.close();
	}

	#frame(): void {
		for (const layer of this.#layers) {
			if (!layer.on) continue;
			const packet = Buffer.alloc(600);
			packet.writeUInt8(0x80, 0);
			packet.writeUInt8(0x80 | PAYLOAD_TYPE, 1);
			packet.writeUInt16BE(layer.seq++ & 0xffff, 2);
			packet.writeUInt32BE((performance.now() * 90) >>> 0, 4);
			packet.writeUInt32BE(layer.ssrc, 8);
			// S: the first of its partition; then a frame that is a key frame.
			packet.writeUInt8(0x10, 12);
			layer.packets++;
			this.#socket.send(packet, this.#port, "127.0.0.1");
		}
	}

	#report(): void {
		for (const { ssrc, on, reports, packets } of this.#layers) {
			if (!on || !reports) continue;
			const report = Buffer.alloc(28);
			report.writeUInt8(0x80, 0);
			report.writeUInt8(200, 1);
			report.writeUInt16BE(6, 2);
			report.writeUInt32BE(ssrc, 4);
			const seconds = Date.now() / 1_000 + 2_208_988_800;
			report.writeUInt32BE(Math.floor(seconds), 8);
			report.writeUInt32BE(Math.floor((seconds % 1) * 2 ** 32), 12);
			report.writeUInt32BE((performance.now() * 90) >>> 0, 16);
			report.writeUInt32BE(packets, 20);
			report.writeUInt32BE(packets * 588, 24);
			this.#socket.send(report, this.#port, "127.0.0.1");
		}
	}
}

beforeAll(async () => {
	process.env.MEDIASOUP_WORKER_BIN ??= cachedMediasoupWorker();
	worker = await createWorker({ logLevel: "warn" });
});
afterAll(() => worker.close());

beforeEach(async () => {
	const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
	home = { router } as Home;
	const listenInfo = { protocol: "udp" as const, ip: "127.0.0.1" };
	inlet = await router.createPlainTransport({ listenInfo, comedia: true, rtcpMux: true });
	outlet = await router.createWebRtcTransport({ listenInfos: [listenInfo] });
	const wish = { id: "cam", participant: "a", source: "camera" as const, layers, muted: false };
	const encodings = SSRC.map((ssrc) => ({ ssrc }));
	const media = { kind: "video" as const, rtpParameters: { codecs: [VP8], encodings } };
	track = new RoomTrack({ ...wish, media }, Promise.resolve({ home, transport: inlet }));
	peer = TestPeer.receiver();
	const { id, iceParameters, iceCandidates, dtlsParameters } = outlet;
	const connected = peer.connect({ id, iceParameters, iceCandidates, dtlsParameters } as TransportParameters);
	await outlet.connect({ dtlsParameters: peer.dtlsParameters });
	await connected;
	const socket = createSocket("udp4");
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	sender = new Layers(socket, inlet.tuple.localPort);
});
afterEach(() => {
	sender.stop();
	peer.pc.close();
	home.router.close();
});

async function subscribe(): Promise<SubscribedTrack> {
	const { rtpCapabilities } = home.router;
	const subscription = new SubscribedTrack(track, Promise.resolve({ transport: outlet, home, rtpCapabilities }), {});
	await subscription.ready;
	return subscription;
}

const sent = ({ consumer }: SubscribedTrack) => (consumer as Consumer).currentLayers?.spatialLayer;
const comes = (index: number) =>
	expect.poll(() => {
		const scores = track.producer && "score" in track.producer ? track.producer.score : [];
		return scores.find(({ encodingIdx }) => encodingIdx === index)?.score ?? 0;
	}, PATIENCE);

it("is sent on when the larger layers go before their first report, and the lowest has none yet", async () => {
	await track.ready;
	for (const index of [1, 2]) sender.set(index, true, false);
	await comes(2).toBeGreaterThan(0);
	const subscription = await subscribe();
	sender.set(0, true, false);
	await expect.poll(() => sent(subscription), PATIENCE).toBe(0);
	for (const index of [1, 2]) sender.set(index, false);
	await comes(2).toBe(0);
	sender.set(0, true);
	const packets = async () => {
		const stats = await (subscription.consumer as Consumer).getStats();
		return stats.find(({ type }) => type === "outbound-rtp")?.packetCount ?? 0;
	};
	const before = await packets();
	await expect.poll(packets, PATIENCE).toBeGreaterThan(before + 30);
	expect(sent(subscription)).toBe(0);
});

it("goes on to the largest layer that lasts", async () => {
	for (const index of [0, 1, 2]) sender.set(index, true);
	const subscription = await subscribe();
	await expect.poll(() => sent(subscription), PATIENCE).toBe(2);
});

it("is sent on without its lowest layer, where only others come", async () => {
	for (const index of [1, 2]) sender.set(index, true);
	const subscription = await subscribe();
	await expect.poll(() => sent(subscription), PATIENCE).toBeGreaterThan(0);
});
