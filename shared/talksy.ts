/** The wire of Talksy Unit (docs/talksy.md): frames `{type, data}` on its socket and on its data channel. */
import * as z from "zod";
import { MAX_SDP_BYTES } from "./sdp.ts";

export const TALKSY_CHANNEL = "internal";
/** Layers of a publisher's simulcast, lowest first. */
export const QUALITIES = ["low", "mid", "high"] as const;

const Sdp = z.string().max(MAX_SDP_BYTES);
const TrackRef = z.string().max(256);
const bitsPerSecond = z.number().min(0).max(1e12);

export const Quality = z.enum([...QUALITIES, "none"]);
export type Quality = z.infer<typeof Quality>;

/** Client → server. */
export const TalksyRequest = z.discriminatedUnion("type", [
	z.object({ type: z.literal("offer"), data: Sdp }),
	z.object({ type: z.literal("answer"), data: Sdp }),
	/** A candidate line; nothing, or an empty one, is the end of them. */
	z.object({ type: z.literal("candidate"), data: z.string().max(2_048).nullish() }),
	/** Track id → `media`, or anything else for a screen. */
	z.object({
		type: z.literal("tracks_added"),
		data: z.record(TrackRef, z.unknown()).refine((tracks) => Object.keys(tracks).length <= 64, "at most 64 tracks"),
	}),
	z.object({
		type: z.literal("subscribe_tracks"),
		data: z.array(z.object({ client_id: z.string().max(128), track_id: TrackRef })).max(1_000),
	}),
	z.object({ type: z.literal("switch_quality"), data: Quality }),
	/** What the client can send. */
	z.object({ type: z.literal("update_bandwidth"), data: bitsPerSecond }),
	/** Most that it wants to be sent. */
	z.object({
		type: z.literal("set_bandwidth_limit"),
		data: z
			.string()
			.max(32)
			.regex(/^\s*\d+(\.\d+)?\s*$/, "a number in a text, bit/s")
			.transform(Number)
			.pipe(bitsPerSecond),
	}),
	z.object({ type: z.literal("is_allow_renegotiation"), data: z.unknown().optional() }),
]);
export type TalksyRequest = z.infer<typeof TalksyRequest>;
export const TALKSY_REQUESTS: ReadonlySet<string> = new Set(TalksyRequest.options.map(({ shape }) => shape.type.value));

const pixels = z.number().min(0).max(16_384);
/** On the data channel, from the client. */
export const InternalMessage = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("video_size"),
		data: z.object({ track_id: TrackRef, width: pixels, height: pixels }),
	}),
	z.object({
		type: z.literal("stats"),
		data: z.object({
			available_outgoing_bitrate: bitsPerSecond.optional().catch(undefined),
			quality_limitation_reason: z.enum(["none", "cpu", "bandwidth", "both"]).catch("none"),
		}),
	}),
]);
export type InternalMessage = z.infer<typeof InternalMessage>;
export type PublishLimitation = Extract<InternalMessage, { type: "stats" }>["data"]["quality_limitation_reason"];

export type SourceType = "media" | "screen";

export interface AvailableTrack {
	id: string;
	client_id: string;
	source_type: SourceType;
	kind: "audio" | "video";
	is_simulcast: boolean;
}

/** Server → client, each with `status: true`. */
export interface TalksyEvents {
	answer: { type: "answer"; sdp: string };
	offer: { type: "offer"; sdp: string };
	/** An RTCIceCandidateInit. */
	candidate: object;
	tracks_added: Record<string, { id: string }>;
	tracks_available: Record<string, AvailableTrack>;
	allow_renegotiation: "ok" | boolean;
	/** 0 unstable, 1 stable. */
	network_condition: 0 | 1;
	track_stats: ClientStats;
}

/** What the server sends of a track to a client. Qualities: 0 none, 1 low, 2 mid, 3 high. */
export interface SentTrackStats {
	id: string;
	stream_id: string;
	kind: "audio" | "video";
	codec: string;
	packets_lost: number;
	packets_sent: number;
	fraction_lost: number;
	bytes_sent: number;
	current_bitrate: number;
	source: SourceType;
	quality: number;
	max_quality: number;
}

export interface ReceivedTrackStats {
	id: string;
	stream_id: string;
	rid: string;
	kind: "audio" | "video";
	codec: string;
	current_bitrate: number;
	packets_lost: number;
	packets_received: number;
	bytes_received: number;
}

export interface ClientStats {
	id: string;
	name: string;
	publisher_bandwidth: number;
	consumer_bandwidth: number;
	current_bitrate: number;
	current_publish_limitation: PublishLimitation;
	voice_activity_duration_ms: number;
	sent_track_stats: SentTrackStats[];
	received_track_stats: ReceivedTrackStats[];
}

/** `GET /stats`. */
export interface RoomStats {
	active_sessions: number;
	clients_count: number;
	bitrate_sent: number;
	bitrate_received: number;
	bytes_ingress: number;
	bytes_egress: number;
	received_tracks: { audio: number; video: number };
	sent_tracks: { audio: number; video: number };
	/** RFC 3339. */
	timestamp: string;
	client_stats: Record<string, ClientStats>;
}

/** Voice activity, on the data channel to clients. */
export interface VoiceActivity {
	trackID: string;
	streamID: string;
	ssrc: number;
	clockRate: number;
	audioLevels: { sequenceNo: number; timestamp: number; audioLevel: number; isVoice: boolean }[];
}
