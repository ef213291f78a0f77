/** Who receives what. A member has a default, and choices per track that differ from it. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, Subscription } from "../../shared/link.ts";
import type { RequestOf, SubscriptionChange } from "../../shared/native.ts";
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import type { Endpoint, Member, Track } from "./state.ts";

function wants(member: Member, track: Track): boolean {
	if (track.participant === member.id || !member.rights.subscribe || !member.media) return false;
	if (track.info.kind === "data" && !member.media.data) return false;
	return member.subscriptions[track.info.id]?.on ?? member.subscribe === "all";
}

function subscription(member: Member, track: Track): Subscription {
	const { paused, layer, size, priority } = member.subscriptions[track.info.id] ?? {};
	return { track: track.info.id, paused, layer, size, priority };
}

/** A track flows from one endpoint to another when both are on the same assignment. */
function reachable(core: Core, track: Track, endpoint: Endpoint): boolean {
	const from = core.serving(track.participant);
	return !!from && from.id === track.endpoint && from.epoch === endpoint.epoch;
}

/** Everything an endpoint is to receive now. */
export function wantedBy(core: Core, member: Member, endpoint: Endpoint): Subscription[] {
	return [...core.tracks.values()].flatMap((track) =>
		wants(member, track) && reachable(core, track, endpoint) ? [subscription(member, track)] : [],
	);
}

/** One command for every endpoint that is to receive a track. */
export function subscribersOf(core: Core, track: Track): LinkCommand[] {
	const commands: LinkCommand[] = [];
	for (const member of core.members.values()) {
		const endpoint = core.serving(member.id);
		if (!endpoint || endpoint.state === "waiting" || !wants(member, track) || !reachable(core, track, endpoint))
			continue;
		commands.push({ type: "subscribe", endpoint: endpoint.id, tracks: [subscription(member, track)] });
	}
	return commands;
}

/** Changes the default and single tracks; the node is told what that starts, ends and alters, in one frame. */
export function subscribe(core: Core, member: Member, request: Omit<RequestOf<"subscribe">, "type">): void {
	if (!member.rights.subscribe) throw new SwitchyardError("forbidden", "no right to subscribe");
	const missing = request.tracks.find((change) => !core.tracks.has(change.track));
	if (missing) throw new SwitchyardError("not_found", `no track ${missing.track} here`);
	const endpoint = core.serving(member.id);
	const onNode = endpoint && endpoint.state !== "waiting" ? endpoint : undefined;
	const before = new Set(onNode ? wantedBy(core, member, onNode).map(({ track }) => track) : []);

	if (request.default) member.subscribe = request.default;
	for (const { track, ...change } of request.tracks)
		member.subscriptions[track] = merge(member.subscriptions[track], change);
	core.members.touch(member.id);
	if (!onNode) return;

	const now = wantedBy(core, member, onNode);
	const wanted = new Set(now.map(({ track }) => track));
	const changed = new Set(request.tracks.map(({ track }) => track));
	const begin = now.filter(({ track }) => !before.has(track));
	const alter = now.filter(({ track }) => before.has(track) && changed.has(track));
	const end = [...before].filter((track) => !wanted.has(track));
	const commands: LinkCommand[] = [];
	if (begin.length > 0) commands.push({ type: "subscribe", endpoint: onNode.id, tracks: begin });
	if (alter.length > 0) commands.push({ type: "tune", endpoint: onNode.id, tracks: alter });
	if (end.length > 0) {
		commands.push({ type: "unsubscribe", endpoint: onNode.id, tracks: end });
		core.emit({ type: "unsubscribed", endpoint: onNode.id, tracks: end }, { to: [member.id] });
	}
	command(core, onNode.epoch, commands);
}

/** Asks the publisher of a track this member receives for a key frame. */
export function keyFrame(core: Core, member: Member, id: string): void {
	const track = core.tracks.get(id);
	const endpoint = core.serving(member.id);
	if (!track || !wants(member, track)) throw new SwitchyardError("not_found", `not subscribed to ${id}`);
	if (endpoint?.state === "open")
		command(core, endpoint.epoch, [{ type: "keyFrame", endpoint: endpoint.id, track: id }]);
}

function merge(
	before: Omit<SubscriptionChange, "track"> | undefined,
	change: Omit<SubscriptionChange, "track">,
): Omit<SubscriptionChange, "track"> {
	const after = { ...before };
	for (const [key, value] of Object.entries(change)) if (value !== undefined) Object.assign(after, { [key]: value });
	return after;
}
