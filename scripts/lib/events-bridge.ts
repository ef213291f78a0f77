/** The events bridge as a child process: for `npm start` and tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

const ROOT = new URL("../../", import.meta.url).pathname;
const STOP_MS = 10_000;

export interface BridgeOptions {
	edge: string;
	authKey: string;
	rabbitmq: string;
	/** Further settings (bridge/config.ts). */
	env?: Record<string, string>;
}

export class BridgeProcess {
	readonly process: ChildProcess;
	/** Resolves to its exit code, or the signal that ended it. */
	readonly exited: Promise<number | NodeJS.Signals>;
	/** Resolves to the origin of its health and metrics. */
	readonly http: Promise<string>;

	constructor({ edge, authKey, rabbitmq, env = {} }: BridgeOptions) {
		this.process = spawn(process.execPath, ["bridge/main.ts"], {
			cwd: ROOT,
			// Ctrl-C goes to a whole group, and whoever started this one stops it.
			detached: true,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			env: {
				...{ LOG_LEVEL: "error", ...process.env, HTTP_PORT: "0", HTTP_ADDRESS: "127.0.0.1", ...env },
				...{ EDGE_URL: edge, API_KEY: authKey, RABBITMQ_URL: rabbitmq },
			},
		});
		this.exited = once(this.process, "exit").then(([code, signal]) => code ?? signal);
		this.http = new Promise((resolve, reject) => {
			this.process.on("message", ({ http }: { http: number }) => resolve(`http://127.0.0.1:${http}`));
			this.process.once("exit", () => reject(new Error("the events bridge ended")));
		});
		// Not everyone who starts one asks for it.
		this.http.catch(() => {});
	}

	kill(signal: NodeJS.Signals): Promise<number | NodeJS.Signals> {
		this.process.kill(signal);
		return this.exited;
	}

	/** Gracefully, and by force when that takes too long. */
	async stop(): Promise<void> {
		if (this.process.exitCode !== null || this.process.signalCode !== null) return;
		const timer = setTimeout(() => this.process.kill("SIGKILL"), STOP_MS);
		await this.kill("SIGTERM");
		clearTimeout(timer);
	}
}
