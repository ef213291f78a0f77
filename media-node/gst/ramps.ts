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
	readonly #refused: (setting: Setting, reason: string) => void;
	/** One for each property. */
	readonly #running = new Map<string, NodeJS.Timeout>();

	/** @param refused told of what cannot be set, at once or at its first step */
	constructor(target: RampTarget, refused: (setting: Setting, reason: string) => void) {
		this.#target = target;
		this.#refused = refused;
	}

	/** At once without a duration; otherwise linearly from what it is now, the exact value last. Ends an earlier one. */
	set(setting: Setting, duration = 0): void {
		const { element, property, value } = setting;
		const key = JSON.stringify([element, property]);
		clearInterval(this.#running.get(key));
		this.#running.delete(key);
		const from = this.#target.get(element, property);
		const to = Number(value);
		if (duration <= 0 || typeof from !== "number" || Number.isNaN(to)) {
			this.#set(setting, value);
			return;
		}
		const began = performance.now();
		const lasts = Math.min(duration, LONGEST_MS);
		const timer = setInterval(() => {
			const done = (performance.now() - began) / lasts;
			const isSet = this.#set(setting, done >= 1 ? value : from + (to - from) * done);
			if (isSet && done < 1) return;
			clearInterval(timer);
			this.#running.delete(key);
		}, STEP_MS);
		this.#running.set(key, timer);
	}

	/** Whatever is wrong with one property, the pipeline goes on without it. */
	#set(setting: Setting, value: Scalar): boolean {
		try {
			this.#target.set(setting.element, setting.property, value);
			return true;
		} catch (error) {
			this.#refused(setting, error instanceof Error ? error.message : String(error));
			return false;
		}
	}
}
