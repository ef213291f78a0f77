/**
 * The pipeline that writes tracks to files as they come in, each to one of its own: a track that says nothing holds up
 * no other, and what is in a file can be read up to its last frame, whatever happens. One rtpbin has the sender reports
 * of all, which puts them on one clock.
 */
import type { RtpParameters } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";

/** How long a packet is waited for that was lost and is sent again, ms. */
export const REORDER_MS = 400;
/** What the system lets a socket hold at most, bytes; key frames come in bursts. */
const SOCKET_BYTES = 2_097_152;
/** Sender reports move a track by no more than this per frame, ns: what was written stays in order. */
const SHIFT_NS = 2_000_000;

export interface CapturedTrack {
	/** Of its consumer. */
	rtpParameters: RtpParameters;
	kind: "audio" | "video";
	/** Master key and salt of what comes, and of the reports that go back; base64, 30 bytes. */
	incomingKey: string;
	outgoingKey: string;
	/** Where reports go to. */
	rtcpPort: number;
	/** Absolute, and of safe characters only. */
	file: string;
}

/** From RTP to what Matroska holds. Frames that miss a packet are left out, up to the next key frame. */
const WRITERS: Record<string, { encoding: string; elements: string }> = {
	"audio/opus": { encoding: "OPUS", elements: "rtpopusdepay ! opusparse" },
	"audio/pcmu": { encoding: "PCMU", elements: "rtppcmudepay" },
	"audio/pcma": { encoding: "PCMA", elements: "rtppcmadepay" },
	"video/vp8": { encoding: "VP8", elements: "rtpvp8depay request-keyframe=true wait-for-keyframe=true" },
	"video/vp9": { encoding: "VP9", elements: "rtpvp9depay request-keyframe=true wait-for-keyframe=true" },
	"video/h264": {
		encoding: "H264",
		// With its parameters in band: they change with its size.
		elements:
			"rtph264depay request-keyframe=true wait-for-keyframe=true ! h264parse config-interval=-1 ! video/x-h264,stream-format=avc3,alignment=au",
	},
};

export const RECORDED_TYPES = Object.keys(WRITERS);

/** Elements that it takes. */
export const CAPTURE_ELEMENTS = ["udpsrc", "srtpdec", "srtpenc", "rtpbin", "matroskamux", "filesink", "rtpvp8depay"];

/** Ports that it has bound are properties `port` of `rtp0`, `rtcp0`, `rtp1` … */
export function captureText(tracks: readonly CapturedTrack[]): string {
	const bin = `rtpbin name=bin latency=${REORDER_MS} rtp-profile=avpf max-ts-offset-adjustment=${SHIFT_NS}`;
	return [bin, ...tracks.map(trackText)].join(" ");
}

function trackText(
	{ rtpParameters, kind, incomingKey, outgoingKey, rtcpPort, file }: CapturedTrack,
	i: number,
): string {
	const { mimeType, payloadType, clockRate } = codecOf(rtpParameters);
	const ssrc = rtpParameters.encodings?.[0]?.ssrc;
	const { encoding, elements } = WRITERS[mimeType.toLowerCase()] ?? {};
	if (!encoding || ssrc === undefined) throw new SwitchyardError("unsupported", `${mimeType} is not recorded`);
	const protection = "aes-128-icm";
	const authentication = "hmac-sha1-80";
	const keys = [
		`ssrc=(uint)${ssrc}`,
		`srtp-key=(buffer)${hex(incomingKey)}`,
		...["srtp", "srtcp"].flatMap((p) => [`${p}-cipher=(string)${protection}`, `${p}-auth=(string)${authentication}`]),
	].join(",");
	const rtp = `media=(string)${kind},encoding-name=(string)${encoding},payload=(int)${payloadType},clock-rate=(int)${clockRate}`;
	const feedback = kind === "video" ? ",rtcp-fb-nack-pli=(boolean)true" : "";
	const source = `udpsrc address=127.0.0.1 port=0 reuse=false buffer-size=${SOCKET_BYTES}`;
	return [
		`${source} name=rtp${i} caps="application/x-srtp,${rtp}${feedback},${keys}" ! dec${i}.rtp_sink`,
		`${source} name=rtcp${i} caps="application/x-srtcp,${keys}" ! dec${i}.rtcp_sink`,
		`srtpdec name=dec${i}`,
		`dec${i}.rtp_src ! bin.recv_rtp_sink_${i}`,
		`dec${i}.rtcp_src ! bin.recv_rtcp_sink_${i}`,
		`srtpenc name=enc${i} key=${hex(outgoingKey)} rtp-cipher=${protection} rtp-auth=${authentication} rtcp-cipher=${protection} rtcp-auth=${authentication}`,
		`bin.send_rtcp_src_${i} ! enc${i}.rtcp_sink_${i}`,
		`enc${i}.rtcp_src_${i} ! udpsink host=127.0.0.1 port=${rtcpPort} sync=false async=false`,
		`bin. ! application/x-rtp,ssrc=(uint)${ssrc} ! ${elements} ! matroskamux ! filesink location="${file}" buffer-mode=unbuffered async=false`,
	].join(" ");
}

function codecOf({ codecs }: RtpParameters): RtpParameters["codecs"][number] {
	const codec = codecs.find(({ mimeType }) => !/\/rtx$/i.test(mimeType));
	if (!codec) throw new SwitchyardError("unsupported", "a track without a codec");
	return codec;
}

function hex(base64: string): string {
	return Buffer.from(base64, "base64").toString("hex");
}
