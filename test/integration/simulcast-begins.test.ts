/** The first seconds of simulcast as a thin line makes them: real mediasoup, a real receiver, packets written by hand. */
import { createWorker } from "mediasoup";
import type { Consumer, PlainTransport, RouterRtpCodecCapability, WebRtcTransport, Worker } from "mediasoup/types";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { Home } from "../../media-node/rtc/home.ts";
import { SubscribedTrack } from "../../media-node/rtc/subscriptions.ts";
import { RoomTrack } from "../../media-node/rtc/tracks.ts";
import { cachedMediasoupWorker } from "../../scripts/setup/mediasoup-worker.mjs";
import { ROUTER_CODECS } from "../../shared/codecs.ts";
import type { TransportParameters } from "../../shared/media.ts";
import { Layers, RTP_PARAMETERS, SIZES } from "../support/layers.ts";
import { TestPeer } from "./node-peer.ts";

const PATIENCE = { timeout: 12_000, interval: 100 };
let worker: Worker;
let home: Home;
let sender: Layers;
let inlet: PlainTransport;
let outlet: WebRtcTransport;
let peer: TestPeer;
let track: RoomTrack;

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
	const wish = { id: "cam", participant: "a", source: "camera" as const, layers: SIZES, muted: false };
	const media = { kind: "video" as const, rtpParameters: RTP_PARAMETERS };
	track = new RoomTrack({ ...wish, media }, Promise.resolve({ home, transport: inlet }));
	peer = TestPeer.receiver();
	const { id, iceParameters, iceCandidates, dtlsParameters } = outlet;
	const connected = peer.connect({ id, iceParameters, iceCandidates, dtlsParameters } as TransportParameters);
	await outlet.connect({ dtlsParameters: peer.dtlsParameters });
	await connected;
	sender = await Layers.open(inlet.tuple.localPort);
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
