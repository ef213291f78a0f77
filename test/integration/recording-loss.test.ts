/** A recorder that is not sent everything: real mediasoup, real GStreamer, and a way between them and the sender that loses packets. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createWorker } from "mediasoup";
import type {
	PlainTransport,
	Producer,
	Router,
	RouterRtpCodecCapability,
	RtpParameters,
	Worker,
} from "mediasoup/types";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Pipeline } from "../../media-node/gst/pipeline.ts";
import { Writer } from "../../media-node/recording/writer.ts";
import type { Home } from "../../media-node/rtc/home.ts";
import { cachedMediasoupWorker } from "../../scripts/setup/mediasoup-worker.mjs";
import { ROUTER_CODECS } from "../../shared/codecs.ts";
import { complaints, frames, look } from "../support/media-file.ts";

const FRAMERATE = 30;

const codec = { h264: "H264", vp8: "VP8" } as const;
const encoders = {
	vp8: `vp8enc deadline=1 keyframe-max-dist=${FRAMERATE} ! rtpvp8pay picture-id-mode=15-bit`,
	h264: `x264enc tune=zerolatency speed-preset=ultrafast key-int-max=${FRAMERATE} ! video/x-h264,profile=constrained-baseline ! rtph264pay`,
};

let worker: Worker;
let router: Router;
const dir = mkdtempSync(join(tmpdir(), "switchyard-loss-"));

beforeAll(async () => {
	process.env.MEDIASOUP_WORKER_BIN ??= cachedMediasoupWorker();
	worker = await createWorker({ logLevel: "warn" });
	router = await worker.createRouter({ mediaCodecs: [...ROUTER_CODECS] as RouterRtpCodecCapability[] });
});
afterAll(() => {
	worker.close();
	rmSync(dir, { recursive: true, force: true });
});

/** Passes on what it gets, but for every so manieth packet. */
async function lossy(to: PlainTransport, every: number): Promise<{ port: number; lost: () => number }> {
	const socket = createSocket("udp4");
	onTestFinished(() => void socket.close());
	socket.bind(0, "127.0.0.1");
	await once(socket, "listening");
	let count = 0;
	socket.on("message", (packet) => {
		if (++count % every !== 0) socket.send(packet, to.tuple.localPort, "127.0.0.1");
	});
	return { port: socket.address().port, lost: () => Math.floor(count / every) };
}

async function inlet(kind: "audio" | "video", parameters: RtpParameters): Promise<[PlainTransport, Producer]> {
	const listenInfo = { protocol: "udp" as const, ip: "127.0.0.1" };
	const transport = await router.createPlainTransport({ listenInfo, comedia: true });
	onTestFinished(() => transport.close());
	return [transport, await transport.produce({ kind, rtpParameters: parameters })];
}

describe("a recording that packets are missing of", () => {
	for (const name of ["vp8", "h264"] as const) {
		it(`in ${name} has whole frames only, and all the time`, async () => {
			const profile = { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 };
			const [sound, audio] = await inlet("audio", {
				codecs: [{ mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 }],
				encodings: [{ ssrc: 1_111 }],
			});
			const [picture, video] = await inlet("video", {
				codecs: [
					{
						mimeType: `video/${codec[name]}`,
						payloadType: 96,
						clockRate: 90_000,
						parameters: name === "h264" ? profile : {},
					},
				],
				encodings: [{ ssrc: 2_222 }],
			});
			const ways = [await lossy(sound, 50), await lossy(picture, 50)] as const;
			const sender = new Pipeline({
				name: "sender",
				text: [
					`audiotestsrc is-live=true ! audioconvert ! opusenc ! rtpopuspay ssrc=1111 pt=111 ! udpsink host=127.0.0.1 port=${ways[0].port}`,
					`videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=${FRAMERATE}/1`,
					`! ${encoders[name]} ssrc=2222 pt=96 ! udpsink host=127.0.0.1 port=${ways[1].port}`,
				].join(" "),
			});
			onTestFinished(() => sender.kill());
			await sender.started;
			const files = { audio: join(dir, `${name}-a.mkv`), video: join(dir, `${name}-v.mkv`) };
			const sources = [audio, video].map((producer) => ({ producer, file: files[producer.kind] }));
			const writer = await Writer.open({ router } as Home, sources, "loss");
			onTestFinished(() => writer.stop());
			await writer.flowing();
			const from = Date.now();
			await delay(8_000);
			writer.stop();
			const lasted = Date.now() - from;
			expect(await writer.ended).toEqual({ cause: "finished" });
			sender.kill();
			expect(ways[1].lost()).toBeGreaterThan(5);
			for (const file of Object.values(files)) {
				expect(await complaints(file)).toBe("");
				// The last packets may be the lost ones, and what follows them waits for a key frame.
				expect((await look(file)).durationMs).toBeGreaterThan(lasted - 1_200);
			}
			const shown = await frames(files.video);
			expect(shown.length).toBeGreaterThan(FRAMERATE);
			// What is lost is made good by the next key frame, which is asked for.
			for (const [i, { at }] of shown.entries()) expect(at - (shown[i - 1]?.at ?? at)).toBeLessThan(2.5);
			expect(shown.length).toBeLessThan((FRAMERATE * lasted) / 1_000 + 2 * FRAMERATE);
		});
	}
});
