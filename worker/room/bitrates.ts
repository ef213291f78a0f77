/**
 * What the room's nodes receive of each track, asked of them when somebody wants to know: nobody pays for figures that
 * nobody reads. In memory only, as is the wait for the answers, which ends by itself and has a caller who waits with it.
 */
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import type { Track } from "./state.ts";

/** How long nodes may take to answer, ms. */
const ANSWER_MS = 800;
/** For this long nobody is asked again, ms: nodes measure over about as much. */
const FRESH_MS = 2_000;

export class Bitrates {
	readonly #core: Core;
	/** The latest of each node, by epoch; by track. */
	readonly #latest = new Map<number, ReadonlyMap<string, number>>();
	/** Nodes whose answers are due. */
	readonly #asked = new Set<number>();
	#measuring: Promise<void> | undefined;
	#finish: () => void = () => {};
	#measuredAt = 0;

	constructor(core: Core) {
		this.#core = core;
	}

	/** Resolves when every node has answered, or has had its time: then the latest that is known has to do. */
	measure(): Promise<void> {
		if (this.#measuring !== undefined) return this.#measuring;
		if (Date.now() < this.#measuredAt + FRESH_MS) return Promise.resolve();
		const epochs = this.#publishedOn();
		for (const epoch of this.#latest.keys()) if (!epochs.has(epoch)) this.#latest.delete(epoch);
		for (const epoch of epochs) if (this.#core.sockets.link(epoch)) this.#asked.add(epoch);
		if (this.#asked.size === 0) return Promise.resolve();
		const answered = new Promise<void>((resolve) => {
			const timer = setTimeout(() => this.#finish(), ANSWER_MS);
			this.#finish = () => {
				clearTimeout(timer);
				this.#asked.clear();
				this.#measuring = undefined;
				this.#measuredAt = Date.now();
				resolve();
			};
		});
		this.#measuring = answered;
		for (const epoch of this.#asked) command(this.#core, epoch, [{ type: "measure" }]);
		return answered;
	}

	heard(epoch: number, bitrates: Readonly<Record<string, number>>): void {
		this.#latest.set(epoch, new Map(Object.entries(bitrates)));
		this.#settle(epoch);
	}

	/** The node's link is gone: no answer will come on it. */
	gone(epoch: number): void {
		this.#settle(epoch);
	}

	/** Bits per second; undefined where no node has told. */
	of(track: Track): number | undefined {
		const known = this.#latest.get(this.#epochOf(track) ?? 0);
		return known && (known.get(track.info.id) ?? 0);
	}

	#settle(epoch: number): void {
		if (this.#asked.delete(epoch) && this.#asked.size === 0) this.#finish();
	}

	#publishedOn(): Set<number> {
		const epochs = new Set<number>();
		for (const track of this.#core.tracks.values()) {
			const epoch = track.live && track.info.kind !== "data" ? this.#epochOf(track) : undefined;
			if (epoch !== undefined) epochs.add(epoch);
		}
		return epochs;
	}

	#epochOf({ endpoint }: Track): number | undefined {
		return this.#core.endpoints.get(endpoint)?.epoch;
	}
}
