/** Typed listeners. One that throws is reported and does not keep the others from hearing. */
export class Emitter<Events extends { [E in keyof Events]: unknown[] }> {
	readonly #listeners: { [E in keyof Events]?: Set<(...args: Events[E]) => void> } = {};

	on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): () => void {
		// Wrapped, so that the same function given twice is two listeners.
		const own = (...args: Events[E]) => listener(...args);
		const listeners = this.#listeners[event] ?? new Set();
		this.#listeners[event] = listeners;
		listeners.add(own);
		return () => listeners.delete(own);
	}

	emit<E extends keyof Events>(event: E, ...args: Events[E]): void {
		for (const listener of [...(this.#listeners[event] ?? [])]) {
			try {
				listener(...args);
			} catch (error) {
				console.error(`switchyard: a listener of ${String(event)} failed`, error);
			}
		}
	}
}
