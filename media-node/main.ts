/** A media node: dials the edge, serves the rooms it is assigned, stops on SIGTERM. */
import packageJson from "../package.json" with { type: "json" };
import { readConfig } from "./config.ts";
import { MediaNode } from "./node.ts";
import { log } from "./observability/logger.ts";

/** Closing frames get this long to leave, ms; nothing else is waited for. */
const GOODBYE_MS = 250;

let node: MediaNode | undefined;
let stopping = false;

function stop(code: number): void {
	// Asked twice: at once.
	if (stopping) process.exit(code);
	stopping = true;
	log.info("stopping");
	node?.stop();
	setTimeout(() => process.exit(code), GOODBYE_MS);
}

process.on("SIGTERM", () => stop(0));
process.on("SIGINT", () => stop(0));
// A starter that is gone cannot stop this node any more.
process.on("disconnect", () => stop(0));
// The media is in the workers' processes: a fault in here is logged, and is no reason to end everybody's calls.
process.on("unhandledRejection", (error) => log.error({ err: error }, "unhandled rejection"));

try {
	const config = readConfig(process.env);
	log.level = config.logLevel;
	node = await MediaNode.start(config, packageJson.version, {
		// A starter that waits for this node hears of it without asking again and again.
		onRegistered: ({ httpPort }) => process.send?.({ type: "registered", http: httpPort }),
		onReplaced: () => stop(1),
	});
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}
