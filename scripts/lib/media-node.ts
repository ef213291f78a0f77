/** A media node as a child process, beside an edge on this machine: for `npm start`, tests and benches. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { NodeNews } from "../../media-node/news.ts";
import { mintNodeToken } from "../../worker/auth/tokens.ts";
import { cachedMediasoupWorker } from "../setup/mediasoup-worker.mjs";
import { CACHE } from "../setup/paths.mjs";
import { Child } from "./child.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const STOP_MS = 5_000;

export interface MediaNodeOptions {
	edge: string;
	/** The edge's. */
	authKey: string;
	id: string;
	region?: string;
	/** Health and metrics; a free one unless given. */
	httpPort?: number;
	/** Over this process's own environment; media-node/config.ts has the names. */
	env?: Record<string, string>;
	/** Begins its command line: what runs it somewhere else, as in a network namespace. */
	command?: string[];
}

export class MediaNodeProcess extends Child {
	readonly id: string;
	/** Resolves when its fleet knows it; rejects, with what it said of it, when it ends before. */
	readonly registered: Promise<void>;
	readonly #address: string;
	#httpPort: number | undefined;

	private constructor({ id, env }: MediaNodeOptions, child: ChildProcess) {
		super(child, STOP_MS);
		this.id = id;
		this.#address = env?.HTTP_ADDRESS ?? "127.0.0.1";
		this.registered = new Promise((resolve, reject) => {
			let reason = "";
			child.on("message", (message: NodeNews) => {
				if (message.type === "failed") {
					reason = `: ${message.reason}`;
					return;
				}
				this.#httpPort = message.http;
				resolve();
			});
			// "close" comes after the last of its messages, which "exit" may not.
			child.once("close", (code, signal) => {
				reject(new Error(`media node ${id} ended (${signal ?? code}) before it registered${reason}`));
			});
		});
		// Not everyone who starts a node waits for it.
		this.registered.catch(() => {});
	}

	/** Origin of its health and metrics, once it has registered. */
	get http(): string {
		if (this.#httpPort === undefined) throw new Error(`media node ${this.id} has not registered`);
		return `http://${this.#address}:${this.#httpPort}`;
	}

	static async start(options: MediaNodeOptions): Promise<MediaNodeProcess> {
		const { edge, authKey, id, region = "local", httpPort = 0, env = {}, command = [] } = options;
		const { token } = await mintNodeToken({ AUTH_KEY: authKey }, { node: id, region });
		const [file = "", ...args] = [...command, process.execPath, "media-node/main.ts"];
		const child = spawn(file, args, {
			cwd: ROOT,
			// A group of its own: Ctrl-C goes to a whole group, and a node must outlive its workers to stop in order.
			detached: true,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
			env: {
				MEDIASOUP_WORKER_BIN: cachedMediasoupWorker(),
				// Half of what a node needs to start is compiling its modules.
				NODE_COMPILE_CACHE: join(CACHE, "compiled"),
				// Free ones, so that several nodes find room on one machine.
				MEDIA_PORT: "0",
				LOG_LEVEL: "warn",
				// Whoever stops a whole edge and its nodes does not wait for rooms to move.
				DRAIN_SECONDS: "0",
				...process.env,
				...env,
				EDGE_URL: edge,
				NODE_ID: id,
				NODE_REGION: region,
				NODE_TOKEN: token,
				HTTP_PORT: String(httpPort),
			},
		});
		return new MediaNodeProcess(options, child);
	}
}
