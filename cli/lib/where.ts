/** Which edge, with which key. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Api } from "./api.ts";
import type { Globals } from "./command.ts";
import { UsageError } from "./errors.ts";

/** The checkout. */
const ROOT = new URL("../..", import.meta.url).pathname;
const DEFAULT_URL = "http://127.0.0.1:8787";
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);

export function connectTo(globals: Globals, env: NodeJS.ProcessEnv): Api {
	const url = globals.url ?? (env.SWITCHYARD_URL || DEFAULT_URL);
	if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
		throw new UsageError(`--url: ${url} is no http or https address`);
	}
	const key = globals.key ?? (env.AUTH_KEY || developmentKey(url, env));
	if (!key) throw new UsageError("no key: give the edge's AUTH_KEY with --key, or in the environment");
	return new Api(url, key);
}

/** The one that `npm start` of this checkout made; it is nobody else's, so it stays on this machine. */
function developmentKey(url: string, { DATA_DIR = ".data" }: NodeJS.ProcessEnv): string | undefined {
	if (!LOOPBACK.has(new URL(url).hostname)) return undefined;
	const file = join(ROOT, DATA_DIR, "auth-key");
	return existsSync(file) ? readFileSync(file, "utf8").trim() : undefined;
}
