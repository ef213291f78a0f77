/** Bits per second that a participant's transports carry. */
import type { WebRtcTransport } from "mediasoup/types";
import type { BitrateLimits } from "../../shared/link.ts";

/** mediasoup lets no more be asked for. */
export const MIN_OUTGOING_BITRATE = 30_000;

export interface EndpointLimits {
	maxIncomingBitrate: number;
	/** Absent: what congestion control finds. */
	maxOutgoingBitrate?: number;
	/** What congestion control begins with. */
	initialOutgoingBitrate: number;
}

/** The node's own, and what the room asks for where that is lower. */
export function lowerOf<T extends EndpointLimits>(own: T, asked: BitrateLimits = {}): T {
	const { maxIncomingBitrate = Number.POSITIVE_INFINITY, maxOutgoingBitrate = Number.POSITIVE_INFINITY } = asked;
	const outgoing = Math.min(own.maxOutgoingBitrate ?? Number.POSITIVE_INFINITY, maxOutgoingBitrate);
	return {
		...own,
		maxIncomingBitrate: Math.min(own.maxIncomingBitrate, maxIncomingBitrate),
		maxOutgoingBitrate: outgoing < Number.POSITIVE_INFINITY ? Math.max(outgoing, MIN_OUTGOING_BITRATE) : undefined,
	};
}

/** The sender is told how fast it may be; what is sent is layers of tracks, chosen so that they fit. */
export async function limitBitrate(
	transport: WebRtcTransport,
	direction: "send" | "recv",
	{ maxIncomingBitrate, maxOutgoingBitrate }: EndpointLimits,
): Promise<void> {
	if (direction === "send") await transport.setMaxIncomingBitrate(maxIncomingBitrate);
	else if (maxOutgoingBitrate !== undefined) await transport.setMaxOutgoingBitrate(maxOutgoingBitrate);
}
