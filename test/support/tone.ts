/** A tone on its way into a router, and what is heard of a track there: over plain RTP, by processes of FFmpeg. */
import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PlainTransport, Producer, Router } from "mediasoup/types";
import { freePort, plainCapabilities } from "../../media-node/gst/loopback.ts";

const ADDRESS = "127.0.0.1";
/** It listens at so many samples a second, for so many seconds, and not to what comes first. */
const RATE = 8_000;
const SECONDS = 1.5;
const HEARD = RATE;
const PATIENCE_MS = 20_000;

/** Where a tone comes in, as Opus of this SSRC; it ends with the transport. */
export async function tone(router: Router, hertz: number, ssrc: number): Promise<PlainTransport> {
	const listenInfo = { protocol: "udp", ip: ADDRESS } as const;
	const transport = await router.createPlainTransport({ listenInfo, comedia: true, rtcpMux: false });
	const to = `rtp://${ADDRESS}:${transport.tuple.localPort}?rtcpport=${transport.rtcpTuple?.localPort}`;
	const source = ["-re", "-f", "lavfi", "-i", `sine=frequency=${hertz}:sample_rate=48000`];
	const codec = ["-ac", "2", "-c:a", "libopus", "-payload_type", "111", "-ssrc", String(ssrc)];
	const sender = spawn("ffmpeg", ["-v", "error", ...source, ...codec, "-f", "rtp", to], { stdio: "ignore" });
	transport.observer.once("close", () => sender.kill());
	return transport;
}

/** The loudest tone of what comes from there, to the next 10 Hz. */
export async function heard(router: Router, producer: Producer): Promise<number> {
	const dir = await mkdtemp(join(tmpdir(), "switchyard-heard-"));
	const transport = await router.createPlainTransport({ listenInfo: { protocol: "udp", ip: ADDRESS } });
	try {
		const rtpCapabilities = plainCapabilities(router.rtpCapabilities);
		const { rtpParameters } = await transport.consume({ producerId: producer.id, rtpCapabilities });
		const [codec] = rtpParameters.codecs;
		const port = await freePort();
		const sdp = join(dir, "heard.sdp");
		await writeFile(sdp, describe(port, codec?.payloadType ?? 0));
		await transport.connect({ ip: ADDRESS, port });
		const input = ["-protocol_whitelist", "file,udp,rtp", "-analyzeduration", "0", "-i", sdp];
		const output = ["-t", String(SECONDS), "-ac", "1", "-ar", String(RATE), "-f", "f32le", "-"];
		const { stdout } = await promisify(execFile)("ffmpeg", ["-v", "error", ...input, ...output], {
			...{ encoding: "buffer", timeout: PATIENCE_MS },
		});
		return loudest(new Float32Array(new Uint8Array(stdout).buffer).slice(-HEARD));
	} finally {
		transport.close();
		await rm(dir, { recursive: true });
	}
}

function describe(port: number, payloadType: number): string {
	return [
		...["v=0", `o=- 0 0 IN IP4 ${ADDRESS}`, "s=-", `c=IN IP4 ${ADDRESS}`, "t=0 0"],
		...[`m=audio ${port} RTP/AVP ${payloadType}`, `a=rtpmap:${payloadType} opus/48000/2`, ""],
	].join("\r\n");
}

function loudest(samples: Float32Array): number {
	let most = { hertz: 0, power: 0 };
	for (let hertz = 100; hertz < 2_000; hertz += 10) {
		let [re, im] = [0, 0];
		for (const [at, sample] of samples.entries()) {
			const angle = (2 * Math.PI * hertz * at) / RATE;
			re += sample * Math.cos(angle);
			im += sample * Math.sin(angle);
		}
		const power = re * re + im * im;
		if (power > most.power) most = { hertz, power };
	}
	return most.hertz;
}
