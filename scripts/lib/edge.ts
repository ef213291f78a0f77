/**
 * The edge in workerd through miniflare: what `npm start`, the tests and the benches run. Bindings come from
 * wrangler.toml, so that nothing is said twice.
 */
import { mkdirSync } from "node:fs";
import { isIPv6 } from "node:net";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundleWorker } from "./bundle.ts";
import { freePort } from "./free-port.ts";
import { readWranglerConfig } from "./wrangler-config.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

export interface EdgeOptions {
	/** 0: a free one. */
	port: number;
	/** 127.0.0.1 unless given. */
	host?: string;
	/** Where the objects' storage lives; in memory unless given. */
	dataDir?: string;
	/** Variables, over those of wrangler.toml. */
	vars?: Record<string, string>;
	/** Another main module than worker/index.ts, and further objects of it (binding → class): for benches. */
	main?: string;
	objects?: Record<string, string>;
	/** Stands for everything outside that the Worker fetches, in tests. */
	outside?(request: Request): Response | Promise<Response>;
	/** workerd died and runs again: its sockets and the objects' memory are gone. */
	onCrash?(): void;
}

export interface Edge {
	/** Without a trailing slash. */
	url: string;
	/** Stops workerd and starts it again on the same port and storage, as a deploy or a crash would. */
	restart(): Promise<void>;
	/** The two halves of that. */
	stop(): Promise<void>;
	start(): Promise<void>;
	dispose(): Promise<void>;
}

export async function startEdge(options: EdgeOptions): Promise<Edge> {
	const { host = "127.0.0.1", dataDir, vars = {}, main = `${ROOT}worker/index.ts`, objects = {} } = options;
	const workerOptions = readWranglerConfig();
	if (dataDir) mkdirSync(dataDir, { recursive: true });
	mkdirSync(`${ROOT}dist/assets`, { recursive: true });
	const contents = await bundleWorker(main);
	const durableObjects = { ...workerOptions.durableObjects };
	for (const [binding, className] of Object.entries(objects)) durableObjects[binding] = { className, useSQLite: true };
	let { port } = options;
	// Of an address that is not loopback, miniflare tells only the port of a second socket, which is.
	if (port === 0 && host !== "127.0.0.1") port = await freePort();

	const settings = () => ({
		...convertV4MiniflareOptions({
			host,
			port,
			logRequests: false,
			unsafeHandleRuntimeRestart: options.onCrash,
			workers: [
				{
					...workerOptions,
					name: "switchyard",
					modulesRules: undefined,
					modules: [{ type: "ESModule", path: "index.mjs", contents }],
					bindings: { ...workerOptions.bindings, ...vars },
					durableObjects,
					outboundService: options.outside,
				},
			],
		} as Parameters<typeof convertV4MiniflareOptions>[0]),
		// The old form, which is what wrangler gives, has no word for it that is still read.
		...(dataDir && { resourcePersistencePath: dataDir }),
	});

	const named = host === "0.0.0.0" ? "127.0.0.1" : isIPv6(host) ? `[${host}]` : host;
	let miniflare = new Miniflare(settings());
	const ready = await miniflare.ready;
	if (port === 0) port = Number(ready.port);
	const stop = () => miniflare.dispose();
	const start = async () => {
		miniflare = new Miniflare(settings());
		await miniflare.ready;
	};
	return {
		url: `http://${named}:${port}`,
		restart: async () => {
			await stop();
			await start();
		},
		stop,
		start,
		dispose: () => miniflare.dispose(),
	};
}
