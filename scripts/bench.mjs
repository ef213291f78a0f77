/** `npm run bench [-- NAME…]`: set-up, then bench/main.ts. */
import { NODE_24 } from "./setup/paths.mjs";
import { runInForeground } from "./setup/run.mjs";
import { command, setUp } from "./setup/set-up.mjs";

await command(async () => {
	const env = await setUp({ chromium: true, gstreamer: true });
	return runInForeground(NODE_24, ["bench/main.ts", ...process.argv.slice(2)], env);
});
