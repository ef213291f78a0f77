/** Who speaks in the room: what its nodes hear, together. */
import { mergeSpeakers, type Speakers } from "../../shared/speakers.ts";
import type { Core } from "./core.ts";

/** A node tells who speaks of those that it serves. */
export function onSpeakers(core: Core, epoch: number, heard: Speakers): void {
	core.speaking.set(epoch, heard);
	core.lastN.heard(tellSpeakers(core));
}

/** Nothing is heard by a node any more, or for now: nobody would say when those who spoke there fall silent. */
export function forgetSpeakers(core: Core, epoch: number): void {
	const heard = core.speaking.get(epoch);
	core.speaking.delete(epoch);
	if (heard && heard.speakers.length > 0) tellSpeakers(core);
}

function tellSpeakers(core: Core): Speakers {
	const speakers = mergeSpeakers(core.speaking.values());
	core.tell({ type: "speakers", ...speakers });
	return speakers;
}
