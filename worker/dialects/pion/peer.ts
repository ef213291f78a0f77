/** What the dialect keeps of a peer in its member's row. */
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import type { Negotiation } from "../negotiation.ts";
import type { Ids } from "./frames.ts";

export const DIALECT = "pion";

export interface Peer {
	ids: Ids;
	turn: Negotiation;
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
