/**
 * The room's nodes: asked for at Fleet, proved by a signed token with an epoch, given up when their link stays away.
 * Each assignment has a new epoch, and the room accepts a link only for an epoch it still knows, so that a node that
 * was given up and returns finds itself refused. A room has as many nodes as its people's places call for; a node
 * serves it once at a time.
 */
import { CLOSE } from "../../shared/close-codes.ts";
import type { ErrorBody } from "../../shared/errors.ts";
import { fleetFor } from "../fleet/locate.ts";
import type { Assigned } from "../fleet/rpc.ts";
import type { Core } from "./core.ts";
import { loseEndpoint, placeWaiting, reportWaiting, stayPut, waiting } from "./endpoints.ts";
import { flowAgain, forgetNode } from "./pipes.ts";
import type { Place, Result } from "./rpc.ts";
import type { Assignment, Member } from "./state.ts";

/** Pause before asking Fleet again, ms: doubled each time up to the most, with full jitter. */
const RETRY_MS = { first: 250, most: 3_000 };
/** Side of the squares of the earth whose people share a node, degrees. */
const AREA_DEGREES = 5;

/** What a place amounts to for placement: people of one area are served by the same node while it takes more. */
export function areaOf({ region, continent, country, latitude, longitude }: Place): string {
	if (region !== undefined) return region;
	const square = (degrees: number | undefined) => (degrees === undefined ? "" : Math.floor(degrees / AREA_DEGREES));
	return [continent, country, square(latitude), square(longitude)].join("/");
}

/**
 * The node for somebody at a place who is not to be on some, or the beginning of getting one. It may not be linked yet,
 * or just not.
 */
export function wantNode(core: Core, near: Place, avoided: readonly string[] = []): Assignment | undefined {
	const area = areaOf(near);
	for (const assignment of core.assignments.values()) {
		if (takesMore(assignment) && assignment.areas.includes(area) && !isOneOf(avoided, assignment)) return assignment;
	}
	if (!core.nodeRetry || core.nodeRetry.at <= Date.now()) ask(core, near, area, avoided);
	return undefined;
}

/** Nodes that a member is not to be on. */
export function avoidedBy({ avoid = {} }: Member): string[] {
	const now = Date.now();
	return Object.entries(avoid).flatMap(([node, until]) => (until > now ? [node] : []));
}

export function isOneOf(nodes: readonly string[], { node }: Assignment): boolean {
	return node !== undefined && nodes.includes(node);
}

function takesMore({ draining, full }: Assignment): boolean {
	return draining === undefined && !full;
}

/** One question at a time: two in flight could be answered with the same node. */
function ask(core: Core, near: Place, area: string, avoided: readonly string[]): void {
	const all = [...core.assignments.values()];
	if (all.some(({ state }) => state === "asked")) return;
	const room = core.room;
	const epoch = ++room.epoch;
	core.touchRoom();
	const assignment: Assignment = {
		epoch,
		jti: crypto.randomUUID(),
		near,
		areas: [area],
		state: "asked",
		deadline: Date.now() + core.limits.assignmentMs,
	};
	core.assignments.set(String(epoch), assignment);
	const names = (of: Assignment[]) => of.flatMap(({ node }) => node ?? []);
	const request = {
		room: room.name,
		epoch,
		jti: assignment.jti,
		origin: room.origin,
		near,
		have: names(all.filter((it) => takesMore(it) && !isOneOf(avoided, it))),
		exclude: [...new Set([...names(all.filter((it) => !takesMore(it))), ...avoided])],
	};
	const answered = fleetFor(core.env, near)
		.assign(request)
		.catch((cause): Result<never> => {
			console.error({ event: "fleet unreachable", room: room.name, error: String(cause) });
			return { ok: false, error: { code: "no_node", message: "the fleet did not answer" } };
		})
		.then((result) => core.settle(() => onAnswer(core, epoch, area, avoided, result)));
	core.ctx.waitUntil(answered);
}

function onAnswer(core: Core, epoch: number, area: string, avoided: readonly string[], result: Result<Assigned>): void {
	const assignment = core.assignments.get(String(epoch));
	// The room was destroyed meanwhile, or has given this one up.
	if (!assignment) return;
	if (result.ok && !result.value.held) {
		assignment.node = result.value.node;
		assignment.region = result.value.region;
		core.assignments.touch(String(epoch));
		return;
	}
	// One it has already is the best for them as well, or at least better than none.
	const others = [...core.assignments.values()].filter((it) => it !== assignment && it.draining === undefined);
	const held = result.ok
		? others.find(({ node }) => node === result.value.node)
		: others.find((it) => !isOneOf(avoided, it));
	if (!held && avoided.length > 0) {
		// None but those: whoever has one of them keeps it, and the others take what there is.
		core.assignments.delete(String(epoch));
		stayPut(core, avoided);
		return;
	}
	if (!held && assignment.again) {
		core.assignments.delete(String(epoch));
		placeWaiting(core);
		return;
	}
	if (!held) return giveUp(core, assignment, result.ok ? NOT_THERE : result.error);
	core.assignments.delete(String(epoch));
	held.areas.push(area);
	core.assignments.touch(String(held.epoch));
	core.nodeRetry = undefined;
	placeWaiting(core);
}

const NOT_THERE: ErrorBody = { code: "no_node", message: "the node went while it was chosen" };

/** Ends an assignment that failed; its members wait for the next, on another node. */
export function giveUp(core: Core, assignment: Assignment, reason: ErrorBody): void {
	if (!core.assignments.delete(String(assignment.epoch))) return;
	const tries = (core.nodeRetry?.tries ?? 0) + 1;
	const pause = Math.random() * Math.min(RETRY_MS.first * 2 ** tries, RETRY_MS.most);
	// A node that served and was lost is replaced at once; only asking in vain is slowed down.
	core.nodeRetry = assignment.state === "asked" ? { at: Date.now() + pause, tries } : undefined;
	tellReleased(core, assignment);
	const ws = core.sockets.link(assignment.epoch);
	if (ws) core.sockets.close(ws, CLOSE.fenced);
	forgetNode(core, assignment.epoch);
	for (const endpoint of [...core.endpoints.values()]) {
		if (endpoint.epoch === assignment.epoch) loseEndpoint(core, endpoint, reason);
	}
	if (assignment.state === "asked") reportWaiting(core, reason);
	else flowAgain(core);
}

/** Asks again when somebody waits. */
export function retryNode(core: Core): void {
	if (!core.record) return;
	placeWaiting(core);
	// Nobody was asked: whoever still waits does so for a node of the room that is away.
	if (awaitsNode(core)) core.nodeRetry = undefined;
}

/** A node came: whoever waits for one waits no longer for the end of a pause, and what is asked now may have missed it. */
export function onNodeAvailable(core: Core): void {
	core.nodeRetry = undefined;
	for (const assignment of core.assignments.values()) {
		if (assignment.state !== "asked" || assignment.node !== undefined) continue;
		assignment.again = true;
		core.assignments.touch(String(assignment.epoch));
	}
	retryNode(core);
}

/** Somebody waits for a node, and no question is open. */
export function awaitsNode(core: Core): boolean {
	return waiting(core).length > 0 && ![...core.assignments.values()].some(({ state }) => state === "asked");
}

/** Lets go of nodes that nobody needs. */
export function releaseNodes(core: Core): void {
	for (const assignment of [...core.assignments.values()]) release(core, assignment);
}

/** Ends an assignment in good order. */
export function release(core: Core, assignment: Assignment): void {
	if (!core.assignments.delete(String(assignment.epoch))) return;
	tellReleased(core, assignment);
	const ws = core.sockets.link(assignment.epoch);
	if (ws) core.sockets.close(ws, CLOSE.released);
	forgetNode(core, assignment.epoch);
	// It may have passed tracks on.
	flowAgain(core);
}

/** Fleet need not tell this room of the node any more. */
function tellReleased(core: Core, { node, epoch, near }: Assignment): void {
	if (node === undefined) return;
	const told = fleetFor(core.env, near).release({ room: core.room.name, node, epoch });
	core.ctx.waitUntil(told.catch((error: unknown) => console.error({ event: "fleet not told", error: String(error) })));
}
