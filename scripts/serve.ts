/** What `npm start` runs once set-up is done: edge, demo page and one media node, until a signal. */
import { join, resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { authKey } from "./lib/auth-key.ts";
import { type Edge, startEdge } from "./lib/edge.ts";
import { edgeVariablesFrom } from "./lib/edge-variables.ts";
import { freePort } from "./lib/free-port.ts";
import { MediaNodeProcess } from "./lib/media-node.ts";

const REGISTER_MS = 30_000;
const RESTART_MS = 1_000;

const { PORT, HOST, DATA_DIR = ".data", HTTP_PORT, NODE_ID = "local", NODE_REGION } = process.env;
const dataDir = resolve(DATA_DIR);
const AUTH_KEY = authKey(process.env, dataDir);

let stopping = false;
let edge: Edge | undefined;
let node: MediaNodeProcess | undefined;
// The process that started this one is gone, whatever ended it.
process.on("disconnect", stop);

edge = await startEdge({
	port: Number(PORT),
	host: HOST,
	dataDir: join(dataDir, "objects"),
	vars: { DEMO: "true", ...edgeVariablesFrom(process.env), AUTH_KEY },
	onCrash: () => stopping || console.error("the edge died and was started again"),
});
// Miniflare's own handlers end this process at once, before the node has stopped.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal).on(signal, stop);
node = await startNode(edge);

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
} else if (!stopping) {
	console.error("the media node did not register");
	process.exitCode = 1;
	await stop();
}

async function startNode({ url }: Edge): Promise<MediaNodeProcess> {
	const httpPort = Number(HTTP_PORT) || (await freePort());
	return MediaNodeProcess.start({ edge: url, authKey: AUTH_KEY, id: NODE_ID, region: NODE_REGION, httpPort });
}

async function keepNode(edge: Edge, first: MediaNodeProcess): Promise<void> {
	for (let current = first; ; node = current = await startNode(edge)) {
		await current.exited;
		if (stopping) return;
		console.error("the media node died; it is started again");
		await delay(RESTART_MS);
		if (stopping) return;
	}
}

async function stop(): Promise<void> {
	if (stopping) return;
	stopping = true;
	await node?.stop();
	await edge?.dispose();
	if (process.connected) process.disconnect();
	process.exit();
}
