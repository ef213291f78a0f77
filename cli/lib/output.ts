/** Results go to stdout and nothing else does; progress and errors go to stderr. */
import type { Writable } from "node:stream";

export interface Streams {
	stdout: Writable;
	stderr: Writable & { isTTY?: boolean; columns?: number };
}

export class Output {
	readonly json: boolean;
	readonly #streams: Streams;

	constructor(streams: Streams, json: boolean) {
		this.#streams = streams;
		this.json = json;
	}

	/** A command's result: as JSON when asked for, else in words. */
	result(value: unknown, words: () => string): void {
		this.#streams.stdout.write(`${this.json ? JSON.stringify(value, undefined, 2) : words()}\n`);
	}

	/** What is going on. */
	note(text: string): void {
		this.#streams.stderr.write(`${text}\n`);
	}

	/** A line that the next one replaces; nothing where lines cannot be replaced. */
	live(text: string): void {
		if (this.isLive) this.#streams.stderr.write(`\r\x1b[2K${text.slice(0, (this.#streams.stderr.columns ?? 80) - 1)}`);
	}

	get isLive(): boolean {
		return this.#streams.stderr.isTTY === true;
	}
}
