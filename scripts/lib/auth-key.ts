import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `AUTH_KEY`, or the development key of this data directory: made once, so that tokens outlive a restart. */
export function authKey(env: NodeJS.ProcessEnv, dataDir: string): string {
	if (env.AUTH_KEY) return env.AUTH_KEY;
	const file = join(dataDir, "auth-key");
	if (!existsSync(file)) {
		mkdirSync(dataDir, { recursive: true });
		writeFileSync(file, `${randomBytes(32).toString("base64")}\n`, { mode: 0o600 });
	}
	const key = readFileSync(file, "utf8").trim();
	console.log(`development key (set AUTH_KEY to use your own): ${key}`);
	return key;
}
