/** What `stats` events carry, and what of it the server's log is told. */
export interface StatsPayload {
	/** Text with one decimal, in units of 1,024 bits a second. */
	audioUp: string;
	audioDown: string;
	videoUp: string;
	videoDown: string;
	/** Reports as the browser has them; the last of each kind. */
	outboundRTPVideo?: Report;
	inboundRTPVideo?: Report;
	outboundRTPAudio?: Report;
	inboundRTPAudio?: Report;
	remoteOutboundRTPVideo?: Report;
	remoteInboundRTPVideo?: Report;
	remoteOutboundRTPAudio?: Report;
	remoteInboundRTPAudio?: Report;
}

/** One entry of an RTCStatsReport. */
export interface Report extends RTCStats {
	kind?: string;
	bytesSent?: number;
	bytesReceived?: number;
	frameWidth?: number;
	frameHeight?: number;
	framesPerSecond?: number;
	keyFramesEncoded?: number;
	keyFramesDecoded?: number;
	pliCount?: number;
	firCount?: number;
}

const DIRECTIONS = {
	"outbound-rtp": "outboundRTP",
	"inbound-rtp": "inboundRTP",
	"remote-outbound-rtp": "remoteOutboundRTP",
	"remote-inbound-rtp": "remoteInboundRTP",
} as const;
const KINDS = { audio: "Audio", video: "Video" } as const;

/** What one look at the connection found. */
export class Sample {
	readonly reports: readonly Report[];
	readonly timestamp: number;

	constructor(reports: Iterable<Report>) {
		this.reports = [...reports];
		this.timestamp = Math.max(0, ...this.reports.map(({ timestamp }) => timestamp));
	}

	/** Bit rates are those since an earlier sample. */
	since(before: Sample): StatsPayload {
		const rate = (type: "outbound-rtp" | "inbound-rtp", kind: "audio" | "video") => {
			const seconds = (this.timestamp - before.timestamp) / 1_000;
			// Streams that are gone must not count as negative.
			const bytes = Math.max(0, this.#bytes(type, kind) - before.#bytes(type, kind));
			return (seconds > 0 ? (bytes * 8) / 1_024 / seconds : 0).toFixed(1);
		};
		const payload: StatsPayload = {
			audioUp: rate("outbound-rtp", "audio"),
			audioDown: rate("inbound-rtp", "audio"),
			videoUp: rate("outbound-rtp", "video"),
			videoDown: rate("inbound-rtp", "video"),
		};
		for (const report of this.reports) {
			const direction = DIRECTIONS[report.type as keyof typeof DIRECTIONS];
			const kind = KINDS[report.kind as keyof typeof KINDS];
			if (direction && kind) payload[`${direction}${kind}`] = report;
		}
		return payload;
	}

	#bytes(type: string, kind: string): number {
		const those = this.reports.filter((report) => report.type === type && report.kind === kind);
		return those.reduce((sum, { bytesSent = 0, bytesReceived = 0 }) => sum + bytesSent + bytesReceived, 0);
	}
}

/** By the kind of message that tells it. */
export function figures({ outboundRTPVideo: sent, inboundRTPVideo: received }: StatsPayload): Record<string, unknown> {
	return {
		client_video_resolution_updated: sent?.frameWidth ? `${sent.frameWidth}x${sent.frameHeight}` : undefined,
		client_video_fps_updated: sent?.framesPerSecond,
		client_keyframe_encoded_count_updated: sent?.keyFramesEncoded,
		client_keyframe_decoded_count_updated: received?.keyFramesDecoded,
		client_pli_received_count_updated: sent?.pliCount,
		client_fir_received_count_updated: sent?.firCount,
	};
}
