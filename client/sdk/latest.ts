/** Sends only the latest of something: one request is on its way, and what came meanwhile is one more. */
export class Latest<T> {
	readonly #send: (value: T) => Promise<unknown>;
	#next: { value: T; promise: Promise<void> } | undefined;
	#busy: Promise<void> | undefined;

	constructor(send: (value: T) => Promise<unknown>) {
		this.#send = send;
	}

	/** Resolves when this value, or a later one, was taken. */
	set(value: T): Promise<void> {
		if (!this.#busy) return this.#now(value);
		if (this.#next) this.#next.value = value;
		else {
			const next = { value, promise: Promise.resolve() };
			this.#next = next;
			next.promise = this.#busy
				.catch(() => {})
				.then(() => {
					this.#next = undefined;
					return this.#now(next.value);
				});
		}
		return this.#next?.promise ?? Promise.resolve();
	}

	#now(value: T): Promise<void> {
		const busy = this.#send(value).then(() => {});
		this.#busy = busy;
		const over = () => {
			if (this.#busy === busy) this.#busy = undefined;
		};
		busy.then(over, over);
		return busy;
	}
}
