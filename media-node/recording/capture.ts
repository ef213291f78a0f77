/**
 * The pipeline that writes tracks to files as they come in, each to one of its own: a track that says nothing holds up
 * no other, and what is in a file can be read up to its last frame, whatever happens. One rtpbin has the sender reports
 * of all, which puts them on one clock.
 */
import type { RtpParameters } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import { hex } from "../gst/loopback.ts";

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

interface Writer {
	encoding: string;
	depayloader: string;
	/** For what Matroska takes. */
	parser?: string;
	decoder: string;
}

/** From RTP to what Matroska holds. Frames that miss a packet are left out, up to the next key frame. */
const WRITERS: Record<string, Writer> = {
	"audio/opus": { encoding: "OPUS", depayloader: "rtpopusdepay", parser: "opusparse", decoder: "opusdec" },
	"audio/pcmu": { encoding: "PCMU", depayloader: "rtppcmudepay", decoder: "mulawdec" },
	"audio/pcma": { encoding: "PCMA", depayloader: "rtppcmadepay", decoder: "alawdec" },
	"video/vp8": {
		encoding: "VP8",
		depayloader: "rtpvp8depay request-keyframe=true wait-for-keyframe=true",
		decoder: "vp8dec",
	},
	"video/vp9": {
		encoding: "VP9",
		depayloader: "rtpvp9depay request-keyframe=true wait-for-keyframe=true",
		decoder: "vp9dec",
	},
	"video/h264": {
		encoding: "H264",
		depayloader: "rtph264depay request-keyframe=true wait-for-keyframe=true",
		// With its parameters in band: they change with its size.
		parser: "h264parse config-interval=-1 ! video/x-h264,stream-format=avc3,alignment=au",
		decoder: "h264parse ! avdec_h264",
	},
};

/** Ports that it has bound are properties `port` of `rtp0`, `rtcp0`, `rtp1` … */
export function captureText(tracks: readonly CapturedTrack[]): string {
	const writers = tracks.map((track) => {
		const { depayloader, parser } = writerOf(track);
		return [flowText(track), depayloader, ...(parser ? [parser] : []), "matroskamux", fileText(track.file)].join(" ! ");
	});
	return [receptionText(tracks), ...writers].join(" ");
}

/** A file as it is written: each frame at once. */
export function fileText(file: string): string {
	return `filesink location="${file}" buffer-mode=unbuffered async=false`;
}

/** What receives tracks and has each as an RTP stream, which `flowText` begins with. */
export function receptionText(tracks: readonly CapturedTrack[]): string {
	const bin = `rtpbin name=bin latency=${REORDER_MS} rtp-profile=avpf max-ts-offset-adjustment=${SHIFT_NS}`;
	return [bin, ...tracks.map(trackText)].join(" ");
}

export function flowText({ rtpParameters }: CapturedTrack): string {
	return `bin. ! application/x-rtp,ssrc=(uint)${ssrcOf(rtpParameters)}`;
}

/** Whether it can be written. */
export function isRecordable(mimeType: string | undefined): boolean {
	return mimeType !== undefined && mimeType.toLowerCase() in WRITERS;
}

export function writerOf({ rtpParameters }: CapturedTrack): Writer {
	const { mimeType } = codecOf(rtpParameters);
	const writer = WRITERS[mimeType.toLowerCase()];
	if (!writer) throw new SwitchyardError("unsupported", `${mimeType} is not recorded`);
	return writer;
}

function ssrcOf({ encodings }: RtpParameters): number {
	const ssrc = encodings?.[0]?.ssrc;
	if (ssrc === undefined) throw new SwitchyardError("unsupported", "a track without an SSRC");
	return ssrc;
}

function trackText(track: CapturedTrack, i: number): string {
	const { rtpParameters, kind, incomingKey, outgoingKey, rtcpPort } = track;
	const { payloadType, clockRate } = codecOf(rtpParameters);
	const { encoding } = writerOf(track);
	const protection = "aes-128-icm";
	const authentication = "hmac-sha1-80";
	const keys = [
		`ssrc=(uint)${ssrcOf(rtpParameters)}`,
		`srtp-key=(buffer)${hex(incomingKey)}`,
		...["srtp", "srtcp"].flatMap((p) => [`${p}-cipher=(string)${protection}`, `${p}-auth=(string)${authentication}`]),
	].join(",");
	const rtp = `media=(string)${kind},encoding-name=(string)${encoding},payload=(int)${payloadType},clock-rate=(int)${clockRate}`;
	const feedback = kind === "video" ? ",rtcp-fb-nack-pli=(boolean)true" : "";
	// Two of them would take the same free port where they may share one.
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
	].join(" ");
}

function codecOf({ codecs }: RtpParameters): RtpParameters["codecs"][number] {
	const codec = codecs.find(({ mimeType }) => !/\/rtx$/i.test(mimeType));
	if (!codec) throw new SwitchyardError("unsupported", "a track without a codec");
	return codec;
}
