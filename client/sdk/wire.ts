/**
 * The native protocol as the SDK needs it: types only, and the few constants, said again here since shared/native.ts
 * and shared/limits.ts would bring zod into every page. test/unit/sdk-wire.test.ts holds them equal.
 */
import type { ErrorBody } from "../../shared/errors.ts";
import type {
	EventFrame,
	EventType,
	Refusal,
	Reply,
	RequestInput,
	RequestType,
	Snapshot,
	VolatileFrame,
	Welcome,
} from "../../shared/native.ts";

export type { IceServers } from "../../shared/ice.ts";
export type {
	ConsumerParameters,
	DtlsParameters,
	TrackInfo,
	TrackMedia,
	TransportParameters,
} from "../../shared/media.ts";
export type {
	ParticipantInfo,
	Signal,
	Snapshot,
	SubscriptionChange,
	Topology,
	VolatileFrame,
	Welcome,
} from "../../shared/native.ts";
export type { Recording, RecordingInfo } from "../../shared/recordings.ts";
export type { ErrorBody, EventFrame, Refusal, Reply, RequestInput, RequestType };

export const SUBPROTOCOL = "switchyard.v1";
export const BEARER_PREFIX = "bearer.";
export const HEARTBEAT = { ping: "ping", pong: "pong" } as const;

export type ServerFrame = EventFrame | VolatileFrame | Reply | Welcome | Refusal;
export type EventOf<T extends EventType> = Extract<EventFrame, { type: T }>;
export type ReplyOf<T extends Reply["type"]> = Extract<Reply, { type: T }>;
/** What tells the room's whole state. */
export type Whole = Snapshot;
