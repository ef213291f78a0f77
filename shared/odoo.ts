/** The Odoo SFU's wire (docs/odoo.md): what its clients and its caller send, bounded here, and its close codes. */
import * as z from "zod";
import { Json } from "./json.ts";
import { DtlsParameters, RtpParameters } from "./media.ts";
import { ForeignAudience } from "./tokens.ts";

export const ODOO_CLOSE = {
	/** Bad token, unknown channel. Final for the stock client, as are the next but one and the one after. */
	authenticationFailed: 4106,
	/** No credentials, not connected, or a ping unanswered in time: connect again. */
	timeout: 4107,
	/** Kicked, replaced, or the channel closed. */
	kicked: 4108,
	channelFull: 4109,
} as const;

/** A stream of a session: at most one of each. */
export const StreamType = z.enum(["audio", "camera", "screen"]);
export type StreamType = z.infer<typeof StreamType>;

/** Numbers and texts are different sessions. */
export const SessionRef = z.union([z.number(), z.string().max(128)]);
export type SessionRef = z.infer<typeof SessionRef>;

/** First frame of a socket: an object, or the token alone. What does not fit names nobody. */
export const Credentials = z.union([
	z.string().transform((jwt) => ({ jwt, channelUUID: undefined })),
	z.object({ jwt: z.string(), channelUUID: z.string().max(128).nullish() }),
]);
export type Credentials = z.infer<typeof Credentials>;

/** One of the envelopes that a frame is an array of. An empty id is none. */
export const Envelope = z.object({
	message: Json.optional(),
	needResponse: z.string().max(256).optional(),
	responseTo: z.string().max(512).optional(),
});
export type Envelope = z.infer<typeof Envelope>;
export const Envelopes = z.array(z.unknown()).max(1_000);

export const INFO_KEYS = [
	"isTalking",
	"isCameraOn",
	"isScreenSharingOn",
	"isSelfMuted",
	"isDeaf",
	"isRaisingHand",
] as const;
export type InfoKey = (typeof INFO_KEYS)[number];
/** Keys that were never set are absent. */
export type Info = Partial<Record<InfoKey, boolean>>;

const ConnectTransport = z.object({ dtlsParameters: DtlsParameters });
const KIND = { audio: "audio", camera: "video", screen: "video" } as const;

/** What clients send, by name. */
export const ClientMessage = z.discriminatedUnion("name", [
	z.object({ name: z.literal("CONNECT_CTS_TRANSPORT"), payload: ConnectTransport }),
	z.object({ name: z.literal("CONNECT_STC_TRANSPORT"), payload: ConnectTransport }),
	z.object({
		name: z.literal("INIT_PRODUCER"),
		payload: z
			.object({ type: StreamType, kind: z.enum(["audio", "video"]), rtpParameters: RtpParameters })
			.refine(({ type, kind }) => KIND[type] === kind, "kind: not the one of its type"),
	}),
	z.object({
		name: z.literal("PRODUCTION_CHANGE"),
		payload: z.object({ type: StreamType, active: z.unknown().optional().transform(Boolean) }),
	}),
	z.object({
		name: z.literal("CONSUMPTION_CHANGE"),
		payload: z.object({ sessionId: SessionRef, states: z.partialRecord(StreamType, z.unknown().transform(Boolean)) }),
	}),
	z.object({
		name: z.literal("C_INFO_CHANGE"),
		payload: z.object({ info: z.record(z.string(), z.unknown()).default({}), needRefresh: z.unknown().optional() }),
	}),
	z.object({ name: z.literal("BROADCAST"), payload: Json.optional() }),
]);
export type ClientMessage = z.infer<typeof ClientMessage>;

/** Claims of the caller's tokens. A participant's, which may be signed with the same key, is no caller's. */
export const ChannelClaims = z.object({
	iss: z.unknown().optional(),
	key: z.string().optional(),
	aud: ForeignAudience,
});
export const DisconnectClaims = z.object({
	aud: ForeignAudience,
	sessionIdsByChannel: z.record(z.string(), z.unknown()),
});
export const SessionIds = z.array(z.unknown());

/** One element of `GET /v1/stats`. */
export interface ChannelStats {
	createDate: string;
	uuid: string;
	remoteAddress: string;
	sessionsStats: {
		incomingBitRate: { audio: number; camera: number; screen: number; total: number };
		count: number;
		cameraCount: number;
		screenCount: number;
	};
	webRtcEnabled: boolean;
}
