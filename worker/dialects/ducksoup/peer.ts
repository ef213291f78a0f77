/** What the dialect keeps of a connection in its member's row. */
import type { JoinOptions } from "../../../shared/ducksoup.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";

/** No offer of a node by then: there is no media side to be had, ms. Before ready, the interaction is given up earlier. */
const OFFER_MS = 20_000;
/** For the first answer, which may wait for a permission; and for others. */
const FIRST_ANSWER_MS = 30_000;
const ANSWER_MS = 10_000;
/** For a connection to come about after both sides have agreed, ms. */
const CONNECT_MS = 15_000;
/** For one that was lost to come back, ms. */
const RETURN_MS = 10_000;

export interface Peer {
	options: JoinOptions;
	/** What of its media has effects. */
	altered: { audio: boolean; video: boolean };
	/** Which of its user's connections it is, from 1. */
	connection: number;
	/** The stream that others receive it in. */
	stream: string;
	joinedAt: number;
	/** Numbers of requests that were used. */
	used: number;
	/** It was given an offer and has not answered, ms. */
	offeredAt?: number;
	/** What it is answering was of a node that is gone. */
	stale?: true;
	/** The node has an offer that it was not given: one at a time. */
	held?: true;
	/** Its answer that was not applied yet. */
	answering?: number;
	/** It has answered before. */
	agreed?: true;
	connected: boolean;
	/** Connected by then, or evicted, ms. */
	connectBy?: number;
	/** It was told of the start, ms. */
	startedAt?: number;
	/** When it is told that the end is near, ms. */
	noticeAt?: number;
	/** Tracks of it that are in the log. */
	noted?: string[];
	/** What is recorded of it was begun. */
	recorded?: true;
	/** Why it was let go of. */
	cause?: string;
}

export function newPeer(options: JoinOptions, altered: Peer["altered"], connection: number, stream: string): Peer {
	return { options, altered, connection, stream, joinedAt: Date.now(), used: 0, connected: false };
}

/** Of a member that speaks this dialect. */
export function peerFor(member: Member): Peer {
	return member.own as Peer;
}

/** Its client is there: for how long it may be without a connection from now on. */
export function expectConnection(peer: Peer, now: number, lost: boolean): void {
	peer.connectBy = peer.connected ? undefined : now + (lost ? RETURN_MS : CONNECT_MS);
}

export type Overdue = "offer" | "answer" | "connection" | "notice";

/** What is to happen when; undefined: nothing of the kind. */
function clocks(peer: Peer): Record<Overdue, number | undefined> {
	const { joinedAt, offeredAt, agreed, answering } = peer;
	const waits = offeredAt === undefined && agreed === undefined && answering === undefined;
	return {
		offer: waits ? joinedAt + OFFER_MS : undefined,
		answer: offeredAt === undefined ? undefined : offeredAt + (agreed ? ANSWER_MS : FIRST_ANSWER_MS),
		connection: peer.connectBy,
		notice: peer.noticeAt,
	};
}

export function overdue(peer: Peer, now: number): Overdue[] {
	return Object.entries(clocks(peer)).flatMap(([what, at]) => (at !== undefined && at <= now ? [what as Overdue] : []));
}

/** The peer was changed in place. */
export function keep(core: Core, member: Member): void {
	const times = Object.values(clocks(peerFor(member))).filter((at) => at !== undefined);
	member.dueAt = times.length > 0 ? Math.min(...times) : undefined;
	core.members.touch(member.id);
}

export function tell(core: Core, member: Member, frame: string): void {
	const ws = core.socket(member);
	if (ws) core.sockets.send(ws, frame);
}
