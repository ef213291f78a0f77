/**
 * What `npm start` runs once set-up is done: edge, demo page and one media node, until a signal; with `RABBITMQ_URL`
 * also the bridge that publishes events there.
 */
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { authKey } from "./lib/auth-key.ts";
import { type Edge, startEdge } from "./lib/edge.ts";
import { DEVELOPMENT, edgeVariablesFrom } from "./lib/edge-variables.ts";
import { BridgeProcess } from "./lib/events-bridge.ts";
import { MediaNodeProcess } from "./lib/media-node.ts";
import { Restarts } from "./lib/restarts.ts";

const REGISTER_MS = 30_000;
const WATCH_MS = 5_000;
const MISSED_WATCHES = 6;

const { PORT, HOST, DATA_DIR = ".data", HTTP_PORT, NODE_ID = "local", NODE_REGION, RABBITMQ_URL } = process.env;
const dataDir = resolve(DATA_DIR);
const AUTH_KEY = authKey(process.env, dataDir);

let stopping = false;
let edge: Edge | undefined;
let node: MediaNodeProcess | undefined;
let bridge: BridgeProcess | undefined;
// The process that started this one is gone, whatever ended it.
process.on("disconnect", stop);

edge = await startEdge({
	port: Number(PORT),
	host: HOST,
	dataDir: join(dataDir, "objects"),
	vars: { ...DEVELOPMENT, ...(RABBITMQ_URL && { EVENT_FEED: "true" }), ...edgeVariablesFrom(process.env), AUTH_KEY },
	onCrash: () => stopping || console.error("the edge died and was started again"),
}).catch((error) => {
	if (error.code !== "ERR_ADDRESS_IN_USE") throw error;
	// It was free when set-up began.
	console.error(`port ${PORT} of ${HOST} is in use; choose another: PORT=${Number(PORT) + 1} npm start`);
	process.exit(1);
});
// Miniflare's own handlers end this process at once, before the node has stopped.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal).on(signal, stop);
node = await startNode(edge);
if (RABBITMQ_URL) void keepBridge(edge, RABBITMQ_URL);

const registered = await Promise.race([
	node.registered.then(
		() => true,
		() => false,
	),
	delay(REGISTER_MS, false, { ref: false }),
]);
if (registered) {
	console.log(`media node ${node.id}: ${node.http}/metrics`);
	console.log(`ready http://localhost:${PORT}`);
	void keepNode(edge, node);
	void watchEdge(edge);
} else if (!stopping) {
	console.error("the media node did not register");
	process.exitCode = 1;
	await stop();
}

async function startNode({ url }: Edge): Promise<MediaNodeProcess> {
	const httpPort = Number(HTTP_PORT) || undefined;
	const env = { RECORDINGS_DIR: process.env.RECORDINGS_DIR ?? join(dataDir, "recordings") };
	return MediaNodeProcess.start({ edge: url, authKey: AUTH_KEY, id: NODE_ID, region: NODE_REGION, httpPort, env });
}

async function keepNode(edge: Edge, first: MediaNodeProcess): Promise<void> {
	const restarts = new Restarts();
	for (let current = first; ; node = current = await startNode(edge)) {
		const since = Date.now();
		await current.exited;
		if (stopping) return;
		const pause = restarts.pauseAfter(Date.now() - since);
		console.error(`the media node died; it is started again ${pause === 0 ? "at once" : `in ${pause / 1_000} s`}`);
		await delay(pause);
		if (stopping) return;
	}
}

/** It waits by itself for a broker that is away; what ends it is its settings, or somebody. */
async function keepBridge({ url }: Edge, rabbitmq: string): Promise<void> {
	const restarts = new Restarts();
	while (!stopping) {
		const since = Date.now();
		bridge = new BridgeProcess({ edge: url, authKey: AUTH_KEY, rabbitmq });
		bridge.http.then(
			(http) => console.log(`events bridge: ${http}/metrics`),
			() => {},
		);
		await bridge.exited;
		if (stopping) return;
		const pause = restarts.pauseAfter(Date.now() - since);
		console.error(`the events bridge died; it is started again ${pause === 0 ? "at once" : `in ${pause / 1_000} s`}`);
		await delay(pause);
	}
}

/** Miniflare starts a workerd that died again, and only logs it when that fails: without an edge there is nothing to run. */
async function watchEdge({ url }: Edge): Promise<void> {
	for (let missed = 0; missed < MISSED_WATCHES; await delay(WATCH_MS)) {
		missed = (await answers(url)) ? 0 : missed + 1;
		if (stopping) return;
	}
	console.error("the edge does not answer any more");
	process.exitCode = 1;
	await stop();
}

async function answers(url: string): Promise<boolean> {
	try {
		const response = await fetch(`${url}/v1/health`, { signal: AbortSignal.timeout(WATCH_MS) });
		await response.text();
		return response.ok;
	} catch {
		return false;
	}
}

async function stop(): Promise<void> {
	if (stopping) return;
	stopping = true;
	// The bridge first: what it has published it can still acknowledge.
	await Promise.all([node?.stop(), bridge?.stop()]);
	await edge?.dispose();
	if (process.connected) process.disconnect();
	process.exit();
}
