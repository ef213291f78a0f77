/** Members' media sides: each waits for a node, opens on it, and is replaced when the node is lost. */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { RequestOf } from "../../shared/native.ts";
import { wantNode } from "./assignments.ts";
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import type { Assignment, Endpoint, Member } from "./state.ts";
import { wantedBy } from "./subscriptions.ts";

/** How long a member's client may take to publish again after its media side was replaced, ms. */
const REPUBLISH_MS = 15_000;
/** Pause before an endpoint that could not be opened is tried again, ms. */
const REOPEN_MS = 1_000;

/** Gives a member a media side, at once where the room has a node, else as soon as it gets one. */
export function ensureEndpoint(core: Core, member: Member): void {
	if (!member.media || core.endpoints.has(member.id)) return;
	const endpoint = newEndpoint(core, member);
	const assignment = wantNode(core, member.place);
	if (assignment?.state === "linked") command(core, assignment.epoch, openOn(core, assignment, [endpoint]));
}

function newEndpoint(core: Core, member: Member): Endpoint {
	const endpoint: Endpoint = { id: `e${core.serial()}`, participant: member.id, state: "waiting", epoch: 0 };
	core.endpoints.set(member.id, endpoint);
	return endpoint;
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
		core.endpoints.touch(member.id);
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

export function byId(core: Core, id: string): Endpoint | undefined {
	for (const endpoint of core.endpoints.values()) if (endpoint.id === id) return endpoint;
	return undefined;
}

/** Ends a member's media side because the member goes. */
export function closeEndpoint(core: Core, participant: string): void {
	const endpoint = core.endpoints.get(participant);
	if (!endpoint) return;
	core.endpoints.delete(participant);
	if (endpoint.state !== "waiting") command(core, endpoint.epoch, [{ type: "close", endpoint: endpoint.id }]);
}

/** A media side is gone; its member gets another. Its tracks stay the room's until the client had time to publish them again. */
export function loseEndpoint(core: Core, endpoint: Endpoint, reason: ErrorBody): void {
	if (core.endpoints.get(endpoint.participant) !== endpoint) return;
	core.emit({ type: "endpointLost", endpoint: endpoint.id, reason }, { to: [endpoint.participant] });
	core.endpoints.delete(endpoint.participant);
	const member = core.members.get(endpoint.participant);
	if (!member) return;
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
		const endpoint = core.endpoints.get(track.participant);
		if (endpoint && endpoint.id !== track.endpoint && endpoint.openedAt !== undefined) {
			earliest = Math.min(earliest ?? Number.POSITIVE_INFINITY, endpoint.openedAt + REPUBLISH_MS);
		}
	}
	return earliest;
}

function mustBeOpen(core: Core, member: Member, id: string): Endpoint {
	const endpoint = core.endpoints.get(member.id);
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
