/** Child processes of the set-up. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { ROOT } from "./paths.mjs";

/** A step that cannot go on, in words for the one who ran it: shown without a stack. */
export class SetupError extends Error {
	/** @override */
	name = "SetupError";
}

/** Process groups of the commands that run now: a compiler's children must not outlive a stopped set-up. */
const running = new Set();

/**
 * Runs a command to its end and keeps what it says, for the case that it fails.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number, onLine?: (line: string) => void }} [options]
 *   `onLine` also gets what the command writes to its file descriptor 3
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function run(command, args, { cwd = ROOT, env = process.env, timeoutMs, onLine } = {}) {
	const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe", "pipe"] });
	/** @type {string[]} */
	const lines = [];
	for (const stream of child.stdio.slice(1)) {
		const input = /** @type {import("node:stream").Readable} */ (stream);
		createInterface({ input }).on("line", (line) => {
			lines.push(line);
			onLine?.(line);
		});
	}
	const timer = timeoutMs && setTimeout(() => killGroup(child.pid), timeoutMs);
	running.add(child.pid);
	stopWithThisProcess();
	const ok = await new Promise((resolve) => {
		child.on("error", (error) => {
			lines.push(error.message);
			resolve(false);
		});
		child.on("close", (code) => resolve(code === 0));
	});
	running.delete(child.pid);
	clearTimeout(timer);
	return { ok, output: lines.join("\n") };
}

/** @param {number | undefined} pid */
function killGroup(pid) {
	if (pid) process.kill(-pid, "SIGTERM");
}

let stopping = false;

function stopWithThisProcess() {
	if (stopping) return;
	stopping = true;
	for (const [signal, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
		process.on(signal, () => {
			if (running.size === 0) return;
			for (const pid of running) killGroup(pid);
			process.exit(code);
		});
	}
}

/**
 * Runs a command on this terminal until it ends. A signal to stop is passed on, and its end is waited for.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} its exit code
 */
export function runInForeground(command, args, env) {
	// The channel carries nothing: that it closes tells the child that this process is gone, whatever ended it.
	const child = spawn(command, args, { cwd: ROOT, env, stdio: ["inherit", "inherit", "inherit", "ipc"] });
	const stop = () => child.kill("SIGTERM");
	process.on("SIGINT", stop).on("SIGTERM", stop);
	return new Promise((resolve, reject) => {
		child.on("error", reject);
		child.on("exit", (code) => resolve(code ?? 1));
	});
}
