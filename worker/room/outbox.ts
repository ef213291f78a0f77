/**
 * Numbers what members are told, keeps the latest of it for those who come back, and keeps messages for those away.
 *
 * One counter and one ring serve the whole room, so that a broadcast is serialized once and the same text goes to
 * every socket of a dialect. Both are memory: the numbers start anew under another `incarnation` when it is lost, and
 * above the former ones, since sockets outlive memory and their clients drop what has a number they are beyond.
 */
import type { LinkReport } from "../../shared/link.ts";
import type { EventFrame, VolatileFrame } from "../../shared/native.ts";
import type { EndpointStatistics } from "../../shared/statistics.ts";

type WithoutSeq<T> = T extends unknown ? Omit<T, "seq"> : never;
/** Of a client's connections that are described in SDP; only dialects that ask for such are told. */
export type ConnectionEvent = Extract<LinkReport, { type: "description" | "agreed" | "connection" | "media" | "text" }>;
/** Something that members are told once, in order. */
export type RoomEvent = WithoutSeq<EventFrame> | ConnectionEvent;
/** What goes through a member's endpoint; only dialects that ask for such are told. */
export interface StatisticsNews {
	type: "statistics";
	statistics: EndpointStatistics;
}
/** Something of which only the latest value matters. */
export type RoomNews = VolatileFrame | StatisticsNews;

/** Who is told: everybody, everybody but one, or those named. */
export type Audience = { except?: string } | { to: readonly string[] };

export interface Entry {
	seq: number;
	at: number;
	event: RoomEvent;
	audience: Audience;
	/** Frames made of it, by dialect. */
	frames: Map<string, string>;
	size: number;
}

/** How much is kept for a socket that comes back: what a room says in a busy half minute. */
const RING_ENTRIES = 4_096;
const RING_BYTES = 4_194_304;

export function reaches(audience: Audience, participant: string): boolean {
	return "to" in audience ? audience.to.includes(participant) : audience.except !== participant;
}

export class Outbox {
	readonly incarnation = crypto.randomUUID();
	/** No room has said a thousand things in each millisecond of its life. */
	#seq = Date.now() * 1_000;
	#ring: Entry[] = [];
	#start = 0;
	#bytes = 0;

	get seq(): number {
		return this.#seq;
	}

	add(event: RoomEvent, audience: Audience, at: number): Entry {
		const entry: Entry = { seq: ++this.#seq, at, event, audience, frames: new Map(), size: 0 };
		this.#ring.push(entry);
		this.#trim();
		return entry;
	}

	/** The frame of an entry in one dialect, made once. */
	frame(entry: Entry, dialect: string, make: (seq: number, event: RoomEvent) => string): string {
		let frame = entry.frames.get(dialect);
		if (frame === undefined) {
			frame = make(entry.seq, entry.event);
			entry.frames.set(dialect, frame);
			entry.size += frame.length;
			this.#bytes += frame.length;
			this.#trim();
		}
		return frame;
	}

	/** What a participant missed after `seq`, or undefined when that is not known any more. */
	since(incarnation: string, seq: number, participant: string): Entry[] | undefined {
		if (incarnation !== this.incarnation || seq > this.#seq) return undefined;
		const oldest = this.#ring[this.#start]?.seq ?? this.#seq + 1;
		if (seq < oldest - 1) return undefined;
		return this.#ring.slice(this.#start + (seq - oldest + 1)).filter((entry) => reaches(entry.audience, participant));
	}

	/** Messages to a participant since a time: what may have been on its way when its socket dropped. */
	messagesSince(at: number, participant: string): RoomEvent[] {
		return this.#ring
			.slice(this.#start)
			.filter((e) => e.at >= at && isMessage(e.event) && reaches(e.audience, participant))
			.map((e) => e.event);
	}

	#trim(): void {
		while (this.#ring.length - this.#start > RING_ENTRIES || this.#bytes > RING_BYTES) {
			this.#bytes -= this.#ring[this.#start]?.size ?? 0;
			this.#start++;
		}
		// Moving the array once per half ring keeps dropping its head cheap.
		if (this.#start > RING_ENTRIES / 2) {
			this.#ring = this.#ring.slice(this.#start);
			this.#start = 0;
		}
	}
}

/** Messages are nobody's state: a snapshot cannot make a lost one good. */
export function isMessage(event: RoomEvent): boolean {
	return event.type === "message" || event.type === "signal";
}
