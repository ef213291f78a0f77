/**
 * `npm test [-- PROJECT… --vitest-option…]`: set-up, then the tests of all projects or of those named (unit,
 * edge, events, integration, browser, chaos). The last line is `N passed, N failed`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_24 } from "./setup/paths.mjs";
import { runInForeground } from "./setup/run.mjs";
import { command, setUp } from "./setup/set-up.mjs";

await command(async () => {
	const given = process.argv.slice(2).filter((argument) => argument !== "--");
	const projects = given.filter((argument) => !argument.startsWith("-"));
	const runs = (/** @type {string} */ project) => projects.length === 0 || projects.includes(project);
	const integration = runs("integration");
	const env = await setUp({
		chromium: runs("browser"),
		coturn: integration || runs("browser"),
		rabbitmq: integration,
		gstreamer: integration || runs("browser"),
		encoder: integration || runs("browser"),
	});

	const directory = mkdtempSync(join(tmpdir(), "switchyard-test-"));
	const file = join(directory, "totals.json");
	const code = await runInForeground(
		NODE_24,
		[
			"node_modules/vitest/vitest.mjs",
			"run",
			"--reporter=default",
			"--reporter=scripts/lib/totals-reporter.ts",
			...projects.map((project) => `--project=${project}`),
			...given.filter((argument) => argument.startsWith("-")),
		],
		{ ...env, TEST_TOTALS: file },
	);
	// Without the file vitest did not come to its end.
	const none = { passed: 0, failed: 0, retried: [] };
	const { passed, failed, retried } = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : none;
	rmSync(directory, { recursive: true, force: true });
	for (const name of retried) console.log(`passed at the second try: ${name}`);
	console.log(`${passed} passed, ${failed || (code === 0 ? 0 : 1)} failed`);
	return code || (failed ? 1 : 0);
});
