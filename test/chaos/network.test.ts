import { expect, it } from "vitest";
import type { Report } from "./chaos.ts";
import { inNetwork, whyNoNetwork } from "./network.ts";
import { NETWORK_FAULTS } from "./network-faults.ts";

const why = whyNoNetwork();
if (why) console.log(`faults of the network are not tested: ${why}`);

it.skipIf(why)("lives through each fault of the network", { timeout: 400_000 }, async () => {
	const names = Object.keys(NETWORK_FAULTS);
	const options = ["--each", "--rounds", String(names.length), "--only", names.join(), "--seed", "4"];
	let report: Report | undefined;
	const command = [process.execPath, "test/chaos/main.ts", ...options, "--rooms", "2", "--people", "3"];
	const code = await inNetwork(command, (message) => {
		report = message as Report;
	});
	expect(report?.failure).toBeUndefined();
	expect(report?.rounds.map(({ fault }) => fault)).toEqual(names);
	expect(report?.leaks).toEqual([]);
	expect(code).toBe(0);
});
