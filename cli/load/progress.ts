/** How far a load is: one line that is rewritten on a terminal, and a line now and then elsewhere. */
import { bar } from "../lib/format.ts";
import type { Output } from "../lib/output.ts";

const WIDTH = 24;
/** Between plain lines. */
const PLAIN_MS = 5_000;

export class Progress {
	readonly #out: Output;
	#step = "";
	#done = 0;
	#toldAt = 0;

	constructor(out: Output) {
		this.#out = out;
	}

	at(step: string, done: number, total: number, unit = "", more = ""): void {
		const tail = `${done}/${total}${unit}${more && `  ${more}`}`;
		if (this.#out.isLive) {
			this.#out.live(`${step.padEnd(10)} ${bar(done / Math.max(1, total), WIDTH)} ${tail}`);
			return;
		}
		const isEnd = done === total && this.#done !== total;
		if (step === this.#step && !isEnd && performance.now() - this.#toldAt < PLAIN_MS) return;
		this.#step = step;
		this.#done = done;
		this.#toldAt = performance.now();
		this.#out.note(`${step} ${tail}`);
	}

	end(): void {
		this.#out.live("");
	}
}
