/** Of each codec: how it is taken out of RTP, decoded, encoded and put back, as texts of GStreamer elements. */
import type { EffectOptions } from "../../shared/effects.ts";
import type { Setting } from "../gst/messages.ts";

/** What an encoder of video begins with, and the bounds that it is held within, bit/s. */
export const VIDEO_BITRATE = { first: 800_000, least: 150_000, most: 1_800_000 };
const AUDIO_BITRATE = 64_000;
/** Between key frames that are asked for, ns. */
const KEY_UNIT_NS = 500_000_000;
const MTU = 1_200;

export interface Packets {
	/** As caps name it. */
	encoding: string;
	depay: string;
	/** Between taking it out of RTP and putting it back unaltered. */
	parse?: string;
	decode: string;
	pay: string;
}

/** By mimeType, in lower case. What is missing cannot be altered. */
export const PACKETS: Readonly<Record<string, Packets>> = {
	"audio/opus": {
		encoding: "OPUS",
		depay: "rtpopusdepay",
		// Its forward error correction would hold everything back by 120 ms.
		decode: "opusdec plc=true",
		pay: `rtpopuspay mtu=${MTU}`,
	},
	"audio/pcmu": { encoding: "PCMU", depay: "rtppcmudepay", decode: "mulawdec", pay: `rtppcmupay mtu=${MTU}` },
	"audio/pcma": { encoding: "PCMA", depay: "rtppcmadepay", decode: "alawdec", pay: `rtppcmapay mtu=${MTU}` },
	"video/vp8": {
		encoding: "VP8",
		depay: "rtpvp8depay request-keyframe=true wait-for-keyframe=true",
		decode: `vp8dec threads=1 discard-corrupted-frames=true min-force-key-unit-interval=${KEY_UNIT_NS}`,
		pay: `rtpvp8pay picture-id-mode=15-bit mtu=${MTU}`,
	},
	"video/vp9": {
		encoding: "VP9",
		depay: "rtpvp9depay request-keyframe=true wait-for-keyframe=true",
		parse: "vp9parse",
		decode: `vp9dec threads=1 discard-corrupted-frames=true min-force-key-unit-interval=${KEY_UNIT_NS}`,
		pay: `rtpvp9pay picture-id-mode=15-bit mtu=${MTU}`,
	},
	"video/h264": {
		encoding: "H264",
		depay: "rtph264depay request-keyframe=true wait-for-keyframe=true",
		parse: "h264parse config-interval=-1",
		decode: `h264parse ! avdec_h264 max-threads=1 discard-corrupted-frames=true min-force-key-unit-interval=${KEY_UNIT_NS}`,
		pay: `rtph264pay aggregate-mode=zero-latency config-interval=-1 mtu=${MTU}`,
	},
};

/** Pipelines can take it out of its packets and decode it, for whatever they do with it. */
export function isDecodable(mimeType: string | undefined): boolean {
	return mimeType !== undefined && mimeType.toLowerCase() in PACKETS;
}

export interface Encoder {
	text: string;
	/** Sets its bit rate, where that can be set while it runs. */
	bitrate?: (bitsPerSecond: number) => Omit<Setting, "element">;
}

export const OPUS_ENCODER: Encoder = {
	text: `opusenc bitrate=${AUDIO_BITRATE} audio-type=voice bitrate-type=vbr perfect-timestamp=false`,
};

const kilobits = (property: string) => (bitrate: number) => ({ property, value: Math.round(bitrate / 1_000) });

/** Elements of graphics cards that are looked for. */
export const HARDWARE = ["nvh264enc", "vah264enc", "vah264lpenc", "nvh264dec"] as const;
export type Hardware = ReadonlySet<string>;

/** @param name of its element, by which it is told of bit rates and key frames */
export function videoEncoder(
	{ codec, hardware: wanted }: EffectOptions,
	hardware: Hardware,
	name = "video_encoder",
): Encoder {
	if (codec === "VP8") {
		return {
			text:
				`vp8enc deadline=1 cpu-used=8 threads=1 end-usage=cbr lag-in-frames=0 undershoot=95 max-quantizer=56 ` +
				`keyframe-max-dist=999999 static-threshold=1 min-force-key-unit-interval=${KEY_UNIT_NS} ` +
				`target-bitrate=${VIDEO_BITRATE.first} name=${name}`,
			bitrate: (bitrate) => ({ property: "target-bitrate", value: bitrate }),
		};
	}
	const first = VIDEO_BITRATE.first / 1_000;
	const common = `name=${name} bitrate=${first} min-force-key-unit-interval=${KEY_UNIT_NS}`;
	const profile = "! video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1";
	if (wanted && hardware.has("nvh264enc")) {
		const settings = "preset=low-latency-hp rc-mode=cbr-ld-hq zerolatency=true rc-lookahead=0 gop-size=256";
		return { text: `nvh264enc ${settings} ${common} ${profile}`, bitrate: kilobits("bitrate") };
	}
	const va = wanted ? ["vah264enc", "vah264lpenc"].find((name) => hardware.has(name)) : undefined;
	if (va) {
		const settings = "rate-control=cbr b-frames=0 ref-frames=1 key-int-max=256";
		return { text: `${va} ${settings} ${common} ${profile}`, bitrate: kilobits("bitrate") };
	}
	return {
		text:
			`x264enc speed-preset=ultrafast tune=zerolatency threads=1 sliced-threads=false bframes=0 b-adapt=false ` +
			`key-int-max=256 vbv-buf-capacity=120 ${common} ${profile}`,
		bitrate: kilobits("bitrate"),
	};
}

export function decoderOf(
	{ decode, encoding }: Packets,
	{ hardware: wanted }: EffectOptions,
	hardware: Hardware,
): string {
	return encoding === "H264" && wanted && hardware.has("nvh264dec") ? "h264parse ! nvh264dec" : decode;
}
