/** `npm run chaos [-- --rounds N --seed S …]`: set-up, then test/chaos/main.ts; with `soak` first, test/chaos/soak.ts. */
import { NODE_24 } from "./setup/paths.mjs";
import { runInForeground } from "./setup/run.mjs";
import { command, setUp } from "./setup/set-up.mjs";

await command(async () => {
	const env = await setUp({ chromium: false });
	const [first, ...others] = process.argv.slice(2);
	const isSoak = first === "soak";
	const given = isSoak ? others : process.argv.slice(2);
	return runInForeground(NODE_24, [`test/chaos/${isSoak ? "soak" : "main"}.ts`, ...given], env);
});
