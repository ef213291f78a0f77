/**
 * Brings something to the state that was asked for last, one change at a time. mediasoup's own view of a producer or
 * consumer changes only with the worker's answer, so a second change that looks at it while the first is on its way
 * would decide on what is no longer true.
 */
export class Latest {
	readonly #apply: () => Promise<void>;
	#running = false;
	#again = false;

	/** @param apply looks up what is wanted now and does it; a failure means that there is nothing left to change. */
	constructor(apply: () => Promise<void>) {
		this.#apply = apply;
	}

	request(): void {
		this.#again = true;
		if (!this.#running) void this.#run();
	}

	async #run(): Promise<void> {
		this.#running = true;
		while (this.#again) {
			this.#again = false;
			await this.#apply().catch(() => {});
		}
		this.#running = false;
	}
}
