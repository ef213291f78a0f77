/**
 * Nodes of the room that do not reach each other, though both reach the room: its people on one of them go elsewhere,
 * make before break. Which one: the node that most others have lost, else the one with fewer people here.
 */
import type { Core } from "./core.ts";
import { beginDrain } from "./drain.ts";

/** How long to wait for what other nodes tell: one that nobody reaches is told of by all of them, ms. */
const GATHER_MS = 1_500;
/** After this, those who could not be moved are cut, ms: what is between them is lost already. */
const AWAY_MS = 10_000;

/** A node gets nothing from another. It says so again for as long as that is so. */
export function onPipeLost(core: Core, epoch: number, peer: number): void {
	core.severed.add([epoch, peer].sort((a, b) => a - b).join(" "));
	if (core.severedAt !== undefined) return;
	core.severedAt = Date.now() + GATHER_MS;
	core.timesChanged = true;
}

export function partSevered(core: Core): void {
	core.severedAt = undefined;
	const stays = (epoch: number) => {
		const assignment = core.assignments.get(String(epoch));
		return assignment !== undefined && assignment.draining === undefined;
	};
	let pairs = [...core.severed].map((pair) => pair.split(" ").map(Number)).filter((pair) => pair.every(stays));
	core.severed.clear();
	while (pairs.length > 0) {
		const lost = (epoch: number) => pairs.filter((pair) => pair.includes(epoch)).length;
		const people = (epoch: number) => [...core.endpoints.values()].filter((it) => it.epoch === epoch).length;
		const [worst = 0] = pairs.flat().sort((a, b) => lost(b) - lost(a) || people(a) - people(b) || b - a);
		const severed = core.assignments.get(String(worst));
		console.log({ event: "node severed", room: core.room.name, node: severed?.node, from: lost(worst) });
		// To one that it does not reach: whichever of the two is at fault, it is enough that they are together. A third
		// node may reach that one no better, and Fleet, which knows nothing of this, could go to and fro between them.
		const other = pairs.find((pair) => pair.includes(worst))?.find((epoch) => epoch !== worst);
		const next = core.assignments.get(String(other));
		if (next && severed) {
			next.areas = [...new Set([...next.areas, ...severed.areas])];
			core.assignments.touch(String(other));
		}
		beginDrain(core, worst, Date.now() + AWAY_MS);
		pairs = pairs.filter((pair) => !pair.includes(worst));
	}
}
