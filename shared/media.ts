/**
 * Media parameters that cross a wire. They are mediasoup's ORTC shapes, bounded in size here and checked in depth
 * by mediasoup itself on the node.
 */
import * as z from "zod";
import { ParticipantId, TrackId } from "./ids.ts";
import { Json } from "./json.ts";
import { Source } from "./tokens.ts";

export const Kind = z.enum(["audio", "video", "data"]);
export type Kind = z.infer<typeof Kind>;

const short = z.string().max(256);
const u8 = z.number().int().min(0).max(255);
const u16 = z.number().int().min(0).max(65_535);
const u32 = z.number().int().min(0).max(4_294_967_295);
const fmtp = z.record(short, z.union([short, z.number(), z.boolean(), z.null()]));
const RtcpFeedback = z.object({ type: short, parameter: short.optional() });

export const RtpCapabilities = z.object({
	codecs: z
		.array(
			z.object({
				kind: z.enum(["audio", "video"]),
				mimeType: short,
				preferredPayloadType: u8,
				clockRate: u32,
				channels: u8.optional(),
				parameters: fmtp.optional(),
				rtcpFeedback: z.array(RtcpFeedback).max(32).optional(),
			}),
		)
		.max(128)
		.optional(),
	headerExtensions: z
		.array(
			z.object({
				kind: z.enum(["audio", "video"]),
				uri: short,
				preferredId: u8,
				preferredEncrypt: z.boolean().optional(),
				direction: z.enum(["sendrecv", "sendonly", "recvonly", "inactive"]).optional(),
			}),
		)
		.max(64)
		.optional(),
});
export type RtpCapabilities = z.infer<typeof RtpCapabilities>;

export const RtpParameters = z.object({
	mid: short.optional(),
	msid: short.optional(),
	codecs: z
		.array(
			z.object({
				mimeType: short,
				payloadType: u8,
				clockRate: u32,
				channels: u8.optional(),
				parameters: fmtp.optional(),
				rtcpFeedback: z.array(RtcpFeedback).max(32).optional(),
			}),
		)
		.min(1)
		.max(64),
	headerExtensions: z
		.array(z.object({ uri: short, id: u8, encrypt: z.boolean().optional(), parameters: fmtp.optional() }))
		.max(64)
		.optional(),
	encodings: z
		.array(
			z.object({
				ssrc: u32.optional(),
				rid: short.optional(),
				codecPayloadType: u8.optional(),
				rtx: z.object({ ssrc: u32 }).optional(),
				dtx: z.boolean().optional(),
				scalabilityMode: short.optional(),
				maxBitrate: u32.optional(),
			}),
		)
		.max(8)
		.optional(),
	rtcp: z.object({ cname: short.optional(), reducedSize: z.boolean().optional() }).optional(),
});
export type RtpParameters = z.infer<typeof RtpParameters>;

export const DtlsParameters = z.object({
	role: z.enum(["auto", "client", "server"]).optional(),
	fingerprints: z
		.array(z.object({ algorithm: z.enum(["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"]), value: short }))
		.min(1)
		.max(8),
});
export type DtlsParameters = z.infer<typeof DtlsParameters>;

export const IceParameters = z.object({ usernameFragment: short, password: short, iceLite: z.boolean().optional() });
export type IceParameters = z.infer<typeof IceParameters>;

export const IceCandidate = z.object({
	foundation: short,
	priority: u32,
	ip: short,
	address: short,
	protocol: z.enum(["udp", "tcp"]),
	port: u16,
	type: z.literal("host"),
	tcpType: z.literal("passive").optional(),
});
export type IceCandidate = z.infer<typeof IceCandidate>;

export const SctpParameters = z.looseObject({
	port: u16,
	maxSendMessageSize: u32,
	maxReceiveMessageSize: u32,
});
export type SctpParameters = z.infer<typeof SctpParameters>;

export const SctpStreamParameters = z.object({
	streamId: u16,
	ordered: z.boolean().optional(),
	maxPacketLifeTime: u32.optional(),
	maxRetransmits: u32.optional(),
});
export type SctpStreamParameters = z.infer<typeof SctpStreamParameters>;

/** One WebRTC transport of an endpoint, as the client needs it. */
export const TransportParameters = z.object({
	id: short,
	iceParameters: IceParameters,
	iceCandidates: z.array(IceCandidate).max(64),
	dtlsParameters: DtlsParameters,
	sctpParameters: SctpParameters.optional(),
});
export type TransportParameters = z.infer<typeof TransportParameters>;

/** One end of the connection between two nodes that serve the same room: UDP, SRTP by keys that went over the links. */
export const PeerParameters = z.object({
	/** A name is resolved by the other node. */
	address: short,
	port: u16,
	srtpParameters: z.object({ cryptoSuite: short, keyBase64: short }),
});
export type PeerParameters = z.infer<typeof PeerParameters>;

/** A spatial (and temporal) layer; 0 is the lowest. */
export const Layer = z.object({
	spatial: z.number().int().min(0).max(7),
	temporal: z.number().int().min(0).max(7).optional(),
});
export type Layer = z.infer<typeof Layer>;

/** How much of a track is wanted: a spatial layer and those below it; all there are; or nothing. */
export const ALL_LAYERS = 7;
export const NO_LAYER = -1;
export const Demand = z.record(TrackId, z.number().int().min(NO_LAYER).max(ALL_LAYERS));
export type Demand = z.infer<typeof Demand>;

/** CSS pixels times device pixel ratio of what shows a track; 0 × 0 is out of view. */
export const Size = z.object({
	width: z.number().int().min(0).max(16_384),
	height: z.number().int().min(0).max(16_384),
});
export type Size = z.infer<typeof Size>;

/** How a track is sent: RTP for audio and video, an SCTP stream for data. */
export const TrackMedia = z.discriminatedUnion("kind", [
	z.object({ kind: z.literal("audio"), rtpParameters: RtpParameters }),
	z.object({ kind: z.literal("video"), rtpParameters: RtpParameters }),
	z.object({
		kind: z.literal("data"),
		sctpStreamParameters: SctpStreamParameters,
		label: z.string().max(128).default(""),
		protocol: z.string().max(128).default(""),
	}),
]);
export type TrackMedia = z.infer<typeof TrackMedia>;

/** What everybody in the room knows of a track. */
export const TrackInfo = z.object({
	id: TrackId,
	kind: Kind,
	source: Source,
	muted: z.boolean(),
	/** Frame sizes of the spatial layers, lowest first, when there are several. */
	layers: z.array(Size).max(8).optional(),
	label: z.string().optional(),
	metadata: Json.optional(),
});
export type TrackInfo = z.infer<typeof TrackInfo>;

/** What a subscriber asks of one track. */
export const TrackSettings = z.object({
	/** Keep the subscription, send nothing. */
	paused: z.boolean().optional(),
	/** The most to send; null lifts the cap. */
	layer: Layer.nullable().optional(),
	/** The size it is shown at; the node picks the lowest layer that fills it. Null forgets it. */
	size: Size.nullable().optional(),
	/** 1 to 255: who gets bandwidth first. */
	priority: z.number().int().min(1).max(255).optional(),
});
export type TrackSettings = z.infer<typeof TrackSettings>;

/** The receiving side of one subscribed track. */
export const ConsumerParameters = z.discriminatedUnion("kind", [
	z.object({
		kind: z.enum(["audio", "video"]),
		track: TrackId,
		participant: ParticipantId,
		id: short,
		rtpParameters: RtpParameters,
		/** `simulcast` and `svc` consumers obey layers. */
		type: z.enum(["simple", "simulcast", "svc", "pipe"]),
		paused: z.boolean(),
	}),
	z.object({
		kind: z.literal("data"),
		track: TrackId,
		participant: ParticipantId,
		id: short,
		sctpStreamParameters: SctpStreamParameters,
		label: short,
		protocol: short,
	}),
]);
export type ConsumerParameters = z.infer<typeof ConsumerParameters>;

/** 0 (nothing arrives) to 10 (perfect), as mediasoup scores a stream. */
export const Score = z.number().int().min(0).max(10);

export const Speaker = z.object({
	participant: ParticipantId,
	track: TrackId,
	/** dBov, -127 (silence) to 0. */
	volume: z.number().int().min(-127).max(0),
});
export type Speaker = z.infer<typeof Speaker>;
