/**
 * What a participant's effects cost: pipelines of 640 × 480 at 25 frames/s, each in a process of its own pinned to one
 * core with the others, between real mediasoup transports. Of each thread of a pipeline its CPU time, which says where
 * it goes.
 */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { createWorker } from "mediasoup";
import type { Producer, Router, RouterRtpCodecCapability, RtpCodecParameters } from "mediasoup/types";
import { hardware } from "../media-node/effects/available.ts";
import { Running } from "../media-node/effects/running.ts";
import { Pipeline } from "../media-node/gst/pipeline.ts";
import { log } from "../media-node/observability/logger.ts";
import type { Home } from "../media-node/rtc/home.ts";
import { RoomTrack } from "../media-node/rtc/tracks.ts";
import { ROUTER_CODECS } from "../shared/codecs.ts";
import type { EffectsWish } from "../shared/effects.ts";
import { type Figures, showSpread, spread } from "./lib/figures.ts";
import { cpuMs, pin } from "./lib/process.ts";

const FRAMES = 25;
const MEASURE_MS = 8_000;
const SETTLE_MS = 3_000;
/** The core that pipelines have; sources have the rest. */
const CORE = 0;
const MOST = 4;

type Codec = "VP8" | "H264";
const CODEC: Record<Codec, RtpCodecParameters> = {
	VP8: { mimeType: "video/VP8", payloadType: 96, clockRate: 90_000 },
	H264: {
		...{ mimeType: "video/H264", payloadType: 108, clockRate: 90_000 },
		parameters: { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 },
	},
};
const SOURCE: Record<Codec, string> = {
	VP8: "vp8enc deadline=1 cpu-used=8 target-bitrate=800000 keyframe-max-dist=25 ! rtpvp8pay",
	H264:
		"x264enc tune=zerolatency speed-preset=ultrafast bitrate=800 key-int-max=25 ! " +
		"video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1",
};

/** Sends what a camera would into a producer. */
async function source(router: Router, codec: Codec): Promise<{ producer: Producer; pipeline: Pipeline }> {
	const listenInfo = { protocol: "udp", ip: "127.0.0.1" } as const;
	const transport = await router.createPlainTransport({ listenInfo, comedia: true });
	const producer = await transport.produce({
		kind: "video",
		rtpParameters: { codecs: [CODEC[codec]], encodings: [{ ssrc: 1 }] },
	});
	const text =
		"videotestsrc is-live=true pattern=smpte horizontal-speed=3 ! " +
		`video/x-raw,format=I420,width=640,height=480,framerate=${FRAMES}/1 ! ${SOURCE[codec]} ssrc=1 ` +
		`pt=${CODEC[codec].payloadType} ! udpsink host=127.0.0.1 port=${transport.tuple.localPort}`;
	const pipeline = new Pipeline({ text, name: "source" });
	await pipeline.started;
	pin(pipeline.pid ?? 0, 1);
	return { producer, pipeline };
}

/** CPU time of a process by what its threads do, ms. */
function threadsOf(pid: number): Map<string, number> {
	const all = new Map<string, number>();
	for (const thread of readdirSync(`/proc/${pid}/task`)) {
		const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
		const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
		const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
		// Ticks of 10 ms.
		all.set(name, (all.get(name) ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10);
	}
	return all;
}

/** Frames that leave, by the markers of their last packets (RFC 7741, RFC 6184). */
async function countFrames(router: Router, producer: Producer): Promise<() => number> {
	const transport = await router.createDirectTransport();
	const { rtpCapabilities } = router;
	const consumer = await transport.consume({ producerId: producer.id, rtpCapabilities });
	let frames = 0;
	consumer.on("rtp", (packet) => {
		if ((packet[1] ?? 0) & 0x80) frames++;
	});
	return () => frames;
}

interface Measured {
	/** CPU per frame of each pipeline, ms. */
	cpu: number;
	/** Frames that leave, of those that are sent. */
	kept: number;
	/** CPU per frame by thread of one of them, ms. */
	threads: Record<string, number>;
}

async function measure(codec: Codec, count: number): Promise<Measured> {
	const worker = await createWorker({ logLevel: "none" });
	pin(worker.pid, 1);
	const router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
	const sent = await source(router, codec);
	const framesSent = await countFrames(router, sent.producer);
	const home = { router } as Home;
	const wish: EffectsWish = {
		video: [{ element: "coloreffects", properties: { preset: "sepia" } }],
		options: { codec, overlay: false, hardware: false },
	};
	const all = await Promise.all(
		Array.from({ length: count }, async (_, i) => {
			const media = { kind: "video" as const, rtpParameters: { codecs: [], encodings: [] } };
			const common = { participant: `p${i}`, source: "camera" as const, layers: [], muted: false };
			// What is published is there already; what comes of it is made as a node makes it.
			const inlet = Promise.resolve({ home, transport: { produce: async () => sent.producer } as never });
			const dry = new RoomTrack({ id: `v${i}`, media, ...common }, inlet);
			const settings = { participant: `p${i}`, latencyMs: 150, hardware: await hardware() };
			const running = await Running.start([dry], wish, settings);
			const strand = running.strands.get(dry);
			if (!strand) throw new Error("no strand");
			const wet = new RoomTrack({ id: `w${i}`, media, ...common }, Promise.resolve(strand.inlet), dry);
			running.begin(new Map([[dry, wet]]));
			const { pid = 0 } = running.pipeline;
			pin(pid, CORE);
			return { running, pid, frames: await countFrames(router, (await wet.ready) as Producer) };
		}),
	);
	await sleep(SETTLE_MS);
	const before = all.map(({ pid, frames }) => ({ cpu: cpuMs(pid), frames: frames(), threads: threadsOf(pid) }));
	const sentBefore = framesSent();
	await sleep(MEASURE_MS);
	const sentFrames = framesSent() - sentBefore;
	const each = all.map(({ pid, frames }, i) => ({
		cpu: cpuMs(pid) - (before[i]?.cpu ?? 0),
		frames: frames() - (before[i]?.frames ?? 0),
	}));
	const [first] = all;
	const threads: Record<string, number> = {};
	for (const [name, ms] of first ? threadsOf(first.pid) : []) {
		threads[name] = (ms - (before[0]?.threads.get(name) ?? 0)) / (each[0]?.frames ?? 1);
	}
	for (const { running } of all) running.close();
	sent.pipeline.kill();
	worker.close();
	const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
	const frames = sum(each.map((it) => it.frames));
	return { cpu: sum(each.map((it) => it.cpu)) / frames, kept: frames / count / sentFrames, threads };
}

/** By CPU time: what other work on the machine takes is not counted. */
const fitting = ({ cpu }: Measured) => 1_000 / (cpu * FRAMES);

export async function effects(runs: number): Promise<Figures> {
	log.level = "silent";
	const measured: { codec: Codec; count: number; of: Measured[] }[] = [];
	for (const codec of ["VP8", "H264"] as const) {
		for (const count of [1, MOST]) measured.push({ codec, count, of: [] });
	}
	for (let run = 0; run < runs; run++) {
		for (const { codec, count, of } of measured) of.push(await measure(codec, count));
	}
	const profile = measured
		.filter(({ count }) => count === 1)
		.map(({ codec, of }) => {
			const threads = Object.entries(of.at(-1)?.threads ?? {}).toSorted(([, a], [, b]) => b - a);
			const told = threads.filter(([, ms]) => ms >= 0.05).map(([name, ms]) => `${name} ${ms.toFixed(2)}`);
			return `${codec}, CPU ms per frame by thread: ${told.join(", ")}`;
		});
	return {
		name: "effects",
		what: `coloreffects on 640 × 480 at ${FRAMES} frames/s, pipelines pinned to one core together`,
		head: ["codec", "pipelines", "CPU ms/frame", "frames kept", "fit a core"],
		rows: measured.map(({ codec, count, of }) => [
			codec,
			String(count),
			showSpread(spread(of.map(({ cpu }) => cpu))),
			showSpread(spread(of.map(({ kept }) => kept))),
			showSpread(spread(of.map(fitting)), 1),
		]),
		notes: profile,
		json: measured,
		bars: measured
			.filter(({ count }) => count === MOST)
			.map(({ codec, of }) => {
				const value = spread(of.map(fitting)).median;
				return {
					bar: `at least ${MOST} pipelines (${codec}) fit a core, by their CPU time`,
					value,
					held: value >= MOST,
				};
			}),
	};
}
