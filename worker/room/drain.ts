/**
 * A node is to stop: the room's people there are moved to others, a batch at a time, each make before break. Those whom
 * that costs their connection stay as long as can be: many a call is over before. When nobody is left the node is let
 * go of.
 */
import { giveUp, release } from "./assignments.ts";
import type { Core } from "./core.ts";
import { beginMove, beginsAnew } from "./endpoints.ts";
import type { Assignment, Member } from "./state.ts";

/** People of one room on the way at a time. */
const BATCH = 10;
/** What a batch takes whose clients begin anew, and what is left to the last of them before the node stops, ms. */
const ANEW_BATCH_MS = 5_000;
const RESERVE_MS = 10_000;
/** Rooms begin with those at different times, ms apart at most. */
const SPREAD_MS = 60_000;

export function beginDrain(core: Core, epoch: number, deadline: number): void {
	const assignment = core.assignments.get(String(epoch));
	if (!assignment) return;
	assignment.draining = deadline;
	assignment.disturbAt = disturbAt(core, assignment, deadline);
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
	assignment.disturbAt = undefined;
	core.assignments.touch(String(epoch));
}

function disturbAt(core: Core, { epoch }: Assignment, deadline: number): number | undefined {
	const there = [...core.endpoints.values()].filter((endpoint) => endpoint.epoch === epoch);
	const some = there.filter(({ participant }) => beginsAnew(core, core.members.get(participant))).length;
	if (some === 0) return undefined;
	const now = Date.now();
	const latest = Math.max(now, deadline - RESERVE_MS - Math.ceil(some / BATCH) * ANEW_BATCH_MS);
	return Math.round(latest - Math.random() * Math.min(SPREAD_MS, (latest - now) / 2));
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
	for (const { participant, until } of there) {
		const member = core.members.get(participant);
		const returning = until !== undefined && member?.state === "away";
		if (member?.next !== undefined || returning) moving++;
	}
	// One that could not be placed waits, and is placed with everybody else who waits.
	if (core.reopenAt !== undefined && core.reopenAt > now) return;
	const spared = (member: Member) => (assignment.disturbAt ?? now) > now && beginsAnew(core, member);
	for (const { id, participant, until } of there) {
		if (moving >= BATCH) return;
		const member = core.members.get(participant);
		if (member?.endpoint !== id || until !== undefined || spared(member)) continue;
		if (beginMove(core, member)) moving++;
	}
}
