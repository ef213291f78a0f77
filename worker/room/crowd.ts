/**
 * Comings and goings in a large room, gathered for a few milliseconds: a thousand people who join at once would
 * otherwise be half a million frames. Order is kept, since whatever else is told waits for what was gathered.
 */
import { isPersonal } from "../dialects/dialect.ts";
import type { Core } from "./core.ts";
import { type Entry, type RoomEvent, reaches } from "./outbox.ts";

/** From so many members on. In smaller rooms everybody hears at once. */
const LARGE = 50;
const GATHERED: ReadonlySet<RoomEvent["type"]> = new Set(["participantJoined", "participantLeft"]);

export class Crowd {
	readonly #core: Core;
	#entries: Entry[] = [];
	#timer: ReturnType<typeof setTimeout> | null = null;

	constructor(core: Core) {
		this.#core = core;
	}

	/** Takes an event that everybody is to hear, to be told with others. False: tell it now. */
	takes(entry: Entry): boolean {
		if (!GATHERED.has(entry.event.type) || this.#core.members.size < LARGE) return false;
		this.#entries.push(entry);
		// A timer keeps the object in memory, so nothing is lost that a socket outlives.
		this.#timer ??= setTimeout(() => this.#core.settle(() => this.flush()), this.#core.limits.coalesceMs);
		return true;
	}

	/**
	 * Tells everybody, or some ahead of the others since something else is to follow. Whoever knows one already, having
	 * caused it, come after it or been told ahead, sees that by its number.
	 */
	flush(ahead?: readonly string[]): void {
		const entries = this.#entries;
		if (entries.length === 0) return;
		const core = this.#core;
		if (!ahead) {
			if (this.#timer !== null) clearTimeout(this.#timer);
			this.#timer = null;
			this.#entries = [];
		}
		const frames = new Map<string, string[]>();
		const members = ahead ? ahead.flatMap((id) => core.members.get(id) ?? []) : core.members.values();
		for (const member of members) {
			const dialect = core.dialect(member.dialect);
			if (isPersonal(dialect)) {
				// What it hears has no number by which it would know what it was told ahead, or before it came.
				const memory = core.memory(member);
				for (const { seq, event, audience } of entries) {
					if (seq <= (memory.heard ?? 0) || !reaches(audience, member.id)) continue;
					memory.heard = seq;
					dialect.hear(core, member, event);
				}
				continue;
			}
			const ws = core.socket(member);
			if (!ws) continue;
			let texts = frames.get(member.dialect);
			if (!texts) {
				const each = entries.map((entry) =>
					core.outbox.frame(entry, member.dialect, (seq, event) => dialect.event(seq, event)),
				);
				texts = dialect.batch && each.length > 1 ? [dialect.batch(each)] : each;
				frames.set(member.dialect, texts);
			}
			for (const text of texts) core.sockets.send(ws, text);
		}
	}

	clear(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		this.#entries = [];
	}
}
