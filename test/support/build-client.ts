/** Before the tests in browsers: the pages and libraries that the edge serves, as they are now. */
import { execFileSync } from "node:child_process";

export function setup(): void {
	execFileSync(process.execPath, ["scripts/build-client.ts"], { stdio: ["ignore", "ignore", "inherit"] });
}
