/** A process of ours that is stopped as an operator would: for `npm start`, tests and benches. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

export class Child {
	readonly process: ChildProcess;
	/** Resolves to its exit code, or the signal that ended it. */
	readonly exited: Promise<number | NodeJS.Signals>;
	readonly #stopMs: number;

	/** `stopMs`: so long it may take to stop. */
	constructor(process: ChildProcess, stopMs: number) {
		this.process = process;
		this.exited = once(process, "exit").then(([code, signal]) => code ?? signal);
		this.#stopMs = stopMs;
	}

	/** Resolves as `exited`. */
	kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
		this.process.kill(signal);
		return this.exited;
	}

	/** Gracefully, and by force when that takes too long. */
	async stop(): Promise<void> {
		if (this.process.exitCode !== null || this.process.signalCode !== null) return;
		const timer = setTimeout(() => this.process.kill("SIGKILL"), this.#stopMs);
		await this.kill("SIGTERM");
		clearTimeout(timer);
	}
}
