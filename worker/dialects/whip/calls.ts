/**
 * What the edge asks of a room on behalf of HTTP, and what comes back. Some answers have to wait for a media node: the
 * caller waits with them, and for no longer than `PATIENCE_MS`.
 */
import type { ErrorBody } from "../../../shared/errors.ts";
import type { EventType, Feed, LayerChoice } from "../../../shared/whip.ts";
import type { Env } from "../../env.ts";
import type { Grant, RoomRpc } from "../../room/rpc.ts";

/** How long a request waits for a node, ms. */
export const PATIENCE_MS = 10_000;
/** How long a viewer waits for something to watch, ms. */
export const AUDIENCE_PATIENCE_MS = 5_000;

/** How long an offer of the node's waits for its answer, ms. */
export const COUNTER_VALID_MS = 30_000;

export const WHIP = "whip";
export const WHEP = "whep";
export type Protocol = typeof WHIP | typeof WHEP;

export interface Publish {
	type: "publish";
	grant: Grant;
	offer: string;
	feed: Feed;
	/** What its tracks' ids begin with. */
	prefix: string;
}
export interface Watch {
	type: "watch";
	grant: Grant;
	/** Empty: the node is to offer. */
	offer: string;
	/** Whom to watch; absent: whoever publishes. */
	participant?: string;
	feed: Feed;
}
/** Of a session that is there. `participant` is the one that the request's token names. */
interface OfSession {
	session: string;
	participant?: string;
}
export interface Fragment extends OfSession {
	type: "fragment";
	ufrag: string;
	ifMatch?: string;
}
export interface Accept extends OfSession {
	type: "accept";
	answer: string;
}
export interface Choose extends OfSession {
	type: "choose";
	choice: LayerChoice;
}
export type Question =
	| Publish
	| Watch
	| Fragment
	| Accept
	| Choose
	| (OfSession & { type: "find" })
	| (OfSession & { type: "end" })
	| (OfSession & { type: "addStream"; stream: string; events: EventType[] })
	| (OfSession & { type: "endStream"; stream: string })
	| (OfSession & { type: "stream"; stream?: string });

/** What cannot be done, as HTTP says it. */
export interface Failure {
	type: "failed";
	status: number;
	error: ErrorBody;
	/** Seconds. */
	retryAfter?: number;
}

export type Reply =
	/** A description for the client: an answer to its offer, or an offer that it is to answer. */
	| { type: "described"; sdp: string; etag: string; counter: boolean }
	/** ICE was restarted. */
	| { type: "restarted"; fragment: string; etag: string }
	/** The events of a stream. */
	| { type: "stream"; events: EventType[] }
	| { type: "done" }
	| Failure;

/** Asks a room. A room whose object fails on the way is reported by throwing. */
export async function askSession(env: Env, room: string, protocol: Protocol, question: Question): Promise<Reply> {
	const stub = env.ROOM.getByName(room) as unknown as RoomRpc;
	// Both ends are this code: what crosses is what its types say.
	return (await stub.consult(protocol, question)) as Reply;
}
