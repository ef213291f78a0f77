/** How long to wait before a process that died is started again. */

/** One that lived this long and then died is not one that cannot live, ms. */
const STEADY_MS = 10_000;
/** The second time that one dies young, and at most, ms. */
const SECOND_MS = 1_000;
const LONGEST_MS = 30_000;

export class Restarts {
	#young = 0;

	/** At once, unless it keeps dying young. */
	pauseAfter(livedMs: number): number {
		if (livedMs >= STEADY_MS) this.#young = 0;
		const pause = this.#young === 0 ? 0 : Math.min(SECOND_MS * 2 ** (this.#young - 1), LONGEST_MS);
		this.#young++;
		return pause;
	}
}
