/**
 * The room's nodes: asked for at Fleet, proved by a signed token with an epoch, given up when their link stays away.
 * Each assignment has a new epoch, and the room accepts a link only for an epoch it still knows, so that a node that
 * was given up and returns finds itself refused.
 */
import { CLOSE } from "../../shared/close-codes.ts";
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import { fleetFor } from "../fleet/locate.ts";
import type { Assigned } from "../fleet/rpc.ts";
import type { Core } from "./core.ts";
import { loseEndpoint, reportWaiting } from "./endpoints.ts";
import type { Place, Result } from "./rpc.ts";
import type { Assignment } from "./state.ts";

/** Pause before asking Fleet again, ms: doubled each time up to the most, with full jitter. */
const RETRY_MS = { first: 250, most: 3_000 };

/** The room's node, or the beginning of getting one. */
export function wantNode(core: Core, near: Place): Assignment | undefined {
	for (const assignment of core.assignments.values()) return assignment;
	if (core.nodeRetry && core.nodeRetry.at > Date.now()) return undefined;
	ask(core, near);
	return undefined;
}

function ask(core: Core, near: Place): void {
	const room = core.room;
	const epoch = ++room.epoch;
	core.touchRoom();
	const assignment: Assignment = {
		epoch,
		jti: crypto.randomUUID(),
		state: "asked",
		deadline: Date.now() + core.limits.assignmentMs,
	};
	core.assignments.set(String(epoch), assignment);
	const request = { room: room.name, epoch, jti: assignment.jti, origin: room.origin, near, exclude: [], have: [] };
	const answered = fleetFor(core.env, near)
		.assign(request)
		.catch((cause): Result<never> => {
			console.error({ event: "fleet unreachable", room: room.name, error: String(cause) });
			return { ok: false, error: { code: "no_node", message: "the fleet did not answer" } };
		})
		.then((result) => core.settle(() => onAnswer(core, epoch, result)));
	core.ctx.waitUntil(answered);
}

function onAnswer(core: Core, epoch: number, result: Result<Assigned>): void {
	const assignment = core.assignments.get(String(epoch));
	// The room was destroyed meanwhile, or has given this one up.
	if (!assignment) return;
	// Never held: the room names no node that it has.
	if (result.ok && !result.value.held) {
		assignment.node = result.value.node;
		assignment.region = result.value.region;
		core.assignments.touch(String(epoch));
		return;
	}
	giveUp(core, assignment, result.ok ? new SwitchyardError("internal").toJSON() : result.error);
}

/** Ends an assignment that failed; its members wait for the next. */
export function giveUp(core: Core, assignment: Assignment, reason: ErrorBody): void {
	if (!core.assignments.delete(String(assignment.epoch))) return;
	const tries = (core.nodeRetry?.tries ?? 0) + 1;
	const pause = Math.random() * Math.min(RETRY_MS.first * 2 ** tries, RETRY_MS.most);
	// A node that served and was lost is replaced at once; only asking in vain is slowed down.
	core.nodeRetry = assignment.state === "asked" ? { at: Date.now() + pause, tries } : undefined;
	for (const endpoint of [...core.endpoints.values()]) {
		if (endpoint.epoch === assignment.epoch) loseEndpoint(core, endpoint, reason);
	}
	if (assignment.state === "asked") reportWaiting(core, reason);
}

/** Asks again when somebody waits. */
export function retryNode(core: Core): void {
	if (core.assignments.size > 0 || !core.record) return;
	for (const endpoint of core.endpoints.values()) {
		const member = core.members.get(endpoint.participant);
		if (endpoint.state === "waiting" && member) {
			ask(core, member.place);
			return;
		}
	}
}

/** Lets go of nodes that nobody needs. */
export function releaseNodes(core: Core): void {
	for (const assignment of [...core.assignments.values()]) {
		core.assignments.delete(String(assignment.epoch));
		const ws = core.sockets.link(assignment.epoch);
		if (ws) core.sockets.close(ws, CLOSE.released);
	}
}
