/** The pipeline of one participant, as text: what arrives over SRTP, in at one side and out at the other. */
import type { EffectChain, EffectsWish } from "../../shared/effects.ts";
import type { StartSetting } from "../gst/messages.ts";
import type { PipelineSpec } from "../gst/pipeline.ts";
import { decoderOf, type Encoder, type Hardware, OPUS_ENCODER, PACKETS, type Packets, videoEncoder } from "./codecs.ts";

const MILLISECOND = 1_000_000;
/**
 * From in to out, where nothing is late: enough for what effects and codecs take, so that audio and video leave
 * together. What the jitter buffer waits for what is late is not in it: receivers have jitter buffers of their own.
 */
const THROUGH_MS = 80;
/** What waits longer is given up, so that a pipeline which cannot keep up falls behind no further. */
const LEAKY = `queue leaky=downstream max-size-buffers=0 max-size-bytes=0 max-size-time=${200 * MILLISECOND}`;

export interface Flow {
	/** Within its pipeline: what its elements' names begin with. */
	name: string;
	kind: "audio" | "video";
	mimeType: string;
	clockRate: number;
	/** As it arrives. */
	payloadType: number;
	ssrc: number;
	/** As it leaves. */
	altered: { payloadType: number; ssrc: number };
	/** Master key and salt, in hexadecimal digits: what mediasoup seals with, and what this side does. */
	keys: { theirs: string; ours: string };
	/** Ports of mediasoup's side. */
	ports: { rtp: number; rtcp: number };
}

export interface EffectsPipeline extends Omit<PipelineSpec, "name"> {
	/** Elements that are told of a control, by the name of the effect. */
	named: ReadonlyMap<string, readonly string[]>;
	/** Of video that is encoded, by the name of its flow. */
	encoders: ReadonlyMap<string, Encoder>;
}

/** Of a flow's encoder, where it has one. */
export function encoderOf({ name }: Pick<Flow, "name">): string {
	return `${name}_encoder`;
}

/** @param latencyMs how long the jitter buffer waits for what is late */
export function effectsPipeline(
	flows: readonly Flow[],
	wish: EffectsWish,
	{ latencyMs, hardware }: { latencyMs: number; hardware: Hardware },
): EffectsPipeline {
	const settings: StartSetting[] = [];
	const sockets: { of: string; also: string }[] = [];
	const named = new Map<string, string[]>();
	const encoders = new Map<string, Encoder>();
	// Each by when it came, as mediasoup tells it to receivers: by sender reports, which are rtpbin's way, the picture of one
	// start in three was a quarter of a second behind the sound for good.
	const parts = [`rtpbin name=rtp rtcp-sync=rtp-info rtp-profile=avpf latency=${latencyMs}`];
	for (const [session, flow] of flows.entries()) {
		const chain = wish[flow.kind];
		const effects = chain && elementsOf(flow, chain);
		if (effects) {
			settings.push(...effects.settings);
			for (const [name, elements] of effects.named) named.set(name, [...(named.get(name) ?? []), ...elements]);
		}
		const packets = packetsOf(flow.mimeType);
		let process: string;
		if (!effects) process = unaltered(packets);
		else if (flow.kind === "audio") process = audio(packets, effects.text);
		else {
			const encoder = videoEncoder(wish.options, hardware, encoderOf(flow));
			encoders.set(flow.name, encoder);
			process = video(packets, effects.text, encoder, wish, hardware);
		}
		parts.push(...transport(flow, session, process, packets));
		for (const what of ["rtp", "rtcp"]) {
			sockets.push({ of: `${flow.name}_${what}_in`, also: `${flow.name}_${what}_out` });
		}
	}
	return { text: parts.join(" "), settings, sockets, latencyMs: THROUGH_MS, named, encoders };
}

/** Throws for a codec that effects cannot be put into the way of. */
export function packetsOf(mimeType: string): Packets {
	const packets = PACKETS[mimeType.toLowerCase()];
	if (!packets) throw new TypeError(`no effects on ${mimeType}`);
	return packets;
}

/** The chain with what converts between its elements, whose properties are set apart from the text. */
function elementsOf({ name: flow, kind }: Flow, chain: EffectChain) {
	const settings: StartSetting[] = [];
	const named = new Map<string, string[]>();
	const text = chain.map(({ element, name, properties, controlled = {} }, i) => {
		const own = `${flow}_effect_${i}`;
		for (const [property, value] of Object.entries(properties)) settings.push({ element: own, property, value });
		for (const [property, value] of Object.entries(controlled)) {
			settings.push({ element: own, property, value, optional: true });
		}
		if (name !== undefined) named.set(name, [...(named.get(name) ?? []), own]);
		return `${element} name=${own} ! ${kind}convert ! `;
	});
	return { text: text.join(""), settings, named };
}

function unaltered({ depay, parse, pay }: Packets): string {
	return [depay, ...(parse ? [parse] : []), pay].join(" ! ");
}

function audio({ depay, decode }: Packets, effects: string): string {
	return (
		`${depay} ! ${LEAKY} ! ${decode} ! audioconvert ! audioresample ! audio/x-raw,channels=1,rate=48000 ! ` +
		`audioconvert ! ${effects}audioresample ! audio/x-raw,channels=1,rate=48000 ! ` +
		`${OPUS_ENCODER.text} ! ${PACKETS["audio/opus"]?.pay}`
	);
}

function video(
	packets: Packets,
	effects: string,
	encoder: Encoder,
	{ options }: EffectsWish,
	hardware: Hardware,
): string {
	const { framerate, overlay, codec } = options;
	const rate = framerate === undefined ? "" : `videorate ! video/x-raw,framerate=${framerate}/1 ! `;
	const time = overlay ? "timeoverlay time-mode=stream-time ! " : "";
	return (
		`${packets.depay} ! ${decoderOf(packets, options, hardware)} ! ${LEAKY} ! videoconvert ! ` +
		`video/x-raw,format=I420,pixel-aspect-ratio=1/1 ! ${rate}videoconvert ! ${effects}${time}videoconvert ! ` +
		`video/x-raw,format=I420 ! ${LEAKY} ! ${encoder.text} ! ${PACKETS[`video/${codec.toLowerCase()}`]?.pay}`
	);
}

/**
 * The way in and out. What goes out is timed by the pipeline's clock, which keeps audio and video together: mediasoup
 * tells receivers when a packet passed through it, and not what its sender said of that.
 */
function transport(flow: Flow, session: number, process: string, { encoding }: Packets): string[] {
	const { name: own, kind, clockRate, payloadType, ssrc, altered, keys, ports } = flow;
	const sealed =
		`ssrc=(uint)${ssrc},srtp-key=(buffer)${keys.theirs},srtp-cipher=(string)aes-128-icm,` +
		"srtp-auth=(string)hmac-sha1-80,srtcp-cipher=(string)aes-128-icm,srtcp-auth=(string)hmac-sha1-80";
	const caps =
		`application/x-srtp,media=(string)${kind},encoding-name=(string)${encoding},clock-rate=(int)${clockRate},` +
		`payload=(int)${payloadType},${kind === "video" ? "rtcp-fb-nack-pli=(boolean)true," : ""}${sealed}`;
	const out = "host=127.0.0.1 async=false close-socket=false processing-deadline=0";
	return [
		`udpsrc name=${own}_rtp_in address=127.0.0.1 port=0 buffer-size=1000000 caps="${caps}" ! ${own}_open.rtp_sink`,
		`udpsrc name=${own}_rtcp_in address=127.0.0.1 port=0 caps="application/x-srtcp,${sealed}" ! ${own}_open.rtcp_sink`,
		`srtpdec name=${own}_open srtpenc name=${own}_seal key=${keys.ours}`,
		`${own}_open.rtp_src ! rtp.recv_rtp_sink_${session}`,
		`${own}_open.rtcp_src ! rtp.recv_rtcp_sink_${session}`,
		// Its session would rather send another SSRC.
		`rtp.recv_rtp_src_${session}_${ssrc}_${payloadType} ! ${process} pt=${altered.payloadType} ssrc=${altered.ssrc} ` +
			`! application/x-rtp,ssrc=(uint)${altered.ssrc} ! rtp.send_rtp_sink_${session}`,
		`rtp.send_rtp_src_${session} ! ${own}_seal.rtp_sink_0`,
		`${own}_seal.rtp_src_0 ! udpsink name=${own}_rtp_out ${out} port=${ports.rtp}`,
		`rtp.send_rtcp_src_${session} ! ${own}_seal.rtcp_sink_0`,
		`${own}_seal.rtcp_src_0 ! udpsink name=${own}_rtcp_out ${out} sync=false port=${ports.rtcp}`,
	];
}
