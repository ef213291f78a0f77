/** REST resources of `/v1`: bodies and answers. OpenAPI is generated from these. */
import * as z from "zod";
import { EffectChain, EffectOptions, EffectsState } from "./effects.ts";
import { ErrorBody } from "./errors.ts";
import { ConsumerName } from "./events.ts";
import { NodeLoad } from "./fleet.ts";
import { NodeId, ParticipantId, Region, RoomName, TrackId } from "./ids.ts";
import { Json } from "./json.ts";
import { TrackInfo } from "./media.ts";
import { RoomInfo } from "./native.ts";
import { Rights } from "./tokens.ts";

/** `auto`: two people send each other their media; a node carries that of more. */
export const TopologySetting = z.enum(["sfu", "mesh", "auto"]);
export type TopologySetting = z.infer<typeof TopologySetting>;

export const RoomSettings = z.object({
	/** `DEFAULT_TOPOLOGY` of the edge, which is `sfu`, when absent. */
	topology: TopologySetting.optional(),
	maxParticipants: z.number().int().min(1).max(10_000).optional(),
	maxTracks: z.number().int().min(1).max(20_000).optional(),
	/** Deleted after being empty for this long, ms. */
	emptyRoomMs: z.number().int().min(1_000).max(604_800_000).optional(),
	/** Cameras of only so many people go to those who did not ask for one: who spoke last, else who joined first. */
	lastN: z.number().int().min(1).max(100).optional(),
	/** Everybody gets one picture and one sound of all others. */
	mixed: z.boolean().optional(),
	/** ms */
	resumeGraceMs: z.number().int().min(0).max(600_000).optional(),
	/** Where the room's events go as well, besides where the edge sends those of all rooms. */
	webhooks: z.array(z.url().max(1_024)).max(4).optional(),
});
export type RoomSettings = z.infer<typeof RoomSettings>;

export const RoomCreate = z.object({
	/** Given: creating it again returns the room that is there, unchanged. Absent: a name is made. */
	name: RoomName.optional(),
	metadata: Json.optional(),
	settings: RoomSettings.optional(),
});
export type RoomCreate = z.infer<typeof RoomCreate>;

/** One node of a room: whom it serves, and what it sends to the room's other nodes. */
export const RoomNode = z.object({
	id: NodeId,
	region: Region,
	/** `detached`: its link dropped and may come back, while media goes on. */
	state: z.enum(["linked", "detached", "draining", "full"]),
	participants: z.array(ParticipantId),
	pipes: z.array(z.object({ to: NodeId, tracks: z.number().int() })),
});
export type RoomNode = z.infer<typeof RoomNode>;

const bitrate = z.number().int().min(0);
/** Bits per second that nodes receive from participants, over the last seconds. */
export const Bitrates = z.object({
	audio: bitrate,
	camera: bitrate,
	screen: bitrate,
	screenAudio: bitrate,
	total: bitrate,
});
export type Bitrates = z.infer<typeof Bitrates>;

export const Room = RoomInfo.extend({
	settings: RoomSettings,
	participants: z.number().int(),
	tracks: z.number().int(),
	/** Nodes that carry its media now. */
	nodes: z.array(RoomNode),
	/** Differences between room and nodes that were found and mended since it was made. */
	mended: z.number().int(),
	/** Where asked for. */
	bitrates: Bitrates.optional(),
});
export type Room = z.infer<typeof Room>;

export const RoomSummary = z.object({ name: RoomName, createdAt: z.number().int() });
export type RoomSummary = z.infer<typeof RoomSummary>;

export const Participant = z.object({
	id: ParticipantId,
	name: z.string().optional(),
	metadata: Json.optional(),
	state: z.enum(["joined", "away"]),
	joinedAt: z.number().int(),
	/** Asked for by its token. */
	region: Region.optional(),
	rights: Rights,
	/** `bitrate`, bits per second, where asked for and known: no node carries the tracks of a mesh. */
	tracks: z.array(TrackInfo.extend({ bitrate: bitrate.optional() })),
	node: NodeId.optional(),
	client: z.string().optional(),
});
export type Participant = z.infer<typeof Participant>;

export const Node = z.object({
	id: NodeId,
	region: Region,
	version: z.string(),
	/** `full`: it has as many participants as it may, or its load leaves no room for more. */
	state: z.enum(["ready", "draining", "full"]),
	/** When what it carries must be gone, while it drains. */
	drainDeadline: z.number().int().optional(),
	addresses: z.array(z.string()),
	/** Where its TURN server is reached; whether it answers is in the load. */
	turn: z.array(z.string()).optional(),
	connectedAt: z.number().int(),
	reportedAt: z.number().int(),
	load: NodeLoad,
});
export type Node = z.infer<typeof Node>;

export const NodeDrain = z.object({
	/** How long its rooms have to move. */
	deadlineSeconds: z.number().int().min(1).max(86_400).default(300),
	/** The node's process ends when it serves nothing any more, or at the deadline. */
	exit: z.boolean().default(false),
});

export const TokenCreate = z.object({
	identity: ParticipantId,
	name: z.string().max(256).optional(),
	metadata: Json.optional(),
	rights: Rights.partial().optional(),
	/** Where their media is to be served, instead of near them. */
	region: Region.optional(),
	/** Seconds it may be used to join; a session that has joined lives on. */
	ttl: z.number().int().min(1).max(86_400).default(600),
});
export type TokenCreate = z.infer<typeof TokenCreate>;

export const TokenCreated = z.object({
	token: z.string(),
	/** Where to connect with it. */
	url: z.url(),
	expiresAt: z.number().int(),
});
export type TokenCreated = z.infer<typeof TokenCreated>;

/** What is done to what a participant sends. */
export const ParticipantEffects = z.object({
	audio: EffectChain.optional(),
	video: EffectChain.optional(),
	options: EffectOptions,
	/** Absent: there are none, or nothing has come of them yet. */
	state: EffectsState.optional(),
	/** Why they are not live. */
	error: ErrorBody.optional(),
});
export type ParticipantEffects = z.infer<typeof ParticipantEffects>;

export const MuteBody = z.object({
	muted: z.literal(true).default(true),
	/** Absent: all audio and video tracks. */
	tracks: z.array(TrackId).max(100).optional(),
});
export const MoveBody = z.object({ room: RoomName });
export const RemoveQuery = z.object({ reason: z.string().max(256).optional() });

/** `all` must be there: a path that lost its room's name deletes nothing. */
export const DeleteAllQuery = z.object({
	all: z.literal("true"),
	limit: z.coerce.number().int().min(1).max(500).default(100),
});
export const Deleted = z.object({
	deleted: z.number().int(),
	/** Rooms were left, by the limit or since they did not answer: call again. */
	more: z.boolean(),
});

/** `true`: the nodes are asked what they receive, which may take a second. */
export const BitratesQuery = z.object({ bitrates: z.enum(["true", "false"]).optional() });

export const PageQuery = z.object({
	limit: z.coerce.number().int().min(1).max(500).default(100),
	/** `next` of the page before. */
	cursor: z.string().max(512).optional(),
});
export type PageQuery = z.infer<typeof PageQuery>;

export const EventsQuery = z.object({
	/** `cursor` of the page before; absent: from the oldest that is kept. */
	after: z.string().max(256).optional(),
	limit: z.coerce.number().int().min(1).max(500).default(100),
	/** Only of this room. */
	room: RoomName.optional(),
});
export type EventsQuery = z.infer<typeof EventsQuery>;

export const EventConsumer = z.object({
	name: ConsumerName,
	/** Events that it has not acknowledged. */
	behind: z.number().int(),
	/** When it last acknowledged any. */
	ackedAt: z.number().int(),
	/** With a socket to each share of the feed. */
	connected: z.boolean(),
});
export type EventConsumer = z.infer<typeof EventConsumer>;

/** One page of a list; `next` is absent on the last. */
export function page<T extends z.ZodType>(item: T) {
	return z.object({ items: z.array(item), next: z.string().optional() });
}
