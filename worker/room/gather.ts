/**
 * Gathers what comes in bursts for a few milliseconds: presence (only the latest of each member matters) and ICE
 * candidates (one message instead of a dozen). Requests in it are answered when it goes out, so that one lost with
 * the object's memory is sent again by its client.
 */
import type { Signal } from "../../shared/native.ts";
import type { Core } from "./core.ts";
import type { Member } from "./state.ts";

interface Candidates {
	from: Member;
	to: string;
	list: NonNullable<Signal["candidates"]>;
	requests: number[];
}

/** Candidates in one message; more go out at once. */
const MOST = 64;

export class Gather {
	readonly #core: Core;
	readonly #presence = new Map<string, unknown>();
	readonly #candidates = new Map<string, Candidates>();
	#timer: ReturnType<typeof setTimeout> | null = null;

	constructor(core: Core) {
		this.#core = core;
	}

	presence(member: Member, presence: unknown): void {
		this.#presence.set(member.id, presence);
		this.#arm();
	}

	/** An SDP overtakes nothing: candidates gathered before it for the same peer go first. */
	signal(from: Member, to: string, request: number, signal: Signal): void {
		const key = JSON.stringify([from.id, to]);
		let waiting = this.#candidates.get(key);
		if (signal.description || signal.done) {
			if (waiting) this.#send(key, waiting);
			this.#core.emit({ type: "signal", from: from.id, join: from.join, id: request, signal }, { to: [to] });
			this.#core.answer(from.id, request, { ok: true });
			return;
		}
		if (!waiting) {
			waiting = { from, to, list: [], requests: [] };
			this.#candidates.set(key, waiting);
		}
		waiting.list.push(...(signal.candidates ?? []));
		waiting.requests.push(request);
		if (waiting.list.length >= MOST) this.#send(key, waiting);
		else this.#arm();
	}

	flush(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		for (const [key, waiting] of this.#candidates) this.#send(key, waiting);
		if (this.#presence.size > 0) {
			this.#core.tell({ type: "presence", presence: Object.fromEntries(this.#presence) });
			this.#presence.clear();
		}
	}

	clear(): void {
		if (this.#timer !== null) clearTimeout(this.#timer);
		this.#timer = null;
		this.#presence.clear();
		this.#candidates.clear();
	}

	#send(key: string, { from, to, list, requests }: Candidates): void {
		this.#candidates.delete(key);
		for (let at = 0; at < list.length; at += MOST) {
			const signal = { candidates: list.slice(at, at + MOST) };
			this.#core.emit(
				{ type: "signal", from: from.id, join: from.join, id: requests.at(-1) ?? 0, signal },
				{ to: [to] },
			);
		}
		for (const request of requests) this.#core.answer(from.id, request, { ok: true });
	}

	#arm(): void {
		this.#timer ??= setTimeout(() => this.#core.settle(() => this.flush()), this.#core.limits.coalesceMs);
	}
}
