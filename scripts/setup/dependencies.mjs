/** npm packages as the lock file has them, and Node 24 among them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { NODE_24, ROOT } from "./paths.mjs";
import { run, SetupError } from "./run.mjs";

export async function installDependencies() {
	if (!isInstalled()) {
		console.log("installing npm packages …");
		await npm("ci", "--loglevel=error");
	}
	if (!(await isNode24())) {
		// The binary is fetched by the package's own install script, and .npmrc switches those off for all packages.
		console.log("installing Node 24 …");
		await npm("rebuild", "node", "--ignore-scripts=false", "--loglevel=error");
		if (!(await isNode24())) throw new SetupError("Node 24 did not install; try: rm -rf node_modules, and start again");
	}
}

/** npm notes what it installed beside the packages; every entry of the lock that is for all platforms must be there. */
function isInstalled() {
	const installed = packagesOf("node_modules/.package-lock.json");
	const wanted = packagesOf("package-lock.json");
	return Object.entries(wanted).every(
		([path, { version, optional }]) => path === "" || optional || installed[path]?.version === version,
	);
}

/**
 * @param {string} file
 * @returns {Record<string, { version: string, optional?: boolean }>}
 */
function packagesOf(file) {
	const path = join(ROOT, file);
	return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {};
}

async function isNode24() {
	const { ok, output } = await run(NODE_24, ["--version"]);
	return ok && output === `v${packagesOf("package-lock.json")["node_modules/node"]?.version}`;
}

/** @param {string[]} args */
async function npm(...args) {
	// Under `npm start` this is the npm that runs us, which need not be the one on PATH.
	const cli = process.env.npm_execpath;
	// npm puts the Node that it installed here first on PATH, so this may run in the one that `npm ci` just took away.
	const node = existsSync(process.execPath) ? process.execPath : "node";
	const { ok, output } = cli?.endsWith(".js") ? await run(node, [cli, ...args]) : await run("npm", args);
	if (!ok) throw new SetupError(`npm ${args.join(" ")} failed:\n${output}`);
}
