/** `npm run bench [-- NAME…]`: figures as tables, and as JSON in bench/results/. Ratios against a baseline of the same run. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { crowd } from "./crowd.ts";
import { effects } from "./effects.ts";
import { failover } from "./failover.ts";
import { forward } from "./forward.ts";
import { join } from "./join.ts";
import { type Figures, table } from "./lib/figures.ts";
import { odoo } from "./odoo.ts";
import { placement } from "./placement.ts";
import { relay } from "./relay.ts";
import { sdp } from "./sdp.ts";
import { spanning } from "./spanning.ts";
import { start } from "./start.ts";

const benches: Record<string, (runs: number) => Promise<Figures>> = {
	relay,
	join,
	forward,
	odoo,
	sdp,
	spanning,
	failover,
	crowd,
	placement,
	effects,
	start,
};

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { runs: { type: "string", default: "5" } },
});
const unknown = positionals.filter((name) => !(name in benches));
if (unknown.length > 0) {
	console.error(`no bench named ${unknown.join(", ")}; there are: ${Object.keys(benches).join(", ")}`);
	process.exit(2);
}

const results = new URL("./results/", import.meta.url);
mkdirSync(results, { recursive: true });
for (const [name, bench] of Object.entries(benches)) {
	if (positionals.length > 0 && !positionals.includes(name)) continue;
	const figures = await bench(Number(values.runs));
	const { what, head, rows, bars, notes = [], json } = figures;
	console.log(`\n${name}: ${what}\n${table(head, rows)}`);
	for (const note of notes) console.log(note);
	for (const { bar, value, held } of bars) console.log(`${held ? "held  " : "MISSED"} ${bar}: ${value.toFixed(2)}`);
	const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
	const file = new URL(`${name}.json`, results);
	writeFileSync(
		file,
		`${JSON.stringify({ name, what, machine, at: new Date().toISOString(), bars, json }, undefined, "\t")}\n`,
	);
	console.log(`figures in bench/results/${name}.json`);
}
// libdatachannel's threads would keep the process.
process.exit(0);
