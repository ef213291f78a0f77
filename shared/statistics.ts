/** What a node measures of an endpoint, for dialects whose clients are told (`statistics` of its settings). */
import * as z from "zod";
import { EndpointId, TrackId } from "./ids.ts";

const count = z.number().int().min(0);
const bitsPerSecond = count;

const Stream = z.object({
	track: TrackId,
	codec: z.string().max(64),
	bytes: count,
	packets: count,
	/** Below zero when packets came twice (RFC 3550 section 6.4.1). */
	lost: z.number().int(),
	bitrate: bitsPerSecond,
});

/** What comes from its client: of simulcast, each layer by itself. */
export const ReceivedStream = Stream.extend({ rid: z.string().max(16).optional() });
export type ReceivedStream = z.infer<typeof ReceivedStream>;

export const SentStream = Stream.extend({
	/** 0 to 1, of the latest report of the client. */
	fractionLost: z.number().min(0).max(1),
	/** Spatial layer that is sent, and how many there are; of tracks that have several. */
	layer: z.number().int().min(0).max(7).nullable().optional(),
	layers: z.number().int().min(1).max(8).optional(),
});
export type SentStream = z.infer<typeof SentStream>;

export const EndpointStatistics = z.object({
	/** Over its transports since they were made, all protocols. */
	bytesReceived: count,
	bytesSent: count,
	receiveBitrate: bitsPerSecond,
	sendBitrate: bitsPerSecond,
	/** What congestion control takes the way to the client to carry; absent before it knows. */
	available: bitsPerSecond.optional(),
	received: z.array(ReceivedStream).max(256),
	sent: z.array(SentStream).max(4_096),
});
export type EndpointStatistics = z.infer<typeof EndpointStatistics>;

export const StatisticsReport = z.record(EndpointId, EndpointStatistics);
