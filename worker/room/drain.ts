/**
 * A node is to stop: the room's people there are moved to others, a batch at a time, each make before break. When
 * nobody is left the node is let go of.
 */
import { giveUp, release } from "./assignments.ts";
import type { Core } from "./core.ts";
import { beginMove } from "./endpoints.ts";
import type { Assignment } from "./state.ts";

/** People of one room on the way at a time. */
const BATCH = 10;

export function beginDrain(core: Core, epoch: number, deadline: number): void {
	const assignment = core.assignments.get(String(epoch));
	if (!assignment) return;
	assignment.draining = deadline;
	core.assignments.touch(String(epoch));
	for (const member of [...core.members.values()]) {
		if (core.serving(member.id)?.epoch === epoch) core.dialect(member.dialect).stranded?.(core, member, deadline);
	}
	continueDrains(core);
}

/** The node stays after all. Those who have moved have moved. */
export function cancelDrain(core: Core, epoch: number): void {
	const assignment = core.assignments.get(String(epoch));
	if (assignment?.draining === undefined) return;
	assignment.draining = undefined;
	core.assignments.touch(String(epoch));
}

/** Moves the next ones, as those before them have arrived. After every event, so cheap where nothing drains. */
export function continueDrains(core: Core): void {
	for (const assignment of core.assignments.values()) if (assignment.draining !== undefined) drain(core, assignment);
}

function drain(core: Core, assignment: Assignment): void {
	const now = Date.now();
	if ((assignment.draining ?? 0) <= now) {
		giveUp(core, assignment, { code: "node_failed", message: "the node has stopped" });
		return;
	}
	const there = [...core.endpoints.values()].filter(({ epoch, ahead }) => epoch === assignment.epoch && !ahead);
	if (there.length === 0 && assignment.state !== "asked") {
		release(core, assignment);
		return;
	}
	let moving = 0;
	for (const { participant } of there) if (core.members.get(participant)?.next !== undefined) moving++;
	// One that could not be placed waits, and is placed with everybody else who waits.
	if (core.reopenAt !== undefined && core.reopenAt > now) return;
	for (const { id, participant, until } of there) {
		if (moving >= BATCH) return;
		const member = core.members.get(participant);
		if (member?.endpoint === id && until === undefined && beginMove(core, member)) moving++;
	}
}
