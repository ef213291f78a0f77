/** A media node as a child process, beside an edge on this machine: for `npm start`, tests and benches. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
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
	/** Health and metrics. */
	httpPort: number;
	/** Over this process's own environment; media-node/config.ts has the names. */
	env?: Record<string, string>;
	/** Begins its command line: what runs it somewhere else, as in a network namespace. */
	command?: string[];
}

export class MediaNodeProcess extends Child {
	readonly id: string;
	/** Health and metrics. */
	readonly http: string;
	/** Resolves when its fleet knows it; rejects when it ends before. */
	readonly registered: Promise<void>;

	private constructor({ id, httpPort, env }: MediaNodeOptions, child: ChildProcess) {
		super(child, STOP_MS);
		this.id = id;
		this.http = `http://${env?.HTTP_ADDRESS ?? "127.0.0.1"}:${httpPort}`;
		this.registered = new Promise((resolve, reject) => {
			child.on("message", (message: { type: string }) => {
				if (message.type === "registered") resolve();
			});
			child.once("exit", () => reject(new Error(`media node ${id} ended before it registered`)));
		});
		// Not everyone who starts a node waits for it.
		this.registered.catch(() => {});
	}

	static async start(options: MediaNodeOptions): Promise<MediaNodeProcess> {
		const { edge, authKey, id, region = "local", httpPort, env = {}, command = [] } = options;
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
