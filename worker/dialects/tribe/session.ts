/** What the dialect keeps of a client in its member's row. */
import type { JoinData } from "../../../shared/tribe.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";

export const DIALECT = "tribe";

export interface TribeSession extends Omit<JoinData, "roomId"> {
	/** As the client named it. */
	roomId: string;
	userId: string;
	address: string;
	/** The users of others that speak this protocol, by participant: for when they are gone. */
	peers: Record<string, string>;
	/** What it was last told of who sends what, where that is not everything: by participant. */
	modes: Record<string, Mode>;
	/** It sends its media to a node: it was asked to take it, and has agreed. */
	publisher?: "asked" | "agreed";
	/** When to look whether a node has its offer, ms. */
	offerBy?: number;
	/** Connections that carry media. */
	up: string[];
	/** When to look whether it is still there, since none does any more, ms. */
	lookAt?: number;
}

export interface Mode {
	audio: boolean;
	video: boolean;
}

/** Of a member that speaks this dialect. */
export function sessionFor(member: Member): TribeSession {
	return member.own as TribeSession;
}

/** The session was changed in place. */
export function keep(core: Core, member: Member): void {
	const { offerBy, lookAt } = sessionFor(member);
	const times = [offerBy, lookAt].filter((time) => time !== undefined);
	member.dueAt = times.length > 0 ? Math.min(...times) : undefined;
	core.members.touch(member.id);
}
