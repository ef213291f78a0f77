/** The events bridge: reads the edge's feed and publishes it to RabbitMQ, until a signal. */
import { Bridge } from "./bridge.ts";
import { readConfig } from "./config.ts";
import { listen } from "./http.ts";
import { log } from "./logger.ts";

/** Closing frames get this long to leave, ms. */
const GOODBYE_MS = 250;

let bridge: Bridge | undefined;
let stopping = false;

async function stop(code: number): Promise<void> {
	// Asked twice: at once.
	if (stopping) process.exit(code);
	stopping = true;
	log.info("stopping");
	await bridge?.stop();
	setTimeout(() => process.exit(code), GOODBYE_MS);
}

process.on("SIGTERM", () => void stop(0));
process.on("SIGINT", () => void stop(0));
// A starter that is gone cannot stop this bridge any more.
process.on("disconnect", () => void stop(0));

try {
	const config = readConfig(process.env);
	log.level = config.logLevel;
	bridge = new Bridge(config, log, () => void stop(1));
	const port = await listen(bridge, config.httpAddress, config.httpPort);
	log.info({ edge: config.edge, http: port }, "bridge");
	process.send?.({ type: "listening", http: port });
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}
