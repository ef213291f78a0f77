/**
 * Endpoints whose client speaks SDP (RFC 8866, JSEP RFC 9429): what the room and the node tell each other of their
 * connections. The node makes and reads the descriptions; the room and its dialects only carry them.
 */
import * as z from "zod";
import { TrackId } from "./ids.ts";
import { RtpParameters } from "./media.ts";

/** Largest description, bytes of UTF-8. A room of a hundred tracks needs about 150 KiB. */
export const MAX_SDP_BYTES = 512_000;

export const Description = z.object({
	type: z.enum(["offer", "answer"]),
	sdp: z.string().max(MAX_SDP_BYTES),
});
export type Description = z.infer<typeof Description>;

/** RTCIceCandidateInit (W3C WebRTC section 4.8.1). */
export const IceCandidateInit = z.object({
	candidate: z.string().max(2_048).optional(),
	sdpMid: z.string().max(32).nullish(),
	sdpMLineIndex: z.number().int().min(0).max(65_535).nullish(),
	usernameFragment: z.string().max(256).nullish(),
});
export type IceCandidateInit = z.infer<typeof IceCandidateInit>;

/** One of the client's peer connections: the only one is "", and one of many the participant whose tracks it carries. */
export const ConnectionName = z.string().max(128);
export type ConnectionName = z.infer<typeof ConnectionName>;

const Mid = z.string().regex(/^[!#$%&'*+.0-9A-Za-z^_`{|}~-]{1,32}$/);
const Ssrc = z.number().int().min(1).max(4_294_967_295);
const Label = z.string().max(128);

/**
 * A simulcast layer that the client sends. Browsers name it in its packets only until those are first acknowledged:
 * another node must know its SSRCs.
 */
export const SentLayer = z.object({
	rid: z.string().max(16),
	ssrc: Ssrc.optional(),
	rtx: Ssrc.optional(),
});
export type SentLayer = z.infer<typeof SentLayer>;

/** A section of a connection as both sides have agreed on it: what another node needs to go on with it. */
export const Section = z.object({
	mid: Mid,
	kind: z.enum(["audio", "video", "application"]),
	/** What comes to the client in it. */
	track: TrackId.optional(),
	/** The client sends in it. */
	sends: z.boolean().optional(),
	/** Its simulcast layers, lowest first. */
	layers: z.array(SentLayer).max(4).optional(),
	/** Header extension ids in use for what the client sends, where they are the router's. */
	extensions: z.array(z.number().int().min(1).max(255)).max(64).optional(),
	/** It has ended; another of its kind may take its place. */
	stopped: z.boolean().optional(),
});
export type Section = z.infer<typeof Section>;

/** How the connections of an endpoint are made; the dialect's choice. */
export const SdpSettings = z.object({
	/** All in one connection; or what is received from each participant in one of its own, which the node offers. */
	connections: z.enum(["one", "each"]).default("one"),
	/** The node offers what the client is to receive; else only what the client offered to receive is filled. */
	offers: z.boolean().default(true),
	/**
	 * The node offers first, with a section of each of these kinds for the client to send in. What it receives goes into
	 * the same ones before others are added.
	 */
	invites: z
		.array(z.enum(["audio", "video"]))
		.max(2)
		.default([]),
	/** When offers cross, the node takes its own back; else the client's is refused with `conflict`. */
	polite: z.boolean().default(true),
	/** What a client offers to receive is used before sections are added to its connection. */
	fill: z.boolean().default(false),
	/**
	 * There is one offer and one answer, and nothing is negotiated after: what comes later is received in the sections
	 * that there are, one of each kind at least. They name no SSRCs, since those change with the track.
	 */
	once: z.boolean().default(false),
	/** What is received is of one stream, by this id; else of its publishers' own. */
	stream: z.string().max(128).optional(),
	/**
	 * Answers use the header extension ids of the node's routers, so that what the client sends and what it receives can
	 * share a connection. Browsers take that; others send with the ids they offered (RFC 8285 section 6).
	 */
	renumber: z.boolean().default(true),
	/** MIME types by preference, of both kinds; what is not named comes after. */
	codecs: z.array(z.string().max(64)).max(16).default([]),
	/** What goes through is measured about once a second, and told. */
	statistics: z.boolean().default(false),
	/** Data channels for texts between client and dialect, opened by the node. */
	channels: z.array(Label).max(4).default([]),
	/** Most that a client sends, bit/s. */
	maxIncomingBitrate: z.number().int().positive().optional(),
	/** Most that it is sent, bit/s. */
	maxOutgoingBitrate: z.number().int().positive().optional(),
	/** What congestion control begins with towards it, instead of the node's own, bit/s. */
	initialOutgoingBitrate: z.number().int().positive().optional(),
});
export type SdpSettings = z.infer<typeof SdpSettings>;

/** A track that the client sends, as its description has it. */
export const SentTrack = z.object({
	mid: Mid,
	kind: z.enum(["audio", "video"]),
	/** Ids of the client's own stream and track (`a=msid`, RFC 8830); empty where it named none. */
	stream: z.string().max(256),
	track: z.string().max(256),
	rtpParameters: RtpParameters,
});
export type SentTrack = z.infer<typeof SentTrack>;

/** What a connection is after a description was applied or made. */
export const ConnectionState = z.object({
	sections: z.array(Section).max(1_000),
	/** All that the client sends now. Absent: as before. */
	sends: z.array(SentTrack).max(64).optional(),
});
export type ConnectionState = z.infer<typeof ConnectionState>;
