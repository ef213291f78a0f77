/** The bench's edge: the real Worker with the bare object beside it, in one workerd through miniflare. */
import { randomBytes } from "node:crypto";
import { startEdge } from "../../scripts/lib/edge.ts";

export interface BenchEdge {
	url: string;
	authKey: string;
	dispose(): Promise<void>;
}

export async function startBenchEdge(vars: Record<string, string> = {}): Promise<BenchEdge> {
	const authKey = randomBytes(32).toString("base64");
	const edge = await startEdge({
		port: 0,
		vars: { AUTH_KEY: authKey, ...vars },
		main: new URL("../worker.ts", import.meta.url).pathname,
		objects: { BARE: "Bare" },
	});
	return { url: edge.url, authKey, dispose: () => edge.dispose() };
}
