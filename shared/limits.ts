/**
 * Limits and time-outs, all in one table: defaults, and the variable that overrides each at the edge.
 * The same table documents them (docs/settings.md) and is sent to clients in `welcome`.
 */
import * as z from "zod";

const positive = z.coerce.number().int().positive();

export const Limits = z.object({
	/** Largest frame or request body, bytes of UTF-8. */
	maxMessageBytes: positive.max(1_048_576).default(65_536),
	/** Sustained messages per second per socket; a burst of twice as many is allowed. */
	maxMessagesPerSecond: positive.default(100),
	/** Refused messages in a row (bad, or over the rate) after which a socket is closed with `abuse`. */
	maxRefusals: positive.default(200),
	maxParticipants: positive.default(500),
	/** People with media in a room that is always a mesh: each sends everything to every other. */
	maxMeshParticipants: positive.default(6),
	maxTracksPerParticipant: positive.default(16),
	maxTracksPerRoom: positive.default(2_000),
	/** Metadata of a participant, track or room, and a participant's presence: bytes of its JSON. */
	maxMetadataBytes: positive.default(4_096),
	/**
	 * Bytes sent to a socket since its last sign of life at which it is watched, and cut as a slow consumer when no sign
	 * comes in one and a half heartbeats; at eight times as many it is cut at once.
	 */
	maxBufferedBytes: positive.default(4_194_304),
	/** Messages kept for a participant whose socket is away; beyond them it must join anew. */
	maxMailbox: positive.default(1_000),
	/** How long a dropped socket may take to resume, ms. */
	resumeGraceMs: positive.default(30_000),
	/** From socket open to join, ms. */
	joinTimeoutMs: positive.default(10_000),
	/** A socket without a heartbeat for this long is dead, ms. */
	silenceMs: positive.default(60_000),
	/** How often clients send the heartbeat, ms. */
	heartbeatMs: positive.default(15_000),
	/** An empty room is deleted after this long, ms. */
	emptyRoomMs: positive.default(300_000),
	/** How long a node's dropped link may take to come back before its participants move, ms: a node that lives dials within 250. */
	linkGraceMs: positive.default(500),
	/** From asking a node to take a room to its link, ms. */
	assignmentMs: positive.max(60_000).default(10_000),
	/** Presence, candidates and speaker changes are gathered for this long before they are sent, ms. */
	coalesceMs: positive.default(40),
	/** How long an `auto` room has had no more than two people before they talk directly again, ms. */
	meshAfterMs: positive.default(3_000),
	/** Between two `room.live` events of a room, ms. */
	eventLiveMs: positive.default(60_000),
	/** Before an event that could not be delivered is tried again, ms: doubled each time up to the most, with full jitter. */
	eventRetryMs: positive.default(1_000),
	eventRetryMostMs: positive.default(300_000),
	/** How long a webhook's receiver may take to answer, ms. */
	webhookTimeoutMs: positive.default(10_000),
	/** An event that a webhook's receiver has not taken for this long is given up, ms. */
	webhookGiveUpMs: positive.default(86_400_000),
	/** Events that a room keeps for those who have not taken them; the oldest go. */
	maxPendingEvents: positive.default(10_000),
	/** How long the feed keeps events, taken or not, ms. */
	eventRetentionMs: positive.default(259_200_000),
});
export type Limits = z.infer<typeof Limits>;

/** The environment variable of a limit: `maxMessageBytes` is `MAX_MESSAGE_BYTES`. */
export function limitVariable(name: string): string {
	return name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase();
}

/** Limits from variables; an invalid one throws and names itself. */
export function readLimits(env: Readonly<Record<string, unknown>>): Limits {
	const raw: Record<string, unknown> = {};
	for (const name of Object.keys(Limits.shape)) {
		const value = env[limitVariable(name)];
		if (value != null && value !== "") raw[name] = value;
	}
	return Limits.parse(raw);
}

/** Heartbeat texts: an exact pair that the platform answers without waking the room. */
export const HEARTBEAT = { ping: "ping", pong: "pong" } as const;
