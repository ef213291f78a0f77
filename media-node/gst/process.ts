/** A process for one pipeline (child.ts), as the node sees it. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Log } from "../observability/logger.ts";
import type { ToChild } from "./messages.ts";

const CHILD = join(import.meta.dirname, "child.ts");

export class Child {
	readonly process: ChildProcess;
	/** Gets GStreamer's own log, as GST_DEBUG asks for it. */
	log: Log;

	constructor(log: Log, args: readonly string[] = []) {
		this.log = log;
		this.process = fork(CHILD, args, {
			stdio: ["ignore", "ignore", "pipe", "ipc"],
			execArgv: [],
			serialization: "advanced",
		});
		// Who it is for listens as well, and nobody does in between.
		this.process.on("error", () => {});
		const { stderr } = this.process;
		if (stderr) createInterface({ input: stderr }).on("line", (line) => this.log.info(line));
	}

	/** One that is gone hears nothing; its end is told otherwise. */
	send(command: ToChild): void {
		if (this.process.connected) this.process.send(command, () => {});
	}

	/** At once. */
	kill(): void {
		this.process.kill("SIGKILL");
	}
}
