/**
 * Events for back ends: who joined, left and is there, and what dialects add (docs/events.md). One form for webhooks,
 * queues and the feed; and the feed's frames, which a bridge to a broker reads.
 */
import * as z from "zod";
import { ParticipantId, RoomName } from "./ids.ts";
import { Json } from "./json.ts";
import { LeaveReason } from "./native.ts";

/** The room's own are `room.join`, `room.leave` and `room.live`; dialects name others in the same manner. */
export const EventName = z
	.string()
	.regex(/^[a-z][a-z0-9]*(\.[a-z][a-z0-9]*)+$/)
	.max(64);

/** What a dialect knows of somebody and the room does not: its device, its network. */
export const EventDetails = z.record(z.string().max(64), Json);
export type EventDetails = z.infer<typeof EventDetails>;

const Present = z.object({ id: ParticipantId, session: z.string(), user: z.string().optional() });

export const EventData = z.object({
	/** Participants in the room now: with who joined, without who left. */
	size: z.number().int(),
	/** Whom it is about. */
	participant: ParticipantId.optional(),
	/** One join of a participant. */
	session: z.string().optional(),
	/** Who it is, where its dialect gives it another id at each join. */
	user: z.string().optional(),
	name: z.string().optional(),
	/** The protocol it speaks. */
	dialect: z.string().optional(),
	/** Of `room.leave`. */
	reason: LeaveReason.optional(),
	/** Of `room.leave`, ms since 1970. */
	joinedAt: z.number().int().optional(),
	/** Of `room.live`: who is there, longest first; fewer than `size` where there are very many. */
	participants: z.array(Present).optional(),
	details: EventDetails.optional(),
});
export type EventData = z.infer<typeof EventData>;

export const EventRecord = z.object({
	/** The same each time it is delivered, and no other event's: `<room>/<seq>`. */
	id: z.string().max(160),
	/** Grows by one from each event of a room to the next; by more when the room was deleted in between. */
	seq: z.number().int(),
	room: RoomName,
	type: EventName,
	/** ms since 1970 */
	at: z.number().int(),
	data: EventData,
});
export type EventRecord = z.infer<typeof EventRecord>;

// ------------------------------------------------------------ the feed

export const EVENTS_SUBPROTOCOL = "switchyard.events.v1";
/** Objects that share the feed. Fixed for good: with another number, what is in them would lose its order. */
export const EVENT_SHARDS = 4;
/** Events that a consumer is sent ahead of its acknowledgements, in each share. */
export const EVENT_WINDOW = 512;

/** Who reads the feed; the edge keeps where each is. */
export const ConsumerName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "1 to 63 letters, digits, . _ or -");
export type ConsumerName = z.infer<typeof ConsumerName>;

/** To a consumer. */
export const FeedFrame = z.discriminatedUnion("type", [
	z.object({
		type: z.literal("hello"),
		/** Another one means that the share began anew: positions say nothing about the former. */
		log: z.string(),
		/** What this consumer has acknowledged. */
		position: z.number().int(),
	}),
	z.object({
		type: z.literal("events"),
		/** Positions grow, by one where nothing was dropped for its age. */
		events: z.array(z.object({ position: z.number().int(), event: EventRecord })),
	}),
]);
export type FeedFrame = z.infer<typeof FeedFrame>;

/** From a consumer: everything up to this position is done, and is not sent to it again. */
export const FeedAck = z.object({ type: z.literal("ack"), position: z.number().int().min(0) });
export type FeedAck = z.infer<typeof FeedAck>;
