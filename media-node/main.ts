/** A media node: dials the edge, serves the rooms it is assigned, stops on SIGTERM. */
import packageJson from "../package.json" with { type: "json" };
import { readConfig } from "./config.ts";
import { MediaNode } from "./node.ts";
import { log } from "./observability/logger.ts";

try {
	const node = await MediaNode.start(readConfig(process.env), packageJson.version, {
		// A starter that waits for this node hears of it without asking again and again.
		onRegistered: () => process.send?.({ type: "registered" }),
		onReplaced: () => stop(1),
	});
	let stopping = false;
	const stop = (code: number) => {
		if (stopping) process.exit(code);
		stopping = true;
		log.info("stopping");
		node.stop();
		// Closing frames get a moment to leave; nothing else is waited for.
		setTimeout(() => process.exit(code), 250);
	};
	process.on("SIGTERM", () => stop(0));
	process.on("SIGINT", () => stop(0));
} catch (error) {
	console.error(error instanceof Error ? error.message : error);
	process.exit(1);
}
