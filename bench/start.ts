/**
 * How long recordings and effects take to start, with a process that waits for them (media-node/gst/spares.ts) and
 * without: on the node, from being asked to the first packet that is written, or that comes out altered. Sound and a
 * picture of which each frame is a key frame, so that no sender is waited for, between real mediasoup transports.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker } from "mediasoup";
import type { Producer, Router, RouterRtpCodecCapability, RtpCodecParameters } from "mediasoup/types";
import { hardware } from "../media-node/effects/available.ts";
import { Running } from "../media-node/effects/running.ts";
import { Pipeline } from "../media-node/gst/pipeline.ts";
import { spares } from "../media-node/gst/spares.ts";
import { log } from "../media-node/observability/logger.ts";
import { Recorder } from "../media-node/recording/recorder.ts";
import { Recordings } from "../media-node/recording/recordings.ts";
import type { Home } from "../media-node/rtc/home.ts";
import { type Inlet, RoomTrack } from "../media-node/rtc/tracks.ts";
import { ROUTER_CODECS } from "../shared/codecs.ts";
import type { EffectsWish } from "../shared/effects.ts";
import { type Figures, showSpread, spread } from "./lib/figures.ts";

const SETTLE_MS = 500;
const LOOK_MS = 1;

type Kind = "audio" | "video";
const CODEC: Record<Kind, RtpCodecParameters> = {
	audio: { mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 },
	video: { mimeType: "video/VP8", payloadType: 96, clockRate: 90_000 },
};
const SOURCE: Record<Kind, string> = {
	audio: "audiotestsrc is-live=true ! opusenc ! rtpopuspay",
	video:
		"videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 ! " +
		"vp8enc deadline=1 cpu-used=8 keyframe-max-dist=1 ! rtpvp8pay",
};
const WISH: EffectsWish = {
	audio: [{ element: "pitch", properties: { pitch: 1.2 } }],
	video: [{ element: "coloreffects", properties: { preset: "sepia" } }],
	options: { codec: "VP8", overlay: false, hardware: false },
};

/** Sends into a producer. */
async function source(router: Router, kind: Kind): Promise<Producer> {
	const listenInfo = { protocol: "udp", ip: "127.0.0.1" } as const;
	const transport = await router.createPlainTransport({ listenInfo, comedia: true });
	const rtpParameters = { codecs: [CODEC[kind]], encodings: [{ ssrc: 1 }] };
	const producer = await transport.produce({ kind, rtpParameters });
	const { payloadType } = CODEC[kind];
	const to = `udpsink host=127.0.0.1 port=${transport.tuple.localPort}`;
	await new Pipeline({ text: `${SOURCE[kind]} pt=${payloadType} ssrc=1 ! ${to}`, name: "source" }).started;
	return producer;
}

/** As one that is published: what it is made of is there already. */
function track(id: string, home: Home, producer: Producer, of?: RoomTrack): RoomTrack {
	const media = { kind: producer.kind, rtpParameters: { codecs: [CODEC[producer.kind]], encodings: [] } };
	const source = producer.kind === "audio" ? "audio" : "camera";
	const inlet = { home, transport: { produce: async () => producer } as never } as Inlet;
	const common = { participant: "p", layers: [], muted: false };
	return new RoomTrack({ id, media, source, ...common } as never, Promise.resolve(inlet), of);
}

interface Scene {
	home: Home;
	producers: readonly Producer[];
}

/** ms since it was asked. */
type Times = Record<string, number>;

async function record({ home, producers }: Scene): Promise<Times> {
	const dir = mkdtempSync(join(tmpdir(), "switchyard-bench-"));
	const config = { dir, store: "local" as const, minFreeBytes: 0 };
	// Nobody is there to be told.
	const recordings = new Recordings(config as never, { edge: "http://127.0.0.1:9", token: "" });
	const tracks = producers.map((producer, i) => track(`t${i}`, home, producer));
	const created = Promise.withResolvers<{ manifest: { tracks: { firstAt?: number }[] } }>();
	const { create } = recordings;
	recordings.create = async (manifest) => {
		const take = await create.call(recordings, manifest);
		created.resolve(take);
		return take;
	};
	const since = Date.now();
	const told = Promise.withResolvers<number>();
	const ended = Promise.withResolvers<void>();
	const command = {
		...{ type: "record", recording: "r", part: 1, epoch: 1, path: "r", container: "mkv", split: false },
		...{ tracks: tracks.map(({ id }) => id), effects: false },
	};
	const recorder = new Recorder("room", command as never, () => tracks, Promise.resolve(home), recordings, log, {
		onState: (state, error) => {
			if (state === "started") return told.resolve(Date.now() - since);
			if (error) told.reject(new Error(error.message));
			ended.resolve();
		},
	});
	const startedAfter = await told.promise;
	const [sound, picture] = (await created.promise).manifest.tracks.map(({ firstAt = Number.NaN }) => firstAt - since);
	recorder.stop();
	await ended.promise;
	await recordings.close();
	rmSync(dir, { recursive: true });
	return {
		"recording: first packet of sound": sound ?? Number.NaN,
		"recording: first packet of the picture": picture ?? Number.NaN,
		"recording: both are in their files": startedAfter,
	};
}

async function alter({ home, producers }: Scene): Promise<Times> {
	const tracks = producers.map((producer, i) => track(`t${i}`, home, producer));
	const settings = { participant: "p", latencyMs: 150, hardware: await hardware() };
	const since = Date.now();
	const running = await Running.start(tracks, WISH, settings);
	const started = Date.now() - since;
	const wet = new Map<RoomTrack, RoomTrack>();
	const first = await Promise.all(
		[...running.strands].map(async ([dry, { inlet }]) => {
			const altered = new RoomTrack(
				{ ...dry, id: `wet-${dry.id}`, media: inlet.media } as never,
				Promise.resolve(inlet),
			);
			wet.set(dry, altered);
			const producer = (await altered.ready) as Producer;
			const transport = await home.router.createDirectTransport();
			const { rtpCapabilities } = home.router;
			const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities });
			const came = once(consumer, "rtp").then(() => Date.now() - since);
			return { came, transport };
		}),
	);
	running.begin(wet);
	const [sound = Number.NaN, picture = Number.NaN] = await Promise.all(first.map(({ came }) => came));
	for (const { transport } of first) transport.close();
	running.close();
	await running.ended;
	return {
		"effects: the pipeline runs": started,
		"effects: first altered packet of sound": sound,
		"effects: first altered packet of the picture": picture,
	};
}

/** A process that is begun for it, up to where a pipeline could be. */
async function begin(): Promise<number> {
	const since = performance.now();
	spares.keep(1);
	spares.fill();
	while (spares.ready === 0) await sleep(LOOK_MS);
	return performance.now() - since;
}

export async function start(runs: number): Promise<Figures> {
	log.level = "silent";
	const worker = await createWorker({ logLevel: "none" });
	const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
	const scene = {
		home: { router } as Home,
		producers: [await source(router, "audio"), await source(router, "video")],
	};
	await hardware();
	await sleep(SETTLE_MS);
	const cold = new Map<string, number[]>();
	const warm = new Map<string, number[]>();
	const processes: number[] = [];
	const note = (into: Map<string, number[]>, times: Times) => {
		for (const [what, ms] of Object.entries(times)) into.set(what, [...(into.get(what) ?? []), ms]);
	};
	for (let run = 0; run < runs; run++) {
		for (const measure of [record, alter]) {
			spares.keep(0);
			await sleep(SETTLE_MS);
			note(cold, await measure(scene));
			await sleep(SETTLE_MS);
			processes.push(await begin());
			await sleep(SETTLE_MS);
			note(warm, await measure(scene));
		}
	}
	spares.keep(0);
	const show = (values: number[] | undefined) => showSpread(spread(values ?? []), 0);
	return {
		name: "start",
		what: "from being asked, ms",
		head: ["", "a process is begun for it", "one waits"],
		rows: [...cold].map(([what, times]) => [what, show(times), show(warm.get(what))]),
		notes: [`A process takes ${show(processes)} ms until it waits.`],
		bars: [],
		json: { cold: Object.fromEntries(cold), warm: Object.fromEntries(warm), processes },
	};
}
