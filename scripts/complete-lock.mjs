/**
 * `npm run lock`, after any change of dependencies: writes package-lock.json and then adds to it the optional packages
 * of other platforms that the registry in use does not hold.
 *
 * npm leaves those out of the lock when it cannot read them, and `npm ci` then refuses the lock everywhere, since it
 * looks for every optional package in it whatever the platform. Nobody installs them here; on their own platform
 * they are installed by exact version.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const file = new URL("../package-lock.json", import.meta.url);

const { status } = spawnSync("npm", ["install", "--package-lock-only", "--loglevel=error"], {
	cwd: new URL("..", import.meta.url),
	stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const lock = JSON.parse(readFileSync(file, "utf8"));
const added = complete(lock.packages);
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, undefined, "\t")}\n`);
console.log(added.length ? `added to the lock:\n  ${added.join("\n  ")}` : "the lock is complete");

/**
 * @param {Record<string, { version: string, dev?: boolean, optional?: boolean, optionalDependencies?: Record<string, string> }>} packages by path
 * @returns {string[]} what was added
 */
function complete(packages) {
	const names = [];
	for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
		for (const [name, version] of Object.entries(optionalDependencies)) {
			if (isThere(packages, path, name)) continue;
			if (!/^\d/.test(version)) throw new Error(`${name}: ${version} is not one version; lock it by hand`);
			packages[`node_modules/${name}`] = { version, ...platformOf(name), ...(dev && { dev }), optional: true };
			names.push(`${name} ${version}`);
		}
	}
	return names;
}

/**
 * As Node looks for a package: beside the one that asks, then further and further up.
 * @param {Record<string, unknown>} packages
 * @param {string} path
 * @param {string} name
 */
function isThere(packages, path, name) {
	for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("node_modules/") - 1))) {
		if (`${at && `${at}/`}node_modules/${name}` in packages) return true;
		if (at === "") return false;
	}
}

/**
 * Platform packages are named after what they run on; npm skips them elsewhere by these fields.
 * @param {string} name
 */
function platformOf(name) {
	const [, os, bits, libc] =
		/-(aix|android|darwin|freebsd|linux|openbsd|win32|windows)-(arm64|arm|ia32|x64|64)(?:-(musl))?$/.exec(name) ?? [];
	if (!os || !bits) throw new Error(`${name}: its platform is not in its name; lock it by hand`);
	return {
		cpu: [bits === "64" ? "x64" : bits],
		os: [os === "windows" ? "win32" : os],
		...(libc && { libc: [libc] }),
	};
}
