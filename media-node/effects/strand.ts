/** One track on its way through a pipeline: out of mediasoup over SRTP on loopback, and back in altered. */
import { randomInt } from "node:crypto";
import type { Producer, RtpCodecParameters } from "mediasoup/types";
import type { EffectsWish } from "../../shared/effects.ts";
import type { RtpParameters } from "../../shared/media.ts";
import { hex, portOf, type Tap, tap } from "../gst/loopback.ts";
import type { Pipeline } from "../gst/pipeline.ts";
import { rtpParametersOut } from "../rtc/convert.ts";
import type { Home } from "../rtc/home.ts";
import type { Inlet } from "../rtc/tracks.ts";
import { VIDEO_BITRATE } from "./codecs.ts";
import type { Flow } from "./text.ts";

export class Strand {
	readonly flow: Flow;
	/** Where the altered track comes in. */
	readonly inlet: Inlet;
	readonly #way: Tap;

	private constructor(home: Home, way: Tap, flow: Flow, altered: RtpParameters) {
		this.flow = flow;
		this.#way = way;
		this.inlet = { home, transport: way.transport, media: { kind: flow.kind, rtpParameters: altered } };
	}

	static async open(
		name: string,
		{ producer, home }: { producer: Producer; home: Home },
		participant: string,
		wish: EffectsWish,
	): Promise<Strand> {
		const way = await tap(home.router, producer);
		try {
			const { kind } = producer;
			const { consumer, transport, workerKey, pipelineKey, rtcpPort } = way;
			const [codec] = consumer.rtpParameters.codecs;
			const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc;
			if (!codec || ssrc === undefined) throw new Error("a track without a codec or an SSRC");
			const altered = {
				...parametersOf(codec, wish[kind] !== undefined, wish, participant, kind),
				// It stays the stream that the sender or its dialect named.
				msid: producer.rtpParameters.msid,
			};
			const flow: Flow = {
				...{ name, kind, mimeType: codec.mimeType, clockRate: codec.clockRate, payloadType: codec.payloadType, ssrc },
				altered: {
					payloadType: altered.codecs[0]?.payloadType ?? 0,
					ssrc: altered.encodings?.[0]?.ssrc ?? 0,
				},
				keys: { theirs: hex(workerKey), ours: hex(pipelineKey) },
				ports: { rtp: transport.tuple.localPort, rtcp: rtcpPort },
			};
			return new Strand(home, way, flow, altered);
		} catch (error) {
			way.transport.close();
			throw error;
		}
	}

	/** Both sides know each other. Nothing flows before `begin`. */
	async connect(pipeline: Pipeline): Promise<void> {
		const { name } = this.flow;
		await this.#way.connect(await portOf(pipeline, `${name}_rtp_in`), await portOf(pipeline, `${name}_rtcp_in`));
	}

	async begin(): Promise<void> {
		await this.#way.consumer.resume();
	}

	/** Of the sender. */
	async requestKeyFrame(): Promise<void> {
		if (!this.#way.consumer.closed) await this.#way.consumer.requestKeyFrame();
	}

	close(): void {
		this.#way.transport.close();
	}
}

function parametersOf(
	own: RtpCodecParameters,
	isAltered: boolean,
	{ options }: EffectsWish,
	cname: string,
	kind: "audio" | "video",
): RtpParameters {
	const encodings = [{ ssrc: randomInt(1, 2 ** 31), ...(kind === "video" && { maxBitrate: VIDEO_BITRATE.most }) }];
	const codec = isAltered ? (kind === "audio" ? OPUS : VIDEO[options.codec]) : own;
	return rtpParametersOut({ codecs: [codec], encodings, rtcp: { cname } });
}

const OPUS: RtpCodecParameters = {
	...{ mimeType: "audio/opus", payloadType: 111, clockRate: 48_000, channels: 2 },
	parameters: { useinbandfec: 1, minptime: 10 },
};
const rtcpFeedback = [{ type: "nack", parameter: "pli" }];
const VIDEO: Record<"VP8" | "H264", RtpCodecParameters> = {
	VP8: { mimeType: "video/VP8", payloadType: 96, clockRate: 90_000, rtcpFeedback },
	H264: {
		...{ mimeType: "video/H264", payloadType: 108, clockRate: 90_000, rtcpFeedback },
		parameters: { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 },
	},
};
