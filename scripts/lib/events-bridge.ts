/** The events bridge as a child process: for `npm start` and tests. */
import { spawn } from "node:child_process";
import { Child } from "./child.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const STOP_MS = 10_000;

export interface BridgeOptions {
	edge: string;
	authKey: string;
	rabbitmq: string;
	/** Further settings (bridge/config.ts). */
	env?: Record<string, string>;
}

export class BridgeProcess extends Child {
	/** Resolves to the origin of its health and metrics. */
	readonly http: Promise<string>;

	constructor({ edge, authKey, rabbitmq, env = {} }: BridgeOptions) {
		const child = spawn(process.execPath, ["bridge/main.ts"], {
			cwd: ROOT,
			// Ctrl-C goes to a whole group, and whoever started this one stops it.
			detached: true,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			env: {
				...{ LOG_LEVEL: "error", ...process.env, HTTP_PORT: "0", HTTP_ADDRESS: "127.0.0.1", ...env },
				...{ EDGE_URL: edge, API_KEY: authKey, RABBITMQ_URL: rabbitmq },
			},
		});
		super(child, STOP_MS);
		this.http = new Promise((resolve, reject) => {
			this.process.on("message", ({ http }: { http: number }) => resolve(`http://127.0.0.1:${http}`));
			this.process.once("exit", () => reject(new Error("the events bridge ended")));
		});
		// Not everyone who starts one asks for it.
		this.http.catch(() => {});
	}
}
