/** The pipeline that makes one picture and one sound of many tracks, for one receiver. */
import type { RtpParameters } from "mediasoup/types";
import type { Size } from "../../shared/media.ts";
import { type Encoder, OPUS_ENCODER, PACKETS } from "../effects/codecs.ts";
import { hex } from "../gst/loopback.ts";
import { SILENCES } from "../gst/mixers.ts";
import type { Tile } from "./layout.ts";

export type VideoCodec = "VP8" | "H264";

/** How long a packet is waited for that came late, ms. */
const JITTER_MS = 100;
/** What the system lets a socket hold at most, bytes; key frames come in bursts. */
const SOCKET_BYTES = 1_048_576;
/** How long a mixer waits for those that are behind, ns. */
const GATHER_NS = 150_000_000;
/** What waits longer is given up, so that a mix that cannot keep up falls behind no further. */
const LEAKY = "queue leaky=downstream max-size-buffers=0 max-size-bytes=0 max-size-time=200000000";
const CIPHER = "aes-128-icm";
const AUTHENTICATION = "hmac-sha1-80";
export const FRAME_RATE = 20;

/** A track on its way into the mix. */
export interface MixInput {
	kind: "audio" | "video";
	/** Of its consumer. */
	rtpParameters: RtpParameters;
	/** Master key and salt of what comes, and of the reports that go back; base64, 30 bytes. */
	incomingKey: string;
	outgoingKey: string;
	/** Where reports go to. */
	rtcpPort: number;
	/** Of a picture. */
	tile?: Tile;
}

/** The mix on its way to the node. */
export interface MixOutput {
	kind: "audio" | "video";
	ssrc: number;
	payloadType: number;
	/** Master key and salt of what is sent, and of the reports that come. */
	outgoingKey: string;
	incomingKey: string;
	/** From and to which port it goes. */
	fromPort: number;
	port: number;
	/** Of a picture. */
	codec?: VideoCodec;
	encoder?: Encoder;
	size?: Size;
}

/**
 * Ports that it has bound are properties `port` of `rtp0`, `rtcp0`, `rtp1` … for what comes in, and of `rtcpaudio` and
 * `rtcpvideo` for reports about what goes out.
 */
export function mixText(inputs: readonly MixInput[], outputs: readonly MixOutput[]): string {
	return [
		`rtpbin name=bin latency=${JITTER_MS} rtp-profile=avpf drop-on-latency=true`,
		...outputs.map((output, i) => outputText(output, inputs, inputs.length + i)),
		...inputs.map(inputText),
	].join(" ");
}

function inputText({ kind, rtpParameters, incomingKey, outgoingKey, rtcpPort, tile }: MixInput, i: number): string {
	const [codec] = rtpParameters.codecs.filter(({ mimeType }) => !/\/rtx$/i.test(mimeType));
	const ssrc = rtpParameters.encodings?.[0]?.ssrc;
	const packets = PACKETS[codec?.mimeType.toLowerCase() ?? ""];
	if (!codec || !packets || ssrc === undefined) throw new Error(`${codec?.mimeType} cannot be mixed`);
	const { payloadType, clockRate } = codec;
	const keys = keysOf(incomingKey, ssrc);
	const feedback = kind === "video" ? ",rtcp-fb-nack-pli=(boolean)true" : "";
	const rtp = `media=(string)${kind},encoding-name=(string)${packets.encoding},payload=(int)${payloadType},clock-rate=(int)${clockRate}${feedback}`;
	const source = `udpsrc address=127.0.0.1 port=0 reuse=false buffer-size=${SOCKET_BYTES}`;
	return [
		`${source} name=rtp${i} caps="application/x-srtp,${rtp},${keys}" ! dec${i}.rtp_sink`,
		`${source} name=rtcp${i} caps="application/x-srtcp,${keys}" ! dec${i}.rtcp_sink`,
		`srtpdec name=dec${i}`,
		`dec${i}.rtp_src ! bin.recv_rtp_sink_${i}`,
		`dec${i}.rtcp_src ! bin.recv_rtcp_sink_${i}`,
		`${protector(`enc${i}`, outgoingKey)}`,
		`bin.send_rtcp_src_${i} ! enc${i}.rtcp_sink_${i}`,
		`enc${i}.rtcp_src_${i} ! udpsink host=127.0.0.1 port=${rtcpPort} sync=false async=false`,
		`bin. ! application/x-rtp,ssrc=(uint)${ssrc} ! ${packets.depay} ! ${packets.decode} !`,
		kind === "audio"
			? `audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! ${LEAKY} ! sound.`
			: `videoconvert ! videoscale add-borders=true ! video/x-raw,format=I420,width=${tile?.width},height=${tile?.height},pixel-aspect-ratio=1/1 ! ${LEAKY} ! picture.${padOf(i)}`,
	].join(" ");
}

function padOf(i: number): string {
	return `sink_${i}`;
}

function outputText(output: MixOutput, inputs: readonly MixInput[], session: number): string {
	const { kind, ssrc, payloadType, outgoingKey, incomingKey, fromPort, port } = output;
	const [mixer, encoder] = kind === "audio" ? audio() : video(output, inputs);
	return [
		`${mixer} ! ${encoder} ssrc=${ssrc} pt=${payloadType} ! bin.send_rtp_sink_${session}`,
		protector(`out${kind}`, outgoingKey),
		`bin.send_rtp_src_${session} ! out${kind}.rtp_sink_${session}`,
		`out${kind}.rtp_src_${session} ! udpsink host=127.0.0.1 port=${port} bind-address=127.0.0.1 bind-port=${fromPort} async=false`,
		// Where mediasoup asks for a key frame it takes the stream's own SSRC as the sender's. Its other reports are not needed.
		`udpsrc address=127.0.0.1 port=0 reuse=false name=rtcp${kind} caps="application/x-srtcp,${keysOf(incomingKey, ssrc)}" ! in${kind}.rtcp_sink`,
		`srtpdec name=in${kind} in${kind}.rtcp_src ! bin.recv_rtcp_sink_${session}`,
	].join(" ");
}

const MIXED = `force-live=true latency=${GATHER_NS} ignore-inactive-pads=true`;

function audio(): [string, string] {
	const mixer = `audiomixer name=sound ${SILENCES} ${MIXED} ! audioconvert ! audio/x-raw,rate=48000,channels=2 ! ${LEAKY}`;
	return [mixer, `${OPUS_ENCODER.text} ! ${PACKETS["audio/opus"]?.pay}`];
}

function video({ size, encoder, codec = "VP8" }: MixOutput, inputs: readonly MixInput[]): [string, string] {
	const pads = inputs.flatMap(({ tile }, i) => {
		if (!tile) return [];
		const pad = padOf(i);
		return [`${pad}::xpos=${tile.x} ${pad}::ypos=${tile.y}`];
	});
	const frames = `video/x-raw,format=I420,width=${size?.width},height=${size?.height},framerate=${FRAME_RATE}/1`;
	const mixer = `compositor name=picture background=black ${MIXED} ${pads.join(" ")} ! ${frames} ! ${LEAKY}`;
	return [mixer, `${encoder?.text} ! ${PACKETS[`video/${codec.toLowerCase()}`]?.pay}`];
}

function protector(name: string, key: string): string {
	return `srtpenc name=${name} key=${hex(key)} rtp-cipher=${CIPHER} rtp-auth=${AUTHENTICATION} rtcp-cipher=${CIPHER} rtcp-auth=${AUTHENTICATION}`;
}

function keysOf(key: string, ssrc: number): string {
	const both = ["srtp", "srtcp"].map((p) => `${p}-cipher=(string)${CIPHER},${p}-auth=(string)${AUTHENTICATION}`);
	return [`ssrc=(uint)${ssrc}`, `srtp-key=(buffer)${hex(key)}`, ...both].join(",");
}
