/**
 * The native protocol, version 1: JSON text frames on one WebSocket per participant, at
 * `/v1/rooms/{room}/connect` with subprotocols `switchyard.v1` and `bearer.<token>`.
 * docs/native.md tells it in sentences; these schemas decide.
 */
import * as z from "zod";
import { EffectControl, EffectsRequest, EffectsState } from "./effects.ts";
import { ErrorBody } from "./errors.ts";
import { IceServers } from "./ice.ts";
import { EndpointId, NodeId, ParticipantId, Region, RoomName, SessionId, TrackId } from "./ids.ts";
import { Json } from "./json.ts";
import {
	ConsumerParameters,
	Demand,
	DtlsParameters,
	IceParameters,
	Layer,
	RtpCapabilities,
	Score,
	Size,
	Speaker,
	TrackInfo,
	TrackMedia,
	TrackSettings,
	TransportParameters,
} from "./media.ts";
import { Recording, RecordingCreate, RecordingId, RecordingInfo, RecordingsQuery } from "./recordings.ts";
import { Rights, Source } from "./tokens.ts";

export const SUBPROTOCOL = "switchyard.v1";
/** The token travels as a second subprotocol, since a browser cannot set a header on a WebSocket. */
export const BEARER_PREFIX = "bearer.";

const name = z.string().max(256);
const Direction = z.enum(["send", "recv"]);
export type Direction = z.infer<typeof Direction>;

/** Which tracks a participant receives without asking for each. */
export const SubscribeDefault = z.enum(["all", "none"]);
export type SubscribeDefault = z.infer<typeof SubscribeDefault>;

export const SubscriptionChange = TrackSettings.extend({
	track: TrackId,
	/** Receive it at all; absent leaves that as it is. */
	on: z.boolean().optional(),
});
export type SubscriptionChange = z.infer<typeof SubscriptionChange>;

/** Whether a node carries the room's media, or its people send each other theirs. */
export const Topology = z.enum(["sfu", "mesh"]);
export type Topology = z.infer<typeof Topology>;

/** SDP or ICE candidates between two participants, carried and not read. Candidates are gathered into one message. */
export const Signal = z.object({
	description: z
		.object({ type: z.enum(["offer", "answer", "pranswer", "rollback"]), sdp: z.string().optional() })
		.optional(),
	candidates: z
		.array(
			z.object({
				candidate: z.string().max(1024),
				sdpMid: z.string().max(64).nullish(),
				sdpMLineIndex: z.number().int().min(0).max(1024).nullish(),
				usernameFragment: z.string().max(256).nullish(),
			}),
		)
		.max(64)
		.optional(),
	/** With a description: which of the sender's tracks each of its media sections carries, by mid. */
	tracks: z.record(z.string().max(64), TrackId).optional(),
	/** The sender has all it receives from a node by now. When both have said so, their connection is closed. */
	done: z.literal(true).optional(),
});
export type Signal = z.infer<typeof Signal>;

// ---------------------------------------------------------------- client → room

const { participant, layout, sources, tracks, effects, split, container } = RecordingCreate.shape;
const recordingOptions = { participant, layout, sources, tracks, effects, split, container };

/** Requests without their envelope. Each is idempotent by its own ids, so that one sent again after a lost answer does no harm. */
const requests = {
	join: {
		/** What the client can receive, with the room's own numbers (mediasoup-client's `device.recvRtpCapabilities`). Absent: signaling only. */
		rtpCapabilities: RtpCapabilities.optional(),
		/** The fingerprints of the certificate of both transports; given here, it saves a round trip per transport. */
		dtlsParameters: DtlsParameters.optional(),
		/** Data channels wanted. */
		data: z.boolean().default(true),
		/** The client can send and receive directly, by `signal`. */
		mesh: z.boolean().default(false),
		subscribe: SubscribeDefault.default("all"),
		/** One picture and one sound of all that it receives, from the participant `~mix`, for a weak line or machine. */
		mixed: z.boolean().default(false),
		name: name.optional(),
		metadata: Json.optional(),
		presence: Json.optional(),
		/** What the client is, for the logs: SDK and its version, platform. */
		client: z.string().max(256).optional(),
	},
	resume: { session: SessionId, incarnation: z.string().max(64), seq: z.number().int().nonnegative() },
	leave: {},
	connectTransport: { endpoint: EndpointId, direction: Direction, dtlsParameters: DtlsParameters },
	restartIce: { endpoint: EndpointId, direction: Direction },
	/** Nothing gets through on an endpoint, and a restart of ICE did not help: wanted is one on another node. */
	mediaLost: { endpoint: EndpointId },
	/** Nothing is sent or received any more on an endpoint that was moved from. */
	release: { endpoint: EndpointId },
	/** In a mesh: everything comes directly, and nothing by this endpoint. When all have said so, the endpoints end. */
	meshReady: { endpoint: EndpointId },
	/** There is no direct way to somebody: an `auto` room turns to a node, for as long as this participant is in it. */
	meshFailed: {},
	publish: {
		/** Both only on an endpoint; in a mesh there is none. */
		endpoint: EndpointId.optional(),
		media: TrackMedia.optional(),
		track: TrackId,
		source: Source,
		/** Of a data channel in a mesh; elsewhere `media` has it. */
		label: z.string().max(128).optional(),
		muted: z.boolean().default(false),
		layers: z.array(Size).max(8).optional(),
		metadata: Json.optional(),
	},
	unpublish: { track: TrackId },
	/** Own track, or another's with the right to moderate (which can mute, never unmute). */
	mute: { track: TrackId, muted: z.boolean() },
	subscribe: { default: SubscribeDefault.optional(), tracks: z.array(SubscriptionChange).max(500).default([]) },
	keyFrame: { track: TrackId },
	/** A message to some, or to all others. `topic` is the application's own. */
	message: {
		to: z.array(ParticipantId).min(1).max(500).optional(),
		topic: z.string().max(128).optional(),
		payload: Json,
	},
	signal: { to: ParticipantId, signal: Signal },
	/** Own state that only its latest value matters of (hand raised, typing, cursor). Never stored. */
	presence: { presence: Json },
	update: { name: name.optional(), metadata: Json.optional() },
	updateRoom: { metadata: Json },
	/**
	 * What is done to what a participant sends, as text (docs/effects.md); without either, nothing any more. Own with the
	 * right to effects, another's with the right to moderate.
	 */
	effects: { participant: ParticipantId.optional(), ...EffectsRequest.shape },
	/** A property of a running effect. */
	controlEffect: { participant: ParticipantId.optional(), ...EffectControl.shape },
	/**
	 * Begins a recording under an id of the client's, as REST does (docs/recording.md); without a participant and a layout,
	 * of oneself. With the right to record, or to moderate.
	 */
	startRecording: { recording: RecordingId, ...recordingOptions },
	stopRecording: { recording: RecordingId },
	/** A page, oldest first; answered with `recordings`. */
	listRecordings: RecordingsQuery.shape,
	remove: { participant: ParticipantId, reason: z.string().max(256).optional() },
	move: { participant: ParticipantId, room: RoomName },
} as const;

export type RequestType = keyof typeof requests;

function request<T extends RequestType>(type: T) {
	return z.object({
		/** Grows with every request of a session. A request sent again keeps its id. */
		id: z.number().int().positive(),
		type: z.literal(type),
		...requests[type],
	});
}

export const ClientFrame = z.discriminatedUnion("type", [
	request("join"),
	request("resume"),
	request("leave"),
	request("connectTransport"),
	request("restartIce"),
	request("mediaLost"),
	request("release"),
	request("meshReady"),
	request("meshFailed"),
	request("publish"),
	request("unpublish"),
	request("mute"),
	request("subscribe"),
	request("keyFrame"),
	request("message"),
	request("signal"),
	request("presence"),
	request("update"),
	request("updateRoom"),
	request("effects"),
	request("controlEffect"),
	request("startRecording"),
	request("stopRecording"),
	request("listRecordings"),
	request("remove"),
	request("move"),
]);
export type ClientFrame = z.infer<typeof ClientFrame>;
/** As a client writes it: defaults may be left out. */
export type ClientFrameInput = z.input<typeof ClientFrame>;
export type RequestOf<T extends RequestType> = Omit<Extract<ClientFrame, { type: T }>, "id">;
export type RequestInput<T extends RequestType> = Omit<Extract<ClientFrameInput, { type: T }>, "id" | "type">;

// ---------------------------------------------------------------- room → client

export const ParticipantInfo = z.object({
	id: ParticipantId,
	/** Differs at each join of the same identity. Public, unlike the session. */
	join: z.number().int(),
	name: name.optional(),
	metadata: Json.optional(),
	presence: Json.optional(),
	/** `away`: its socket dropped and may still resume. */
	state: z.enum(["joined", "away"]),
	joinedAt: z.number().int(),
	/** In a mesh, a connection to it is to be made. */
	mesh: z.literal(true).optional(),
	tracks: z.array(TrackInfo),
});
export type ParticipantInfo = z.infer<typeof ParticipantInfo>;

export const RoomInfo = z.object({
	name: RoomName,
	metadata: Json.optional(),
	/** The one in force. */
	topology: Topology,
	createdAt: z.number().int(),
});
export type RoomInfo = z.infer<typeof RoomInfo>;

/** The whole state as of `seq`. */
export const Snapshot = z.object({
	incarnation: z.string(),
	seq: z.number().int().nonnegative(),
	room: RoomInfo,
	participants: z.array(ParticipantInfo),
	/** Those that are not over; absent: none. */
	recordings: z.array(RecordingInfo).optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;

/** First frame on every socket, sent by the room before it is asked anything. */
export const Welcome = z.object({
	type: z.literal("welcome"),
	protocol: z.literal(1),
	participant: ParticipantId,
	rights: Rights,
	/** Keep both to resume: `resume` on a new socket that carries this token. */
	session: z.object({ id: SessionId, token: z.string(), graceMs: z.number() }),
	/** The same on every node of a fleet, so that a client can prepare before it has one. */
	routerRtpCapabilities: RtpCapabilities,
	iceServers: IceServers.shape.iceServers,
	/** When the first of their credentials expires, ms since 1970. */
	iceServersExpireAt: IceServers.shape.expiresAt,
	heartbeatMs: z.number(),
	maxMessageBytes: z.number(),
});
export type Welcome = z.infer<typeof Welcome>;

/** Why a participant or track went. */
export const LeaveReason = z.enum(["left", "timeout", "replaced", "removed", "moved", "roomClosed"]);
export type LeaveReason = z.infer<typeof LeaveReason>;

/**
 * Changes and messages: numbered by the room, in order, replayed on resume. A participant sees the numbers of what
 * was for it, so they grow but need not be consecutive.
 */
const events = {
	participantJoined: { participant: ParticipantInfo },
	participantUpdated: {
		participant: ParticipantId,
		name: name.optional(),
		metadata: Json.optional(),
		state: z.enum(["joined", "away"]).optional(),
	},
	participantLeft: { participant: ParticipantId, reason: LeaveReason },
	trackPublished: { participant: ParticipantId, track: TrackInfo },
	trackUpdated: { participant: ParticipantId, track: TrackId, muted: z.boolean() },
	trackUnpublished: { participant: ParticipantId, track: TrackId },
	roomUpdated: { metadata: Json },
	/** The former way goes on until the new one carries everything. */
	topologyChanged: { topology: Topology },
	/** A message; `id` and `join` are the sender's, so that one sent twice is known as such. */
	message: {
		from: ParticipantId,
		join: z.number().int(),
		id: z.number().int(),
		topic: z.string().optional(),
		payload: Json,
	},
	/** `id` is the sender's last request that is in it. */
	signal: { from: ParticipantId, join: z.number().int(), id: z.number().int(), signal: Signal },
	/** The participant's media side is ready on a node: the first, or one that replaces an earlier one, which is void. */
	endpoint: {
		endpoint: EndpointId,
		node: z.object({ id: NodeId, region: Region }),
		send: TransportParameters.optional(),
		recv: TransportParameters.optional(),
		/**
		 * The endpoint it takes over from, which goes on meanwhile: publish again here, wait for what is received here,
		 * then `release` the former one. It ends by itself after ten seconds.
		 */
		former: EndpointId.optional(),
	},
	/** The media side is gone; another `endpoint` follows when a node is found. */
	endpointLost: { endpoint: EndpointId, reason: ErrorBody },
	/** New ICE parameters, on request. */
	ice: { endpoint: EndpointId, direction: Direction, iceParameters: IceParameters },
	/** Tracks that now flow to this participant, in one batch. One it has already is the same. */
	subscribed: { endpoint: EndpointId, consumers: z.array(ConsumerParameters) },
	unsubscribed: { endpoint: EndpointId, tracks: z.array(TrackId) },
	subscriptionFailed: { endpoint: EndpointId, track: TrackId, error: ErrorBody },
	/** What became of the effects on what this participant sends. */
	effects: { state: EffectsState, error: ErrorBody.optional() },
	/** A recording began, has another state, or failed. */
	recordingChanged: { recording: RecordingInfo },
	/** Go to another room with this token; the socket closes with `moved`. */
	moved: { room: RoomName, token: z.string() },
	/** Removed from the room; the socket closes with `removed`. */
	removed: { reason: z.string().optional() },
} as const;

/** Latest-value-only news, gathered and not numbered: a lost one is made good by the next. */
const volatile = {
	/** Merged presence of everybody whose presence changed. */
	presence: { presence: z.record(ParticipantId, Json) },
	/** Who speaks, loudest first; empty when nobody does. `dominant` is the active speaker. */
	speakers: { speakers: z.array(Speaker), dominant: ParticipantId.optional() },
	/** Layers that this participant gets of tracks now; null when a track sends nothing. */
	layers: { layers: z.record(TrackId, Layer.nullable()) },
	/** How much of this participant's own tracks anybody wants: send no layer above it, and with -1 nothing. */
	demand: { demand: Demand },
	/** Connection quality of participants, 0 to 10, as their node sees it. */
	quality: { quality: z.record(ParticipantId, Score) },
	/** In place of those of `welcome`: not all of them were known then. */
	iceServers: IceServers.shape,
} as const;

export type EventType = keyof typeof events;
export type VolatileType = keyof typeof volatile;

function event<T extends EventType>(type: T) {
	return z.object({ seq: z.number().int().positive(), type: z.literal(type), ...events[type] });
}
function news<T extends VolatileType>(type: T) {
	return z.object({ type: z.literal(type), ...volatile[type] });
}

export const EventFrame = z.discriminatedUnion("type", [
	event("participantJoined"),
	event("participantUpdated"),
	event("participantLeft"),
	event("trackPublished"),
	event("trackUpdated"),
	event("trackUnpublished"),
	event("roomUpdated"),
	event("topologyChanged"),
	event("message"),
	event("signal"),
	event("endpoint"),
	event("endpointLost"),
	event("ice"),
	event("subscribed"),
	event("unsubscribed"),
	event("subscriptionFailed"),
	event("effects"),
	event("recordingChanged"),
	event("moved"),
	event("removed"),
]);
export type EventFrame = z.infer<typeof EventFrame>;

export const VolatileFrame = z.discriminatedUnion("type", [
	news("presence"),
	news("speakers"),
	news("layers"),
	news("demand"),
	news("quality"),
	news("iceServers"),
]);
export type VolatileFrame = z.infer<typeof VolatileFrame>;

/** The answer to a request; `re` is its id. `joined` and `resumed` carry what the client needs to go on. */
export const Reply = z.discriminatedUnion("type", [
	z.object({ type: z.literal("ok"), re: z.number().int() }),
	z.object({ type: z.literal("error"), re: z.number().int(), error: ErrorBody }),
	/**
	 * A page; `next` is absent on the last. A recording whose files did not fit is the first of the next one as well, with
	 * the files that follow.
	 */
	z.object({
		type: z.literal("recordings"),
		re: z.number().int(),
		recordings: z.array(Recording),
		next: z.string().optional(),
	}),
	z.object({ type: z.literal("joined"), re: z.number().int(), ...Snapshot.shape }),
	/** `replayed`: the missed events follow. */
	z.object({ type: z.literal("replayed"), re: z.number().int(), seq: z.number().int() }),
	/** The room forgot what was missed: this is all there is now. Missed messages follow as events, and the media side in force as `endpoint` and `subscribed`. */
	z.object({
		type: z.literal("resumed"),
		re: z.number().int(),
		...Snapshot.shape,
	}),
]);
export type Reply = z.infer<typeof Reply>;

/** A refusal that answers no request: a frame that could not be read, or one on a socket about to close. */
export const Refusal = z.object({ type: z.literal("refused"), error: ErrorBody });
export type Refusal = z.infer<typeof Refusal>;

export const ServerFrame = z.union([EventFrame, VolatileFrame, Reply, Welcome, Refusal]);
export type ServerFrame = z.infer<typeof ServerFrame>;
