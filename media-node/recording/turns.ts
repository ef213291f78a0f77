/** One thing after another. */
export class Turns {
	#last: Promise<unknown> = Promise.resolve();

	run<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#last.then(work);
		this.#last = done.catch(() => {});
		return done;
	}

	/** Resolves when what was begun by now is over. */
	async idle(): Promise<void> {
		await this.#last;
	}
}
