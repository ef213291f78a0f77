/**
 * `npm run chaos -- --rounds N --seed S`: exit 0 only when every round was clean. As root it runs in a network of
 * namespaces, and breaks that too; `--no-network` leaves that out, `--network` insists on it.
 */
import { parseArgs } from "node:util";
import { ALL_FAULTS, chaos, type FaultName } from "./chaos.ts";
import { inNetwork, Network, whyNoNetwork } from "./network.ts";

const { values } = parseArgs({
	allowNegative: true,
	options: {
		rounds: { type: "string", default: "50" },
		seed: { type: "string", default: String(Math.floor(Math.random() * 1e9)) },
		rooms: { type: "string", default: "3" },
		people: { type: "string", default: "4" },
		only: { type: "string" },
		each: { type: "boolean", default: false },
		network: { type: "boolean" },
	},
});
const seed = Number(values.seed);
const rounds = Number(values.rounds);
const known = Object.keys(ALL_FAULTS) as FaultName[];
const only = values.only?.split(",").map((name) => {
	const fault = known.find((it) => it === name);
	if (!fault) throw new Error(`no fault ${name}: there are ${known.join(", ")}`);
	return fault;
});

if (!Network.here() && values.network !== false) {
	const why = whyNoNetwork();
	if (!why) {
		// The seed goes along, so that it is the one that is told.
		const again = [process.execPath, ...process.argv.slice(1), "--seed", String(seed)];
		process.exit(await inNetwork(again));
	}
	if (values.network) throw new Error(why);
	console.log(`chaos: without faults of the network: ${why}`);
}

// Whoever started this is gone, and with it the network.
if (Network.here()) process.once("disconnect", () => process.exit(1));

console.log(`chaos: ${rounds} rounds, seed ${seed}${Network.here() ? ", in network namespaces" : ""}`);
const report = await chaos({
	...{ rounds, seed, only, each: values.each },
	...{ rooms: Number(values.rooms), people: Number(values.people) },
	say: (line) => console.log(line),
});
// For whoever runs this as a child, as the tests do.
process.send?.(report);
const at = (times: number[], share: number) =>
	Math.round(times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
for (const fault of known) {
	const rounds = report.rounds.filter((round) => round.fault === fault);
	if (rounds.length === 0) continue;
	const figures = (of: number[]) =>
		`p50 ${at(of, 0.5)} ms, p95 ${at(of, 0.95)} ms, most ${Math.round(Math.max(...of))} ms`;
	const [gaps, times] = [rounds.map(({ gapMs }) => gapMs), rounds.map(({ recoveredMs }) => recoveredMs)];
	console.log(
		`${fault}: ${rounds.length} rounds, longest gap of media ${figures(gaps)}; all well after ${figures(times)}`,
	);
}
const times = report.rounds.map(({ recoveredMs }) => recoveredMs);
for (const leak of report.leaks) console.log(`leak: ${leak}`);
if (report.failure) console.log(report.failure);
const clean = !report.failure && report.leaks.length === 0;
console.log(
	`${report.rounds.length} of ${rounds} rounds clean, ${report.leaks.length} leaks, all well after ${at(times, 0.5)} ms (p50), ${at(times, 0.95)} ms (p95), seed ${seed}: ${clean ? "clean" : "NOT CLEAN"}`,
);
process.exit(clean ? 0 : 1);
