/** A media node: dials the edge, serves the rooms it is assigned, and does what signals ask of it (docs/media-node.md). */
import { flushCompileCache } from "node:module";
import packageJson from "../package.json" with { type: "json" };
import { readConfig } from "./config.ts";
import type { NodeNews } from "./news.ts";
import { MediaNode } from "./node.ts";
import { logCensus } from "./observability/census.ts";
import { log } from "./observability/logger.ts";

/** Closing frames get this long to leave, ms. */
const GOODBYE_MS = 250;
/** As long as recordings are finished and brought away: what is left then waits on the disk for the next start, ms. */
const RECORDINGS_MS = 35_000;

/** After registering, ms: first the rooms that wait are served. */
const KEEP_COMPILED_MS = 2_000;

let node: MediaNode | undefined;
let stopping = false;
let draining = false;

function stop(code: number): void {
	// Asked twice: at once.
	if (stopping) process.exit(code);
	stopping = true;
	log.info("stopping");
	setTimeout(() => process.exit(code), node?.recordings?.busy ? RECORDINGS_MS : GOODBYE_MS);
	void node?.stop().then(() => setTimeout(() => process.exit(code), GOODBYE_MS));
}

/** Rooms get `DRAIN_SECONDS` to move away. Asked twice: at once. */
function drain(): void {
	if (!node || draining || node.config.drainSeconds === 0) return stop(0);
	draining = true;
	node.drainAndExit(Date.now() + node.config.drainSeconds * 1_000);
}

/** Ends what it serves and begins anew in the same process, with the settings that it has. */
async function restart(): Promise<void> {
	const former = node;
	if (!former || stopping || draining) return;
	// Until the next one is there, a signal to stop stops at once.
	node = undefined;
	const { httpPort } = former;
	await former.endRooms();
	await former.stop();
	if (!stopping) await start(httpPort);
}

/** `httpPort`: instead of the one in the settings. */
async function start(httpPort?: number): Promise<void> {
	try {
		const settings = readConfig(process.env);
		const config = { ...settings, httpPort: httpPort ?? settings.httpPort };
		log.level = config.logLevel;
		node = await MediaNode.start(config, packageJson.version, {
			// A starter that waits for this node hears of it without asking again and again.
			onRegistered: ({ httpPort: http = config.httpPort }) => {
				tell({ type: "registered", http });
				keepCompiled();
			},
			onReplaced: () => stop(1),
			onDrained: () => stop(0),
		});
	} catch (error) {
		const reason = error instanceof Error ? error.message : String(error);
		console.error(reason);
		tell({ type: "failed", reason }, () => process.exit(1));
	}
}

/** `told` is called in any case: without a starter, or when that is gone, at once. */
function tell(news: NodeNews, told: () => void = () => {}): void {
	if (process.connected) process.send?.(news, told);
	else told();
}

/** Node writes its compile cache (NODE_COMPILE_CACHE) when it exits, and one that is killed does not. */
function keepCompiled(): void {
	setTimeout(flushCompileCache, KEEP_COMPILED_MS).unref();
}

process.on("SIGTERM", drain);
process.on("SIGINT", drain);
// As Odoo's SFU has them.
process.on("SIGALRM", () => void node?.endRooms());
process.on("SIGFPE", () => void restart());
process.on("SIGIO", () => void (node && logCensus(node)));
// A starter that is gone cannot stop this node any more.
process.on("disconnect", () => stop(0));
// The media is in the workers' processes: a fault in here is logged, and is no reason to end everybody's calls.
process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));

await start();
