/** What wrangler.toml says, in the form miniflare takes. */

/** The part that is looked into here, which wrangler's types leave out; the rest goes on to miniflare as it is. */
export interface WorkerOptions {
	compatibilityDate: string;
	bindings?: Record<string, unknown>;
	durableObjects?: Record<string, { className: string; useSQLite: boolean }>;
}

// Before wrangler is loaded: no look-ups at start, and no tracing, which costs a message four times its price.
Object.assign(process.env, {
	WRANGLER_SEND_METRICS: "false",
	CLOUDFLARE_CF_FETCH_ENABLED: "false",
	X_LOCAL_OBSERVABILITY: "false",
	X_LOCAL_EXPLORER: "false",
});
const { unstable_getMiniflareWorkerOptions: readConfig } = await import("wrangler");

export function readWranglerConfig(): WorkerOptions {
	return readConfig(new URL("../../wrangler.toml", import.meta.url).pathname).workerOptions as unknown as WorkerOptions;
}
