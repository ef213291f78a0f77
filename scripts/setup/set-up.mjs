/**
 * Everything between a fresh checkout and a running Switchyard. This and all it imports must run under Node 20 with
 * nothing installed.
 */
import { existsSync } from "node:fs";
import { requirePackages } from "./debian.mjs";
import { installDependencies } from "./dependencies.mjs";
import { provideMediasoupWorker } from "./mediasoup-worker.mjs";
import { NODE_24 } from "./paths.mjs";
import { run, SetupError } from "./run.mjs";

const COTURN = "/usr/bin/turnserver";
/** Debian's, which runs as whoever starts it; the one on PATH insists on a user and directories of its own. */
const RABBITMQ_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server";

/**
 * @typedef {{ chromium?: boolean, coturn?: boolean, rabbitmq?: boolean, gstreamer?: boolean, encoder?: boolean }} Needs
 * @param {Needs} [needs] what is needed besides
 * @returns {Promise<NodeJS.ProcessEnv>} what the processes of Switchyard run with
 */
export async function setUp({ chromium, coturn, rabbitmq, gstreamer, encoder } = {}) {
	const { CHROMIUM = "/usr/bin/chromium" } = process.env;
	await installDependencies();
	const worker = await provideMediasoupWorker();
	if (chromium && !existsSync(CHROMIUM)) await requirePackages("browser tests");
	if (coturn && !existsSync(COTURN)) {
		await requirePackages("TURN servers");
		// The package starts a service of its own, on the port that a node's takes.
		await run("systemctl", ["disable", "--now", "coturn"]);
	}
	if (rabbitmq && !existsSync(RABBITMQ_SERVER)) {
		await requirePackages("event tests");
		// The tests run one of their own.
		await run("systemctl", ["disable", "--now", "rabbitmq-server"]);
	}
	if (gstreamer) await requirePackages("media processing");
	if (encoder) await requirePackages("encoder tests");
	const { ok, output } = await run(NODE_24, ["scripts/build-client.ts"]);
	if (!ok) throw new SetupError(`the client did not build:\n${output}`);
	return { ...process.env, MEDIASOUP_WORKER_BIN: worker, CHROMIUM };
}

/**
 * The frame of every entry script: a set-up that cannot go on says why and ends with 1.
 * @param {() => Promise<number>} main gives the exit code
 */
export async function command(main) {
	try {
		process.exitCode = await main();
	} catch (error) {
		if (!(error instanceof SetupError)) throw error;
		console.error(error.message);
		process.exitCode = 1;
	}
}
