/**
 * The edge in workerd through miniflare: what `npm start`, the tests and the benches run. Bindings come from
 * wrangler.toml, so that nothing is said twice.
 */
import { mkdirSync } from "node:fs";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

// Before wrangler is loaded: no look-ups at start, and no tracing, which costs a message four times its price.
Object.assign(process.env, {
	WRANGLER_SEND_METRICS: "false",
	CLOUDFLARE_CF_FETCH_ENABLED: "false",
	X_LOCAL_OBSERVABILITY: "false",
	X_LOCAL_EXPLORER: "false",
});
const { unstable_getMiniflareWorkerOptions: readConfig } = await import("wrangler");

const ROOT = new URL("../../", import.meta.url).pathname;

/** The part of wrangler's answer that is looked into here; the rest goes on to miniflare as it is. */
interface WorkerOptions {
	bindings?: Record<string, unknown>;
	durableObjects?: Record<string, { className: string; useSQLite: boolean }>;
}

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
}

export interface Edge {
	/** Without a trailing slash. */
	url: string;
	/** Stops workerd and starts it again on the same port and storage, as a deploy or a crash would. */
	restart(): Promise<void>;
	dispose(): Promise<void>;
}

/** The Worker as one module. */
export async function bundleWorker(main = `${ROOT}worker/index.ts`): Promise<string> {
	const { outputFiles } = await build({
		entryPoints: [main],
		bundle: true,
		format: "esm",
		target: "es2024",
		conditions: ["workerd", "worker", "browser"],
		external: ["cloudflare:*", "node:*"],
		sourcemap: "inline",
		write: false,
		logLevel: "warning",
	});
	return outputFiles[0]?.text ?? "";
}

export async function startEdge(options: EdgeOptions): Promise<Edge> {
	const { host = "127.0.0.1", dataDir, vars = {}, main, objects = {} } = options;
	const workerOptions = readConfig(`${ROOT}wrangler.toml`).workerOptions as WorkerOptions;
	if (dataDir) mkdirSync(dataDir, { recursive: true });
	mkdirSync(`${ROOT}dist/assets`, { recursive: true });
	const contents = await bundleWorker(main);
	const durableObjects = { ...workerOptions.durableObjects };
	for (const [binding, className] of Object.entries(objects)) durableObjects[binding] = { className, useSQLite: true };
	let { port } = options;

	const settings = () =>
		convertV4MiniflareOptions({
			host,
			port,
			...(dataDir && { durableObjectsPersist: dataDir }),
			logRequests: false,
			workers: [
				{
					...workerOptions,
					name: "switchyard",
					modulesRules: undefined,
					modules: [{ type: "ESModule", path: "index.mjs", contents }],
					bindings: { ...workerOptions.bindings, ...vars },
					durableObjects,
				},
			],
		} as Parameters<typeof convertV4MiniflareOptions>[0]);

	let miniflare = new Miniflare(settings());
	const ready = await miniflare.ready;
	port = Number(ready.port);
	return {
		url: `http://${host}:${port}`,
		restart: async () => {
			await miniflare.dispose();
			miniflare = new Miniflare(settings());
			await miniflare.ready;
		},
		dispose: () => miniflare.dispose(),
	};
}
