/** `npm run setup`: all set-up and nothing else, for CI and images. */
import { command, setUp } from "./setup/set-up.mjs";

await command(async () => {
	await setUp();
	return 0;
});
