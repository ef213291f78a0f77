#!/usr/bin/env node
/** `switchyard …` and `npm run cli -- …`: cli/main.ts under the project's own Node, whatever Node starts this. */
import { existsSync } from "node:fs";
import { NODE_24, ROOT } from "../scripts/setup/paths.mjs";
import { runInForeground } from "../scripts/setup/run.mjs";

if (existsSync(NODE_24)) {
	process.exitCode = await runInForeground(NODE_24, ["cli/main.ts", ...process.argv.slice(2)], process.env);
} else {
	console.error(`switchyard: not set up yet; run \`npm run setup\` in ${ROOT}`);
	process.exitCode = 1;
}
