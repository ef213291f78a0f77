/**
 * The mediasoup worker, from wherever it can be had: the environment, the cache, mediasoup's own download, or a build
 * against Debian's libraries. docs/mediasoup-worker.md has the reasons.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { requirePackages } from "./debian.mjs";
import { CACHE, NODE_24, ROOT } from "./paths.mjs";
import { Progress } from "./progress.mjs";
import { run, SetupError } from "./run.mjs";

const MEDIASOUP = join(ROOT, "node_modules/mediasoup");
const DOWNLOADED = join(MEDIASOUP, "worker/out/Release/mediasoup-worker");
const DOWNLOAD_TIMEOUT_MS = 60_000;
/** What the worker exits with when nobody gave it a version: it loaded all its libraries and came to its `main`. */
const EXIT_WITHOUT_VERSION = 41;

/** @returns {Promise<string>} the path of a worker that runs on this machine */
export async function provideMediasoupWorker() {
	const given = process.env.MEDIASOUP_WORKER_BIN;
	if (given) {
		if (!runs(given)) throw new SetupError(`MEDIASOUP_WORKER_BIN: ${given} does not run`);
		return given;
	}
	const cached = cachedMediasoupWorker();
	if (runs(cached)) return cached;
	// Complete or not at all, also when several set-ups come to it at once.
	const partial = `${cached}.${process.pid}`;
	mkdirSync(CACHE, { recursive: true });
	if (!(await download(partial))) await build(partial);
	renameSync(partial, cached);
	return cached;
}

/** Where the worker of the installed mediasoup is kept, be it there or not. */
export function cachedMediasoupWorker() {
	const { version } = JSON.parse(readFileSync(join(MEDIASOUP, "package.json"), "utf8"));
	return join(CACHE, `mediasoup-worker-${version}-${process.arch}`);
}

/** @param {string} worker */
function runs(worker) {
	return existsSync(worker) && spawnSync(worker, { env: {}, stdio: "ignore" }).status === EXIT_WITHOUT_VERSION;
}

/**
 * The package's own install step, which checks what it fetched.
 * @param {string} target
 */
async function download(target) {
	console.log("downloading the mediasoup worker …");
	// Without a download it would build with pip's and meson's downloads; with no Python it ends there instead.
	const env = { ...process.env, PYTHON: "false" };
	const step = ["npm-scripts.mjs", "postinstall"];
	const { ok } = await run(NODE_24, step, { cwd: MEDIASOUP, env, timeoutMs: DOWNLOAD_TIMEOUT_MS });
	if (ok && existsSync(DOWNLOADED)) {
		copyFileSync(DOWNLOADED, target);
		// The copy is what is tried: another set-up may be writing the one in the checkout.
		if (runs(target)) return true;
	}
	console.log("mediasoup's prebuilt worker cannot be had here");
	return false;
}

/** @param {string} target */
async function build(target) {
	await requirePackages("building the mediasoup worker");
	const progress = new Progress("building the mediasoup worker (some minutes, once)");
	const { ok, output } = await run("bash", [join(ROOT, "deploy/mediasoup-worker/build.sh"), MEDIASOUP, target], {
		onLine: (line) => {
			const [, done, total] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
			if (done) progress.at(Number(done), Number(total));
		},
	});
	if (!ok) throw new SetupError(`the mediasoup worker did not build:\n${output.split("\n").slice(-40).join("\n")}`);
	if (!runs(target)) throw new SetupError("the mediasoup worker was built but does not run");
	progress.end();
}
