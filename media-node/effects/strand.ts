/** One track on its way through a pipeline: out of mediasoup over SRTP on loopback, and back in altered. */
import { randomBytes, randomInt } from "node:crypto";
import type { Consumer, PlainTransport, Producer, RtpCapabilities, RtpCodecParameters } from "mediasoup/types";
import type { EffectsWish } from "../../shared/effects.ts";
import type { RtpParameters } from "../../shared/media.ts";
import type { Pipeline } from "../gst/pipeline.ts";
import { rtpParametersOut } from "../rtc/convert.ts";
import type { Home } from "../rtc/home.ts";
import type { Inlet } from "../rtc/tracks.ts";
import { VIDEO_BITRATE } from "./codecs.ts";
import type { Flow } from "./text.ts";

const SUITE = "AES_CM_128_HMAC_SHA1_80";
const KEY_BYTES = 30;

export class Strand {
	readonly flow: Flow;
	/** Where the altered track comes in. */
	readonly inlet: Inlet;
	readonly #transport: PlainTransport;
	readonly #consumer: Consumer;

	private constructor(home: Home, transport: PlainTransport, consumer: Consumer, flow: Flow, altered: RtpParameters) {
		this.flow = flow;
		this.#transport = transport;
		this.#consumer = consumer;
		this.inlet = { home, transport, media: { kind: flow.kind, rtpParameters: altered } };
	}

	static async open(
		name: string,
		{ producer, home }: { producer: Producer; home: Home },
		participant: string,
		wish: EffectsWish,
	): Promise<Strand> {
		const listen = { protocol: "udp", ip: "127.0.0.1" } as const;
		const transport = await home.router.createPlainTransport({
			listenInfo: listen,
			rtcpListenInfo: listen,
			rtcpMux: false,
			comedia: false,
			enableSrtp: true,
			srtpCryptoSuite: SUITE,
		});
		try {
			const { kind } = producer;
			const consumer = await transport.consume({
				producerId: producer.id,
				rtpCapabilities: capabilitiesFor(producer, home),
				paused: true,
			});
			const [codec] = consumer.rtpParameters.codecs;
			const ssrc = consumer.rtpParameters.encodings?.[0]?.ssrc;
			const theirs = transport.srtpParameters;
			const rtcp = transport.rtcpTuple?.localPort;
			if (!codec || ssrc === undefined || !theirs || rtcp === undefined)
				throw new Error("a transport without its parts");
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
				keys: {
					theirs: Buffer.from(theirs.keyBase64, "base64").toString("hex"),
					ours: randomBytes(KEY_BYTES).toString("hex"),
				},
				ports: { rtp: transport.tuple.localPort, rtcp },
			};
			return new Strand(home, transport, consumer, flow, altered);
		} catch (error) {
			transport.close();
			throw error;
		}
	}

	/** Both sides know each other. Nothing flows before `begin`. */
	async connect(pipeline: Pipeline): Promise<void> {
		const { name, keys } = this.flow;
		const [port, rtcpPort] = await Promise.all([
			pipeline.get(`${name}_rtp_in`, "port"),
			pipeline.get(`${name}_rtcp_in`, "port"),
		]);
		if (typeof port !== "number" || typeof rtcpPort !== "number") throw new Error("the pipeline ended");
		const keyBase64 = Buffer.from(keys.ours, "hex").toString("base64");
		const srtpParameters = { cryptoSuite: SUITE, keyBase64 } as const;
		await this.#transport.connect({ ip: "127.0.0.1", port, rtcpPort, srtpParameters });
	}

	async begin(): Promise<void> {
		await this.#consumer.resume();
	}

	/** Of the sender. */
	async requestKeyFrame(): Promise<void> {
		if (!this.#consumer.closed) await this.#consumer.requestKeyFrame();
	}

	close(): void {
		this.#transport.close();
	}
}

/** Its own codec and nothing around it: no retransmissions, no header extensions. */
function capabilitiesFor(producer: Producer, { router }: Home): RtpCapabilities {
	const mimeType = producer.rtpParameters.codecs[0]?.mimeType.toLowerCase();
	const codecs = (router.rtpCapabilities.codecs ?? []).filter((codec) => codec.mimeType.toLowerCase() === mimeType);
	return { codecs, headerExtensions: [] };
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
