/** GStreamer as an encoder that publishes over WHIP. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PUBLISHER = fileURLToPath(new URL("gstreamer-publisher.ts", import.meta.url));
const PICTURES = "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=15/1";

/**
 * Pipelines that make sound and pictures as RTP. The SSRCs are named, since the offer is made before there are packets:
 * nodes know streams by them.
 */
const SOUND =
	"audiotestsrc is-live=true wave=ticks ! audioconvert ! audioresample ! opusenc ! rtpopuspay pt=111 ssrc=1111 ! " +
	"application/x-rtp,media=audio,encoding-name=OPUS,payload=111,ssrc=(uint)1111 ! w.";
const VIDEO = {
	vp8:
		`${PICTURES} ! vp8enc deadline=1 keyframe-max-dist=30 ! rtpvp8pay pt=96 ssrc=2222 picture-id-mode=15-bit ! ` +
		"application/x-rtp,media=video,encoding-name=VP8,payload=96,ssrc=(uint)2222 ! w.",
	h264:
		`${PICTURES} ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 ! ` +
		"video/x-h264,profile=constrained-baseline ! rtph264pay pt=97 ssrc=2222 config-interval=-1 aggregate-mode=zero-latency ! " +
		"application/x-rtp,media=video,encoding-name=H264,payload=97,ssrc=(uint)2222,packetization-mode=(string)1 ! w.",
};

export class GstreamerPublisher {
	readonly #child: ChildProcess;
	readonly #said: string[] = [];
	readonly #ended: Promise<unknown>;

	constructor({ url, token }: { url: string; token: string }, video: keyof typeof VIDEO) {
		const args = [PUBLISHER, url, token, `${SOUND} ${VIDEO[video]}`];
		this.#child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.setEncoding("utf8").on("data", (text: string) => this.#said.push(text));
		}
		this.#ended = once(this.#child, "close");
	}

	/** For when a test fails. */
	get said(): string {
		return this.#said.join("");
	}

	/** Address of its session, once it has one. */
	get session(): string | undefined {
		return /^session (\S+)$/m.exec(this.said)?.[1];
	}

	/** It ends its session over HTTP. */
	stop(): Promise<void> {
		return this.#end("SIGTERM");
	}

	/** Without a word. */
	kill(): Promise<void> {
		return this.#end("SIGKILL");
	}

	async #end(signal: NodeJS.Signals): Promise<void> {
		if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
		await this.#ended;
	}
}
