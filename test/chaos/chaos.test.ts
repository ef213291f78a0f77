import { expect, it } from "vitest";
import { chaos } from "./chaos.ts";

it("is clean after 50 rounds of faults, whatever they were", { timeout: 600_000 }, async () => {
	const say = (line: string) => console.log(line);
	const report = await chaos({ rounds: 50, seed: 20, rooms: 2, people: 3, say });
	expect(report.failure).toBeUndefined();
	expect(report.rounds).toHaveLength(50);
	expect(report.leaks).toEqual([]);
});
