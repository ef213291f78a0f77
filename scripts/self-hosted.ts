/**
 * `npm run self-hosted`: builds the edge for plain workerd into dist/self-hosted, and runs it there. With `--build` it
 * only builds: that directory and a workerd are all that a server needs.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { authKey } from "./lib/auth-key.ts";
import { bundleWorker } from "./lib/bundle.ts";
import { edgeVariables } from "./lib/edge-variables.ts";
import { workerdConfig } from "./lib/workerd-config.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = join(ROOT, "dist/self-hosted");
/** The package's only export: where its binary is. */
const workerd: string = createRequire(import.meta.url)("workerd").default;

await build();
if (!process.argv.includes("--build")) run();

async function build(): Promise<void> {
	rmSync(OUT, { recursive: true, force: true });
	mkdirSync(OUT, { recursive: true });
	writeFileSync(join(OUT, "edge.js"), await bundleWorker(join(ROOT, "worker/index.ts")));
	writeFileSync(join(OUT, "config.capnp"), workerdConfig());
	// An unset variable is null to the Worker under workerd, not absent: every one of them is set, if only to nothing.
	const lines = Object.entries(edgeVariables()).map(([name, value]) => `${name}=${value}\n`);
	writeFileSync(join(OUT, "settings.env"), lines.join(""));
	cpSync(join(ROOT, "deploy/self-hosted/assets.js"), join(OUT, "assets.js"));
	cpSync(join(ROOT, "dist/assets"), join(OUT, "assets"), { recursive: true });
}

function run(): void {
	const { PORT = "8787", HOST = "127.0.0.1", DATA_DIR = ".data" } = process.env;
	const dataDir = resolve(DATA_DIR);
	const objects = join(dataDir, "self-hosted");
	mkdirSync(objects, { recursive: true });
	const AUTH_KEY = authKey(process.env, dataDir);
	const address = `${HOST}:${PORT}`;
	const child = spawn(workerd, ["serve", "config.capnp", `-shttp=${address}`, `-dobjects=${objects}`], {
		cwd: OUT,
		stdio: "inherit",
		env: { ...edgeVariables(), ...process.env, AUTH_KEY },
	});
	console.log(`edge on http://${address}`);
	const stop = () => child.kill("SIGTERM");
	process.on("SIGINT", stop).on("SIGTERM", stop);
	child.on("exit", (code, signal) => process.exit(signal === "SIGTERM" ? 0 : (code ?? 1)));
}
