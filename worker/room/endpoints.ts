/** Members' media sides: each waits for a node, opens on it, and is replaced when the node is lost or its member moves. */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { RtpCapabilities } from "../../shared/media.ts";
import type { RequestOf } from "../../shared/native.ts";
import { areaOf, avoidedBy, isOneOf, wantNode } from "./assignments.ts";
import type { Core } from "./core.ts";
import { openSdp } from "./descriptions.ts";
import { effectsOn } from "./effects.ts";
import { command } from "./links.ts";
import { flowAgain, flowTo, onNotPublished, prune } from "./pipes.ts";
import type { Grant } from "./rpc.ts";
import type { Assignment, Endpoint, Member } from "./state.ts";
import { wantedBy } from "./subscriptions.ts";

/** How long a member's client may take to publish again after its media side was replaced, ms. */
const REPUBLISH_MS = 15_000;
/** Pause before an endpoint that could not be opened is tried again, ms. */
const REOPEN_MS = 1_000;
/** A media side that its member has moved from goes on for this long, unless it is released before, ms. */
export const MOVE_MS = 10_000;
/** A node that a member's media did not reach is not given to it again for this long, ms. */
const AVOID_MS = 120_000;

/**
 * Gives a member a media side, at once where the room has a node, else as soon as it gets one. `ahead` is the one
 * that was opened while its client prepared its join.
 */
export function ensureEndpoint(core: Core, member: Member, ahead?: string): void {
	if (!member.media || core.topology === "mesh") {
		closeAhead(core, ahead);
		return;
	}
	if (core.serving(member.id)) return;
	if (takeAhead(core, member, ahead)) return;
	member.endpoint = place(core, member).id;
	core.members.touch(member.id);
}

/** A new endpoint for a member: on a node that is there, or waiting for one. */
export function place(core: Core, member: Member): Endpoint {
	const endpoint: Endpoint = { id: `e${core.serial()}`, participant: member.id, state: "waiting", epoch: 0 };
	core.endpoints.set(endpoint.id, endpoint);
	const assignment = wantNode(core, member.place, avoidedBy(member));
	if (assignment?.state === "linked") command(core, assignment.epoch, openOn(core, assignment, [endpoint]));
	return endpoint;
}

/** Places everybody who waits: on nodes that are there, or by asking for one. */
export function placeWaiting(core: Core): void {
	const placed = new Map<Assignment, Endpoint[]>();
	for (const endpoint of waiting(core)) {
		const member = core.members.get(endpoint.participant);
		const assignment = member && wantNode(core, member.place, avoidedBy(member));
		if (assignment?.state !== "linked") continue;
		const endpoints = placed.get(assignment) ?? [];
		endpoints.push(endpoint);
		placed.set(assignment, endpoints);
	}
	for (const [assignment, endpoints] of placed) {
		command(core, assignment.epoch, openOn(core, assignment, endpoints));
	}
}

/**
 * Opens a media side for a client that has not joined yet, where the room has a node: making its transports takes the
 * node as long as the client takes to prepare its join, which need not come after it.
 */
export function openAhead(core: Core, { claims: { sub, rights }, place: near }: Grant): Endpoint | undefined {
	const send = rights.publish.length > 0;
	const recv = rights.subscribe;
	const area = areaOf(near);
	for (const { epoch, state, areas, draining, full } of core.assignments.values()) {
		if (state !== "linked" || draining !== undefined || full || !areas.includes(area) || !(send || recv)) continue;
		const id = `e${core.serial()}`;
		const endpoint: Endpoint = { id, participant: sub, ahead: true, state: "opening", epoch };
		core.endpoints.set(id, endpoint);
		command(core, epoch, [{ type: "open", endpoint: id, participant: sub, send, recv, data: true }]);
		return endpoint;
	}
	return undefined;
}

/** The client has joined: what was opened ahead is its own, and learns what it can do. */
function takeAhead(core: Core, member: Member, id: string | undefined): boolean {
	const endpoint = id === undefined ? undefined : core.endpoints.get(id);
	if (!endpoint?.ahead || !member.media || !core.assignments.has(String(endpoint.epoch))) return false;
	endpoint.ahead = undefined;
	core.endpoints.touch(endpoint.id);
	member.endpoint = endpoint.id;
	core.members.touch(member.id);
	if (endpoint.state === "open") {
		endpoint.openedAt = Date.now();
		announceEndpoint(core, endpoint);
	}
	const { rtpCapabilities, dtlsParameters, mixed } = member.media;
	command(core, endpoint.epoch, [
		{ type: "equip", endpoint: endpoint.id, rtpCapabilities, dtlsParameters, mixed },
		...effectsOn(member, endpoint.id),
		...flowTo(core, member, endpoint, wantedBy(core, member)),
	]);
	return true;
}

/** A client that was given its media side first says what it can receive. */
export function equip(core: Core, member: Member, rtpCapabilities: RtpCapabilities): void {
	const endpoint = core.serving(member.id);
	if (!member.media) return;
	member.media.rtpCapabilities = rtpCapabilities;
	core.members.touch(member.id);
	if (!endpoint || endpoint.state === "waiting") return;
	command(core, endpoint.epoch, [
		{ type: "equip", endpoint: endpoint.id, rtpCapabilities },
		...flowTo(core, member, endpoint, wantedBy(core, member)),
	]);
}

/** Nobody joins for what was opened ahead. */
export function closeAhead(core: Core, id: string | undefined): void {
	const endpoint = id === undefined ? undefined : core.endpoints.get(id);
	if (endpoint?.ahead) close(core, endpoint);
}

/** After a lost memory: what was opened ahead for sockets that are gone. */
export function sweepAhead(core: Core): void {
	const awaited = new Set(core.sockets.guests().map(({ guest }) => guest.endpoint));
	for (const { id, ahead } of [...core.endpoints.values()]) if (ahead && !awaited.has(id)) closeAhead(core, id);
}

/** Opens what waits on nodes that are there, and sends for tracks that could not be sent a moment ago. */
export function reopen(core: Core): void {
	core.reopenAt = undefined;
	placeWaiting(core);
	flowAgain(core);
}

/** The commands that open endpoints on a node, each with all it is to receive. */
export function openOn(core: Core, assignment: Assignment, endpoints: readonly Endpoint[]): LinkCommand[] {
	const commands: LinkCommand[] = [];
	const described: LinkCommand[] = [];
	for (const endpoint of endpoints) {
		const member = core.members.get(endpoint.participant);
		if (!member?.media) continue;
		endpoint.state = "opening";
		endpoint.epoch = assignment.epoch;
		core.endpoints.touch(endpoint.id);
		const { data, limits, mixed } = member.media;
		// Its client has not begun with this one, and may not be the same when it does.
		const { rtpCapabilities, dtlsParameters } = awaitsClient(core, member, endpoint) ? {} : member.media;
		const sdp = openSdp(core, member, endpoint);
		commands.push({
			type: "open",
			endpoint: endpoint.id,
			participant: member.id,
			rtpCapabilities,
			dtlsParameters,
			send: member.rights.publish.length > 0,
			recv: member.rights.subscribe,
			data,
			limits,
			mixed,
			...sdp.open,
		});
		commands.push(...effectsOn(member, endpoint.id));
		described.push(...sdp.after);
	}
	for (const endpoint of endpoints) {
		const member = core.members.get(endpoint.participant);
		if (!member?.media || awaitsClient(core, member, endpoint)) continue;
		commands.push(...flowTo(core, member, endpoint, wantedBy(core, member)));
	}
	// Last: an answer can have in it what there is to receive.
	return [...commands, ...described];
}

export function beginsAnew(core: Core, member: Member | undefined): boolean {
	return member !== undefined && core.dialect(member.dialect).beginsAnew === true;
}

/**
 * Of a member's media sides those that get what it is to receive: the one it has, and the one that it moves to, which
 * was told of everything when it began to open, and of nothing since.
 */
export function receiving(core: Core, member: Member): Endpoint[] {
	return [member.endpoint, member.next].flatMap((id) => {
		const endpoint = id === undefined ? undefined : core.endpoints.get(id);
		const is = endpoint && endpoint.state !== "waiting" && !awaitsClient(core, member, endpoint);
		return is ? [endpoint] : [];
	});
}

/** It is to take the place of the one that its client has. */
function awaitsClient(core: Core, member: Member, { id }: Endpoint): boolean {
	return beginsAnew(core, member) && (member.state === "away" || (member.endpoint ?? id) !== id);
}

export function waiting(core: Core): Endpoint[] {
	return [...core.endpoints.values()].filter((endpoint) => endpoint.state === "waiting");
}

/** Those that wait for this node. */
export function waitingFor(core: Core, assignment: Assignment): Endpoint[] {
	return waiting(core).filter(({ participant }) => {
		const member = core.members.get(participant);
		return member && assignment.areas.includes(areaOf(member.place)) && !isOneOf(avoidedBy(member), assignment);
	});
}

/** Ends a member's media sides because the member goes. */
export function closeEndpoints(core: Core, member: Member): void {
	for (const endpoint of [...core.endpoints.values()]) {
		if (endpoint.participant === member.id && !endpoint.ahead) close(core, endpoint);
	}
}

function close(core: Core, endpoint: Endpoint): void {
	core.endpoints.delete(endpoint.id);
	if (endpoint.state !== "waiting") command(core, endpoint.epoch, [{ type: "close", endpoint: endpoint.id }]);
}

/** A media side is gone; its member gets another. Its tracks stay the room's until the client had time to publish them again. */
export function loseEndpoint(core: Core, endpoint: Endpoint, reason: ErrorBody): void {
	if (!core.endpoints.delete(endpoint.id) || endpoint.ahead) return;
	const member = core.members.get(endpoint.participant);
	// What could not be opened on a node that is there may fail again: not as fast as messages go.
	const again = endpoint.state === "opening" && core.assignments.has(String(endpoint.epoch));
	if (again) core.reopenAt = Date.now() + REOPEN_MS;
	for (const track of core.tracksOf(endpoint.participant)) {
		if (track.next?.endpoint !== endpoint.id) continue;
		track.next = undefined;
		core.tracks.touch(track.info.id);
		onNotPublished(core, track, endpoint.epoch);
		// Who receives on that node waited for it to be published there.
		core.reopenAt ??= Date.now();
	}
	if (member?.next === endpoint.id) {
		// Its former media side goes on; where that cannot be for long, the next try follows.
		member.next = undefined;
		core.members.touch(member.id);
		return;
	}
	core.emit({ type: "endpointLost", endpoint: endpoint.id, reason }, { to: [endpoint.participant] });
	if (member?.endpoint !== endpoint.id) return;
	member.endpoint = member.next;
	member.next = undefined;
	core.members.touch(member.id);
	if (member.endpoint !== undefined) return;
	if (again) {
		const next: Endpoint = { id: `e${core.serial()}`, participant: member.id, state: "waiting", epoch: 0 };
		core.endpoints.set(next.id, next);
		member.endpoint = next.id;
	} else ensureEndpoint(core, member);
}

// ---------------------------------------------------------------- moving, make before break

/** Opens another media side for a member while the one it has goes on. False: it is moving already, cannot, or has none. */
export function beginMove(core: Core, member: Member): boolean {
	const endpoint = core.serving(member.id);
	if (core.dialect(member.dialect).socketless) return false;
	if (endpoint?.state !== "open" || member.next !== undefined || !member.media) return false;
	member.next = place(core, member).id;
	core.members.touch(member.id);
	return true;
}

/**
 * A client says that nothing gets through to the node it is on: it moves to another. Said twice, or of a media side
 * that is not its own any more, it is the same.
 */
export function mediaLost(core: Core, member: Member, id: string): void {
	const endpoint = core.serving(member.id);
	const node = endpoint && core.assignments.get(String(endpoint.epoch))?.node;
	if (endpoint?.id !== id || endpoint.state !== "open" || node === undefined || member.next !== undefined) return;
	const now = Date.now();
	const still = Object.entries(member.avoid ?? {}).filter(([, until]) => until > now);
	member.avoid = { ...Object.fromEntries(still), [node]: now + AVOID_MS };
	console.log({ event: "media lost", room: core.room.name, node, participant: member.id });
	beginMove(core, member);
}

/**
 * There is no node but those that some avoid. Of several they avoid only the latest from now on, the others may be
 * reached again; with one alone they stay where they are, or take what there is.
 */
export function stayPut(core: Core, avoided: readonly string[]): void {
	for (const endpoint of waiting(core)) {
		const member = core.members.get(endpoint.participant);
		if (!member?.avoid || !avoided.some((node) => member.avoid?.[node] !== undefined)) continue;
		const [latest, ...others] = Object.entries(member.avoid).toSorted(([, a], [, b]) => b - a);
		member.avoid = latest && others.length > 0 ? Object.fromEntries([latest]) : undefined;
		core.members.touch(member.id);
		if (member.avoid || member.next !== endpoint.id) continue;
		member.next = undefined;
		core.endpoints.delete(endpoint.id);
	}
	placeWaiting(core);
}

/** A media side has opened: its member's first, or the one it moves to. */
export function onOpened(core: Core, endpoint: Endpoint): void {
	core.endpoints.touch(endpoint.id);
	if (endpoint.ahead) return;
	const member = core.members.get(endpoint.participant);
	if (member?.next === endpoint.id) {
		const former = core.serving(member.id);
		member.endpoint = endpoint.id;
		member.next = undefined;
		core.members.touch(member.id);
		if (former) {
			former.until = Date.now() + MOVE_MS;
			core.endpoints.touch(former.id);
			announceEndpoint(core, endpoint, former.id);
			return;
		}
	}
	announceEndpoint(core, endpoint);
}

/** A member has let go of a media side it moved from; or time is up. */
export function endFormer(core: Core, endpoint: Endpoint): void {
	close(core, endpoint);
	prune(core);
}

/** The client says that its media has moved. Said twice, or of one that is gone, it is the same. */
export function releaseFormer(core: Core, member: Member, id: string): void {
	const endpoint = core.endpoints.get(id);
	if (!endpoint) return;
	if (endpoint.participant !== member.id || endpoint.until === undefined) {
		throw new SwitchyardError("bad_request", "endpoint: not one that was moved from");
	}
	endFormer(core, endpoint);
}

/** Tells a waiting member why it waits. It is told once more when that ends, by `endpoint`. */
export function reportWaiting(core: Core, reason: ErrorBody): void {
	for (const { id, participant } of waiting(core)) {
		if (core.members.get(participant)?.endpoint !== id) continue;
		core.emit({ type: "endpointLost", endpoint: id, reason }, { to: [participant] });
	}
}

/** The event that hands a member its media side. `former` goes on until it is released. */
export function announceEndpoint(core: Core, endpoint: Endpoint, former?: string): void {
	const assignment = core.assignments.get(String(endpoint.epoch));
	core.emit(
		{
			type: "endpoint",
			endpoint: endpoint.id,
			node: { id: assignment?.node ?? "unknown", region: assignment?.region ?? "unknown" },
			send: endpoint.send,
			recv: endpoint.recv,
			former,
		},
		{ to: [endpoint.participant] },
	);
}

/** When tracks that were not published again on a replaced endpoint are given up, or undefined. */
export function staleTracksAt(core: Core): number | undefined {
	// What goes directly is on no endpoint.
	if (core.topology === "mesh") return undefined;
	let earliest: number | undefined;
	for (const track of core.tracks.values()) {
		const endpoint = core.serving(track.participant);
		if (endpoint && endpoint.id !== track.endpoint && endpoint.openedAt !== undefined) {
			earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, endpoint.openedAt + REPUBLISH_MS);
		}
	}
	return earliest;
}

function mustBeOpen(core: Core, member: Member, id: string): Endpoint {
	const endpoint = core.endpoints.get(id);
	if (endpoint?.participant !== member.id || endpoint.ahead || endpoint.state !== "open") {
		throw new SwitchyardError("stale_endpoint");
	}
	return endpoint;
}

export function connectTransport(
	core: Core,
	member: Member,
	request: number,
	wish: Omit<RequestOf<"connectTransport">, "type">,
): void {
	const endpoint = mustBeOpen(core, member, wish.endpoint);
	command(core, endpoint.epoch, [{ ...wish, type: "connect", cause: { participant: member.id, request } }]);
}

export function restartIce(
	core: Core,
	member: Member,
	request: number,
	wish: Omit<RequestOf<"restartIce">, "type">,
): void {
	const endpoint = mustBeOpen(core, member, wish.endpoint);
	command(core, endpoint.epoch, [{ ...wish, type: "restartIce", cause: { participant: member.id, request } }]);
}
