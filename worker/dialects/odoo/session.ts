/** What the dialect keeps of a session in its member's row, and how a session ends. */
import type { Info, StreamType } from "../../../shared/odoo.ts";
import type { Core } from "../../room/core.ts";
import { removeMember } from "../../room/members.ts";
import type { Member } from "../../room/state.ts";

export const DIALECT = "odoo";

/** From the credentials to being connected, ms. */
const CONNECT_MS = 10_000;
export const PING_MS = 60_000;
/** Errors that a session survives. */
const MAX_ERRORS = 6;

/** A request of the client that a node carries out. */
export interface Pending {
	id: string;
	producer?: { type: StreamType; track: string };
}

export interface Session {
	info: Info;
	errors: number;
	/** It has its transports, or needs none. */
	connected: boolean;
	/** The media side that its transports belong to. */
	endpoint?: string;
	/** By the numbers that the room knows them by. */
	pending: Record<number, Pending>;
	/** Numbers used, of requests in both directions. */
	used: number;
	/** The consumer that the client has of each track. */
	taken: Record<string, string>;
	connectBy?: number;
	/** The answer to INIT_TRANSPORTS is due. */
	transportsBy?: number;
	pingAt: number;
	/** The answer to the latest PING is due. */
	pongBy?: number;
}

export function newSession(info: Info, now: number, withMedia: boolean): Session {
	const connectBy = withMedia ? now + CONNECT_MS : undefined;
	const counters = { errors: 0, used: 0, pending: {}, taken: {} };
	return { info, ...counters, connected: !withMedia, connectBy, pingAt: now + PING_MS };
}

/** Of a client that begins anew in the place it had: what it said holds, and its streams go on where it sends them. */
export function sameSession({ info, used }: Session, now: number, withMedia: boolean): Session {
	return { ...newSession(info, now, withMedia), used };
}

/** Of a member that speaks this dialect. */
export function sessionFor(member: Member): Session {
	return member.own as Session;
}

export function nextDue({ connectBy, transportsBy, pongBy, pingAt }: Session): number {
	const times = [connectBy, transportsBy, pongBy].filter((time) => time !== undefined);
	return Math.min(pingAt, ...times);
}

/** The session was changed in place. One whose client is gone for a moment is not looked after. */
export function keep(core: Core, member: Member): void {
	member.dueAt = member.state === "away" ? undefined : nextDue(sessionFor(member));
	core.members.touch(member.id);
}

/** Ends a session from our side; its client may come back. Not at once: others may just be being told something. */
export function cut(core: Core, member: Member, code: number): void {
	const { id, session } = member;
	core.later(() => {
		const now = core.members.get(id);
		if (now?.session !== session) return;
		const ws = core.socket(now);
		if (ws) core.sockets.close(ws, code);
		removeMember(core, now, "timeout");
	});
}

/** False: that was one too many. */
export function countError(core: Core, member: Member, code: number): boolean {
	const session = sessionFor(member);
	session.errors++;
	keep(core, member);
	if (session.errors <= MAX_ERRORS) return true;
	cut(core, member, code);
	return false;
}
