/**
 * Who is who. A client of this protocol is known to the room by its `socketId`, which tells its room too, since it is
 * all that a client says to come back. Others get one that is made of their identity.
 */
import { PUBLISHER, type Session } from "../../../shared/tribe.ts";
import { MARK_LENGTH, markOf } from "../../directory/mark.ts";
import { hash32 } from "../../hash.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { DIALECT, sessionFor } from "./session.ts";

const SOCKET_ID = /^[0-9A-F]{32}$/;
const SEEDS = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344];

/** The server's own end of a client's media. */
export const publisher: Session = { socketId: PUBLISHER, userId: "" };

/** For who joins a room; half of it cannot be guessed. */
export function newSocketId(room: string): string {
	const random = crypto.getRandomValues(new Uint8Array((32 - MARK_LENGTH) / 2));
	return markOf(room) + Array.from(random, (byte) => byte.toString(16).toUpperCase().padStart(2, "0")).join("");
}

/** Of the room that a socketId is of; undefined: it is none that was given out. */
export function markIn(socketId: string): string | undefined {
	return SOCKET_ID.test(socketId) ? socketId.slice(0, MARK_LENGTH) : undefined;
}

export function socketIdOf(participant: string): string {
	if (SOCKET_ID.test(participant)) return participant;
	return SEEDS.map((seed) => hash32(participant, seed).toString(16).toUpperCase().padStart(8, "0")).join("");
}

export function userIdOf(member: Member): string {
	return member.dialect === DIALECT ? sessionFor(member).userId : member.id;
}

export function sessionOf(member: Member): Session {
	return { socketId: socketIdOf(member.id), userId: userIdOf(member) };
}

/** Somebody who may be gone, as a client knows them. */
export function sessionKnown(core: Core, to: Member, participant: string): Session {
	const member = core.members.get(participant);
	if (member) return sessionOf(member);
	return { socketId: socketIdOf(participant), userId: sessionFor(to).peers[participant] ?? participant };
}

export function findMember(core: Core, socketId: string): Member | undefined {
	const member = core.members.get(socketId);
	if (member) return member;
	for (const other of core.members.values()) if (socketIdOf(other.id) === socketId) return other;
	return undefined;
}
