/** `npm run chaos [-- --rounds N --seed S …]`: set-up, then test/chaos/main.ts. */
import { NODE_24 } from "./setup/paths.mjs";
import { runInForeground } from "./setup/run.mjs";
import { command, setUp } from "./setup/set-up.mjs";

await command(async () => {
	const env = await setUp({ chromium: false });
	return runInForeground(NODE_24, ["test/chaos/main.ts", ...process.argv.slice(2)], env);
});
