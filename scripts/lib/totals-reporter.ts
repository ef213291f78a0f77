/** Counts the tests of a run into the file that `TEST_TOTALS` names; scripts/test.mjs says them last of all. */
import { writeFileSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export default class TotalsReporter implements Reporter {
	onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
		let passed = 0;
		const retried: string[] = [];
		// An error that belongs to no test is a failure all the same, and so is a file that does not load.
		let failed = unhandled.length;
		for (const module of modules) {
			failed += module.errors().length;
			for (const suite of module.children.allSuites()) failed += suite.errors().length;
			for (const test of module.children.allTests()) {
				const { state } = test.result();
				if (test.diagnostic()?.flaky) retried.push(`${module.relativeModuleId}: ${test.fullName}`);
				if (state === "passed") passed++;
				else if (state === "failed") failed++;
			}
		}
		writeFileSync(process.env.TEST_TOTALS ?? "/dev/null", JSON.stringify({ passed, failed, retried }));
	}
}
