/** What the dialect keeps of a peer in its member's row. */
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import type { Ids } from "./frames.ts";

export const DIALECT = "pion";

/** What a request is about that the room knows by a number. */
export type About = "offer" | "answer" | "track";

export interface Peer {
	ids: Ids;
	/** Numbers used. */
	used: number;
	pending: Record<number, About>;
	/** Of the ICE credentials whose candidates its client was told. */
	ufrag?: string;
	/** Renegotiations in a row that its client answered with what could not be used. */
	refused: number;
	/** When one more is tried, ms. */
	retryAt?: number;
	connected: boolean;
	/** When it is removed unless it is connected by then, ms. */
	connectBy?: number;
}

/** Of a member that speaks this dialect. */
export function peerFor(member: Member): Peer {
	return member.own as Peer;
}

/** The peer was changed in place. */
export function keep(core: Core, member: Member): void {
	const { retryAt, connectBy } = peerFor(member);
	const times = [retryAt, connectBy].filter((time) => time !== undefined);
	member.dueAt = times.length > 0 ? Math.min(...times) : undefined;
	core.members.touch(member.id);
}

/** Numbers a request of this peer. */
export function pend(core: Core, member: Member, about: About): number {
	const peer = peerFor(member);
	const request = ++peer.used;
	peer.pending[request] = about;
	keep(core, member);
	return request;
}

/** What a request was about that is answered now. */
export function settle(core: Core, member: Member, request: number): About | undefined {
	const peer = peerFor(member);
	const about = peer.pending[request];
	delete peer.pending[request];
	keep(core, member);
	return about;
}
