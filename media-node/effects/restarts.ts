/** How often what died is started again. */

/** So many deaths in this time, ms, and it is left dead. */
const MOST = 5;
const WITHIN_MS = 60_000;
const FIRST_PAUSE_MS = 250;

export class Restarts {
	#deaths: number[] = [];
	#givenUp = false;

	get givenUp(): boolean {
		return this.#givenUp;
	}

	/** It has died: how long to wait before it is started again, ms; undefined: not any more. */
	next(now = Date.now()): number | undefined {
		this.#deaths = [...this.#deaths.filter((at) => at > now - WITHIN_MS), now];
		if (this.#deaths.length > MOST) this.giveUp();
		return this.#givenUp ? undefined : FIRST_PAUSE_MS * 2 ** (this.#deaths.length - 1);
	}

	giveUp(): void {
		this.#givenUp = true;
	}

	/** It is another thing from now on. */
	forget(): void {
		this.#deaths = [];
		this.#givenUp = false;
	}
}
