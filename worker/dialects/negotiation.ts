/**
 * Whose turn it is on a client's connection, where both sides may offer. Browsers take their own offer back when they
 * are given one (JSEP's implicit rollback), so a client's offer that crosses one it was given is refused; one that
 * comes before is answered, and what the node offered meanwhile is void. Kept in the dialect's row of a member.
 */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { Core } from "../room/core.ts";
import { describe, renegotiate } from "../room/descriptions.ts";
import type { Member } from "../room/state.ts";

export interface Negotiation {
	/** Numbers of requests that were used. */
	used: number;
	/** The client's offer that has no answer yet. */
	asked?: { request: number; at: number };
	/** The client's answer that was not applied yet. */
	answering?: number;
	/** The client was given an offer, ms, and has not answered it. */
	offeredAt?: number;
	/** The node has an offer that the client was not given. */
	held?: true;
}

/** A client that gave no answer for so long to an offer and then offers itself has no use for that one any more, ms. */
const STALE_MS = 5_000;
/** Nobody waits longer for the answer to a client's offer, ms. */
const LOST_MS = 30_000;

/** The client offers. Throws `conflict` when it is to answer first. */
export function takeOffer(core: Core, member: Member, turn: Negotiation, sdp: string, now: number): void {
	if (turn.offeredAt !== undefined && turn.offeredAt + STALE_MS > now) {
		throw new SwitchyardError("conflict", "an offer of the server is to be answered first");
	}
	const request = ++turn.used;
	describe(core, member, request, { connection: "", description: { type: "offer", sdp } });
	turn.asked = { request, at: now };
	turn.offeredAt = undefined;
}

/** The client answers. What is an answer to nothing is passed over: it crossed something. */
export function takeAnswer(core: Core, member: Member, turn: Negotiation, sdp: string): void {
	if (turn.offeredAt === undefined) return;
	const request = ++turn.used;
	try {
		describe(core, member, request, { connection: "", description: { type: "answer", sdp } });
	} catch (error) {
		// To an offer of a node that is gone: the next one offers anew.
		if (SwitchyardError.from(error).code !== "stale_endpoint") throw error;
		return;
	}
	turn.answering = request;
}

/** The node offers. False: the client is not to be given it now. */
export function mayGive(turn: Negotiation, wait: boolean, now: number): boolean {
	const asked = turn.asked !== undefined && turn.asked.at + LOST_MS > now;
	const may = !asked && !wait;
	turn.held = may ? undefined : true;
	if (may) turn.offeredAt = now;
	return may;
}

/** Gives what was held back. */
export function giveHeld(core: Core, member: Member, turn: Negotiation): void {
	if (!turn.held) return;
	turn.held = undefined;
	renegotiate(core, member, "");
}

/** The node answered the client's offer; it took back what it had offered, and offers that anew by itself. */
export function onAnswered(turn: Negotiation): void {
	turn.asked = undefined;
	turn.held = undefined;
}

/** Both sides have agreed on what the node offered. */
export function onAgreed(turn: Negotiation): void {
	turn.answering = undefined;
	turn.offeredAt = undefined;
}

/** What the client could not be told any more was of a node that is gone. */
export function onNodeLost(turn: Negotiation): void {
	turn.answering = undefined;
	turn.offeredAt = undefined;
	turn.held = undefined;
}

export interface Failed {
	about: "offer" | "answer" | "track";
	/** It crossed something, and what is to follow does so by itself. */
	harmless: boolean;
}

/** A request failed. */
export function onFailed(core: Core, member: Member, turn: Negotiation, request: number, { code }: ErrorBody): Failed {
	if (request === turn.asked?.request) {
		turn.asked = undefined;
		giveHeld(core, member, turn);
		return { about: "offer", harmless: false };
	}
	if (request !== turn.answering) return { about: "track", harmless: code === "stale_endpoint" };
	turn.answering = undefined;
	const harmless = code === "conflict" || code === "stale_endpoint";
	if (harmless) turn.offeredAt = undefined;
	return { about: "answer", harmless };
}
