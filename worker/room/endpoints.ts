/** Members' media sides: each waits for a node, opens on it, and is replaced when the node is lost. */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { RequestOf } from "../../shared/native.ts";
import { wantNode } from "./assignments.ts";
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import type { Grant } from "./rpc.ts";
import type { Assignment, Endpoint, Member } from "./state.ts";
import { wantedBy } from "./subscriptions.ts";

/** How long a member's client may take to publish again after its media side was replaced, ms. */
const REPUBLISH_MS = 15_000;
/** Pause before an endpoint that could not be opened is tried again, ms. */
const REOPEN_MS = 1_000;

/**
 * Gives a member a media side, at once where the room has a node, else as soon as it gets one. `ahead` is the one
 * that was opened while its client prepared its join.
 */
export function ensureEndpoint(core: Core, member: Member, ahead?: string): void {
	if (!member.media) closeAhead(core, ahead);
	if (!member.media || core.serving(member.id)) return;
	if (takeAhead(core, member, ahead)) return;
	const endpoint = newEndpoint(core, member);
	const assignment = wantNode(core, member.place);
	if (assignment?.state === "linked") command(core, assignment.epoch, openOn(core, assignment, [endpoint]));
}

function newEndpoint(core: Core, member: Member): Endpoint {
	const endpoint: Endpoint = { id: `e${core.serial()}`, participant: member.id, state: "waiting", epoch: 0 };
	core.endpoints.set(endpoint.id, endpoint);
	member.endpoint = endpoint.id;
	core.members.touch(member.id);
	return endpoint;
}

/**
 * Opens a media side for a client that has not joined yet, where the room has a node: making its transports takes the
 * node as long as the client takes to prepare its join, which need not come after it.
 */
export function openAhead(core: Core, { claims: { sub, rights } }: Grant): Endpoint | undefined {
	const send = rights.publish.length > 0;
	const recv = rights.subscribe;
	for (const { epoch, state } of core.assignments.values()) {
		if (state !== "linked" || !(send || recv)) continue;
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
	const { rtpCapabilities, dtlsParameters } = member.media;
	const commands: LinkCommand[] = [{ type: "equip", endpoint: endpoint.id, rtpCapabilities, dtlsParameters }];
	const tracks = wantedBy(core, member, endpoint);
	if (tracks.length > 0) commands.push({ type: "subscribe", endpoint: endpoint.id, tracks });
	command(core, endpoint.epoch, commands);
	return true;
}

/** Nobody joins for what was opened ahead. */
export function closeAhead(core: Core, id: string | undefined): void {
	const endpoint = id === undefined ? undefined : core.endpoints.get(id);
	if (!endpoint?.ahead) return;
	core.endpoints.delete(endpoint.id);
	command(core, endpoint.epoch, [{ type: "close", endpoint: endpoint.id }]);
}

/** After a lost memory: what was opened ahead for sockets that are gone. */
export function sweepAhead(core: Core): void {
	const awaited = new Set(core.sockets.guests().map(({ guest }) => guest.endpoint));
	for (const { id, ahead } of [...core.endpoints.values()]) if (ahead && !awaited.has(id)) closeAhead(core, id);
}

/** Opens what waits on a node that is there: endpoints that could not be opened a moment ago. */
export function reopen(core: Core): void {
	core.reopenAt = undefined;
	for (const assignment of core.assignments.values()) {
		if (assignment.state === "linked") command(core, assignment.epoch, openOn(core, assignment, waiting(core)));
	}
}

/** The commands that open endpoints on a node, each with all it is to receive. */
export function openOn(core: Core, assignment: Assignment, endpoints: Iterable<Endpoint>): LinkCommand[] {
	const commands: LinkCommand[] = [];
	for (const endpoint of endpoints) {
		const member = core.members.get(endpoint.participant);
		if (!member?.media) continue;
		endpoint.state = "opening";
		endpoint.epoch = assignment.epoch;
		core.endpoints.touch(endpoint.id);
		const { rtpCapabilities, dtlsParameters, data } = member.media;
		commands.push({
			type: "open",
			endpoint: endpoint.id,
			participant: member.id,
			rtpCapabilities,
			dtlsParameters,
			send: member.rights.publish.length > 0,
			recv: member.rights.subscribe,
			data,
		});
	}
	for (const endpoint of endpoints) {
		const member = core.members.get(endpoint.participant);
		const tracks = member ? wantedBy(core, member, endpoint) : [];
		if (tracks.length > 0) commands.push({ type: "subscribe", endpoint: endpoint.id, tracks });
	}
	return commands;
}

export function waiting(core: Core): Endpoint[] {
	return [...core.endpoints.values()].filter((endpoint) => endpoint.state === "waiting");
}

/** Ends a member's media side because the member goes. */
export function closeEndpoint(core: Core, participant: string): void {
	const endpoint = core.serving(participant);
	if (!endpoint) return;
	core.endpoints.delete(endpoint.id);
	if (endpoint.state !== "waiting") command(core, endpoint.epoch, [{ type: "close", endpoint: endpoint.id }]);
}

/** A media side is gone; its member gets another. Its tracks stay the room's until the client had time to publish them again. */
export function loseEndpoint(core: Core, endpoint: Endpoint, reason: ErrorBody): void {
	if (!core.endpoints.delete(endpoint.id) || endpoint.ahead) return;
	core.emit({ type: "endpointLost", endpoint: endpoint.id, reason }, { to: [endpoint.participant] });
	const member = core.members.get(endpoint.participant);
	if (member?.endpoint !== endpoint.id) return;
	member.endpoint = undefined;
	core.members.touch(member.id);
	// What could not be opened on a node that is there may fail again: not as fast as messages go.
	if (endpoint.state === "opening" && core.assignments.has(String(endpoint.epoch))) {
		newEndpoint(core, member);
		core.reopenAt = Date.now() + REOPEN_MS;
	} else ensureEndpoint(core, member);
}

/** Tells a waiting member why it waits. It is told once more when that ends, by `endpoint`. */
export function reportWaiting(core: Core, reason: ErrorBody): void {
	for (const endpoint of waiting(core)) {
		core.emit({ type: "endpointLost", endpoint: endpoint.id, reason }, { to: [endpoint.participant] });
	}
}

/** The event that hands a member its media side. */
export function announceEndpoint(core: Core, endpoint: Endpoint): void {
	const assignment = core.assignments.get(String(endpoint.epoch));
	core.emit(
		{
			type: "endpoint",
			endpoint: endpoint.id,
			node: { id: assignment?.node ?? "unknown", region: assignment?.region ?? "unknown" },
			send: endpoint.send,
			recv: endpoint.recv,
		},
		{ to: [endpoint.participant] },
	);
}

/** When tracks that were not published again on a replaced endpoint are given up, or undefined. */
export function staleTracksAt(core: Core): number | undefined {
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
	const endpoint = core.serving(member.id);
	if (!endpoint || endpoint.id !== id || endpoint.state !== "open") throw new SwitchyardError("stale_endpoint");
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
