/**
 * Pauses between attempts, ms: doubled each time up to the most, with full jitter, so that a fleet does not return as
 * one. Shorter than rooms wait for their nodes after an edge has come back (worker/room/room.ts, RETURN_MS).
 */
export class Backoff {
	readonly #first: number;
	readonly #most: number;
	#tries = 0;

	constructor(first = 250, most = 3_000) {
		this.#first = first;
		this.#most = most;
	}

	next(): number {
		const most = Math.min(this.#most, this.#first * 2 ** this.#tries);
		if (most < this.#most) this.#tries++;
		return Math.random() * most;
	}

	reset(): void {
		this.#tries = 0;
	}
}
