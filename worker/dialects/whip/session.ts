/**
 * What is kept of a session in its member's row, and how long it lives: as long as its media's path, some grace added.
 * Who publishes or watches over HTTP has no socket that could end.
 */
import type { Described, EventType, Feed } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import { removeMember } from "../../room/members.ts";
import type { Member } from "../../room/state.ts";
import { COUNTER_VALID_MS } from "./calls.ts";

/** Longer than any request waits, ms: whoever asked is gone. */
const OPENING_MS = 20_000;
/** From the answer to being connected, ms. */
const CONNECT_MS = 30_000;
/** How long a lost path may take to come back, by a restart of ICE, ms. Consent has been missing for longer (RFC 7675). */
const RETURN_MS = 15_000;

export interface Watching {
	/** Whom; absent: whoever publishes. */
	participant?: string;
	feed: Feed;
	/** Whom it watches now. */
	publisher?: string;
	/** The tracks that it is given, by kind. */
	audio?: string;
	video?: string;
	/** Sections of the client's offer, by kind: their place in it, which is what layers are chosen by. */
	sections: { audio?: number; video?: number };
	/** Payload types as the client has them; absent where the node offered. */
	offered?: { mimeType: string; payloadType: number }[];
	/** Streams of events that were asked for, and of which. */
	streams: Record<string, EventType[]>;
	/** What its streams of events told last: that there is something to watch, its layers, and how many watch it. */
	told: { active: boolean; layers: string; viewers?: number };
	/** Told that it is to come again. */
	leaving?: true;
}

export interface Session {
	/** Numbers used, of requests to the room. */
	used: number;
	/** `opening` until the client is answered, `countered` until it has answered the node's offer. */
	state: "opening" | "countered" | "open";
	/** The request whose answer opens it. */
	opens: number;
	/** Restarts of ICE that the node is asked for, in order, and the client's user fragment from then on. */
	restarts: { request: number; ufrag: string }[];
	/** The client's ICE session, by its user fragment; and the node's, which is the entity-tag. */
	ufrag: string;
	etag: string;
	/** What a fragment of the node's repeats. */
	lines: Described["lines"];
	/** It ends then, unless something happens before, ms. */
	endsAt?: number;
	publishes?: { prefix: string; feed: Feed };
	watches?: Watching;
}

export function newSession(ufrag: string, part: Pick<Session, "publishes" | "watches">): Session {
	const lines = { options: [], head: [], candidates: [] };
	const counters = { used: 0, opens: 0, restarts: [] };
	return { ...counters, state: "opening", ufrag, etag: "", lines, endsAt: Date.now() + OPENING_MS, ...part };
}

/** Of a member that speaks this dialect. */
export function sessionOf(member: Member): Session {
	return member.own as Session;
}

/** The session was changed in place. */
export function keep(core: Core, member: Member): void {
	member.dueAt = sessionOf(member).endsAt;
	core.members.touch(member.id);
}

/** The next number for a request to the room. */
export function number(core: Core, member: Member): number {
	keep(core, member);
	return ++sessionOf(member).used;
}

/** The client was answered, and has its time to connect. */
export function awaitConnection(core: Core, member: Member): void {
	const session = sessionOf(member);
	session.endsAt = Date.now() + (session.state === "countered" ? COUNTER_VALID_MS : CONNECT_MS);
	keep(core, member);
}

/** The media's path is there, or was lost. */
export function onPath(core: Core, member: Member, connected: boolean): void {
	const session = sessionOf(member);
	if (session.state !== "open") return;
	if (!connected && session.endsAt !== undefined) return;
	session.endsAt = connected ? undefined : Date.now() + RETURN_MS;
	keep(core, member);
}

/** Ends a session from our side. Not at once: others may just be being told something. */
export function cut(core: Core, member: Member): void {
	const { id, session } = member;
	core.later(() => {
		const now = core.members.get(id);
		if (now?.session === session) removeMember(core, now, "timeout");
	});
}

/** The member of a session; undefined when it has ended, or is not whose the request says. */
export function find(
	core: Core,
	dialect: string,
	{ session, participant }: { session: string; participant?: string },
): Member | undefined {
	const members = participant === undefined ? core.members.values() : [core.members.get(participant)];
	for (const member of members) if (member?.session === session && member.dialect === dialect) return member;
	return undefined;
}
