/** What the dialect keeps of a client in its member's row, and what only memory holds. */
import type { SentTrack } from "../../../shared/sdp.ts";
import type { PublishLimitation, Quality, SourceType } from "../../../shared/talksy.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import type { Negotiation } from "../negotiation.ts";

export const DIALECT = "talksy";

/** A client may take this long to answer an offer, ms. */
export const ANSWER_MS = 30_000;
/** One whose connection is not there for so long is gone, ms. */
export const IDLE_MS = 300_000;

/** A track of its own, by the id that it has at the client. */
export interface OwnTrack {
	/** The room's id. */
	track: string;
	/** As the client said when it was told that the track came. */
	source?: SourceType;
}

export interface Client {
	turn: Negotiation;
	/** What it sends, as last described. */
	sends: SentTrack[];
	tracks: Record<string, OwnTrack>;
	/** Tracks of its own so far. */
	counted: number;
	quality: Quality;
	/** Sizes of the elements that show tracks, by room's id. */
	sizes: Record<string, { width: number; height: number }>;
	/** Of the ICE credentials whose candidates it was told. */
	ufrag?: string;
	connected: boolean;
	/** It was told that it may offer; it is given no offers until then, ms. */
	promisedUntil?: number;
	/** When it is gone unless it is connected by then, ms. */
	idleAt?: number;
	/** 1 stable, 0 not, as it was told. */
	condition?: 0 | 1;
}

export function newClient(now: number): Client {
	return {
		...{ turn: { used: 0 }, sends: [], tracks: {}, counted: 0, quality: "high", sizes: {} },
		...{ connected: false, idleAt: now + IDLE_MS },
	};
}

/** Of a member that speaks this dialect. */
export function clientFor(member: Member): Client {
	return member.own as Client;
}

/** The client was changed in place. */
export function keep(core: Core, member: Member): void {
	const { turn, promisedUntil, idleAt } = clientFor(member);
	const answerBy = turn.offeredAt === undefined ? undefined : turn.offeredAt + ANSWER_MS;
	const times = [answerBy, promisedUntil, idleAt].filter((time) => time !== undefined);
	member.dueAt = times.length > 0 ? Math.min(...times) : undefined;
	core.members.touch(member.id);
}

/** Lost with memory, and good again by the next message that it is of. */
export interface Memory {
	/** What the client says that it can send, bit/s, and what keeps it from sending more. */
	bandwidth?: number;
	limitation: PublishLimitation;
	/** Others' tracks that are to be announced at the end of this turn. */
	announcing: Set<string>;
	/** The SSRC that a track comes to it with. */
	ssrcs: Map<string, number>;
	/** Others' tracks that it was told have a voice on them. */
	voices: Set<string>;
	/** Its own voice: since when, and how long before that, ms. */
	speaksSince?: number;
	spokeMs: number;
	/** When each track's size was last used, and a timer for what came since. */
	sized: Map<string, { at: number; timer?: ReturnType<typeof setTimeout> }>;
}

const memories = new WeakMap<Member, Memory>();

/** Members are read anew when memory was lost. */
export function memoryOf(member: Member): Memory {
	let memory = memories.get(member);
	if (!memory) {
		memory = {
			...{ limitation: "none", announcing: new Set(), ssrcs: new Map() },
			...{ voices: new Set(), spokeMs: 0, sized: new Map() },
		};
		memories.set(member, memory);
	}
	return memory;
}

export function tell(core: Core, member: Member, frame: string): void {
	const ws = core.socket(member);
	if (ws) core.sockets.send(ws, frame);
}
