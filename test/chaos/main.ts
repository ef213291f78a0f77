/** `npm run chaos -- --rounds N --seed S`: exit 0 only when every round was clean. */
import { parseArgs } from "node:util";
import { chaos } from "./chaos.ts";
import { FAULTS } from "./faults.ts";

const { values } = parseArgs({
	options: {
		rounds: { type: "string", default: "50" },
		seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
		rooms: { type: "string", default: "3" },
		people: { type: "string", default: "4" },
		only: { type: "string" },
	},
});
const seed = Number(values.seed);
const rounds = Number(values.rounds);
const known = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
const only = values.only?.split(",").map((name) => {
	const fault = known.find((it) => it === name);
	if (!fault) throw new Error(`no fault ${name}: there are ${known.join(", ")}`);
	return fault;
});
console.log(`chaos: ${rounds} rounds, seed ${seed}`);
const report = await chaos({
	...{ rounds, seed, only },
	...{ rooms: Number(values.rooms), people: Number(values.people) },
	say: (line) => console.log(line),
});
const at = (times: number[], share: number) =>
	Math.round(times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
for (const fault of known) {
	const gaps = report.rounds.filter((round) => round.fault === fault).map(({ gapMs }) => gapMs);
	if (gaps.length === 0) continue;
	const [p50, p95, most] = [at(gaps, 0.5), at(gaps, 0.95), Math.round(Math.max(...gaps))];
	console.log(`${fault}: ${gaps.length} rounds, longest gap of media p50 ${p50} ms, p95 ${p95} ms, most ${most} ms`);
}
const times = report.rounds.map(({ recoveredMs }) => recoveredMs);
for (const leak of report.leaks) console.log(`leak: ${leak}`);
if (report.failure) console.log(report.failure);
const clean = !report.failure && report.leaks.length === 0;
console.log(
	`${report.rounds.length} of ${rounds} rounds clean, ${report.leaks.length} leaks, all well after ${at(times, 0.5)} ms (p50), ${at(times, 0.95)} ms (p95), seed ${seed}: ${clean ? "clean" : "NOT CLEAN"}`,
);
process.exit(clean ? 0 : 1);
