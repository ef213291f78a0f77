/**
 * What is wanted of each track, over all the room's nodes: its publisher is told when that changes, and sends no layer
 * that nobody watches.
 */
import { ALL_LAYERS, type Demand } from "../../shared/media.ts";
import type { Core } from "./core.ts";
import { nodesWith } from "./pipes.ts";
import type { Member, Track } from "./state.ts";

/** A node tells what its receivers want now. */
export function onDemand(core: Core, epoch: number, demand: Demand): void {
	for (const [id, layer] of Object.entries(demand)) {
		const track = core.tracks.get(id);
		if (!track || track.demand[epoch] === layer) continue;
		track.demand[epoch] = layer;
		core.tracks.touch(id);
		reckon(core, track);
	}
}

/** Sums it up; a node that has told nothing may want all. */
export function reckon(core: Core, track: Track): void {
	const { id, kind } = track.info;
	if (kind === "data" || !track.live) return;
	const nodes = nodesWith(core, track);
	// Between two media sides: whoever takes it next begins whole.
	const layer = nodes.length > 0 ? Math.max(...nodes.map((epoch) => track.demand[epoch] ?? ALL_LAYERS)) : ALL_LAYERS;
	if (layer === track.demanded) return;
	track.demanded = layer;
	core.tracks.touch(id);
	core.tell({ type: "demand", demand: { [id]: layer } }, { to: [track.participant] });
}

/** A participant that was away may have missed it. */
export function tellDemand(core: Core, member: Member): void {
	const demand: Demand = {};
	for (const track of core.tracksOf(member.id)) if (track.live) demand[track.info.id] = track.demanded;
	if (Object.keys(demand).length > 0) core.tell({ type: "demand", demand }, { to: [member.id] });
}
