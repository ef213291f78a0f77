/** Values that go to their target in steps. */
import type { Scalar, Setting } from "./messages.ts";

const STEP_MS = 30;
const LONGEST_MS = 5_000;

export interface RampTarget {
	get(element: string, property: string): Scalar | undefined;
	/** Throws when it cannot be set to that. */
	set(element: string, property: string, value: Scalar): void;
}

export class Ramps {
	readonly #target: RampTarget;
	/** One for each property. */
	readonly #running = new Map<string, NodeJS.Timeout>();

	constructor(target: RampTarget) {
		this.#target = target;
	}

	/** At once without a duration; otherwise linearly from what it is now, the exact value last. Ends an earlier one. */
	set({ element, property, value }: Setting, duration = 0): void {
		const key = JSON.stringify([element, property]);
		clearInterval(this.#running.get(key));
		this.#running.delete(key);
		const from = this.#target.get(element, property);
		const to = Number(value);
		if (duration <= 0 || typeof from !== "number" || Number.isNaN(to)) {
			return this.#target.set(element, property, value);
		}
		const began = performance.now();
		const lasts = Math.min(duration, LONGEST_MS);
		const timer = setInterval(() => {
			const done = (performance.now() - began) / lasts;
			if (done >= 1) {
				clearInterval(timer);
				this.#running.delete(key);
			}
			this.#target.set(element, property, done >= 1 ? value : from + (to - from) * done);
		}, STEP_MS);
		this.#running.set(key, timer);
	}
}
