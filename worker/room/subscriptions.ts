/** Who receives what. A member has a default, and choices per track that differ from it. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { Subscription } from "../../shared/link.ts";
import { isMixTrack } from "../../shared/mix.ts";
import type { RequestOf, SubscriptionChange } from "../../shared/native.ts";
import type { Core } from "./core.ts";
import { receiving } from "./endpoints.ts";
import { command } from "./links.ts";
import { flowTo, prune } from "./pipes.ts";
import type { Member, Track } from "./state.ts";

/** A member is to receive a track. */
export function wants(core: Core, member: Member, track: Track): boolean {
	if ((track.participant === member.id && !member.mirror) || !member.rights.subscribe) return false;
	if (!member.media?.rtpCapabilities && !member.media?.sdp) return false;
	if (track.info.kind === "data" && !member.media.data) return false;
	return member.subscriptions[track.info.id]?.on ?? (member.subscribe === "all" && core.lastN.has(track));
}

export function subscription(member: Member, track: Track): Subscription {
	const { paused = member.media?.beginsPaused, layer, size, priority } = member.subscriptions[track.info.id] ?? {};
	return { track: track.info.id, paused, layer, size, priority };
}

/** Everything a member is to receive now. */
export function wantedBy(core: Core, member: Member): Track[] {
	return [...core.tracks.values()].filter((track) => wants(core, member, track));
}

/** Changes the default and single tracks; the node is told what that starts, ends and alters, in one frame. */
export function subscribe(core: Core, member: Member, wish: Omit<RequestOf<"subscribe">, "type">): void {
	// The mix comes whole, or not at all.
	const isOwn = (track: string) => member.media?.mixed === true && isMixTrack(track);
	const request = { ...wish, tracks: wish.tracks.filter(({ track }) => !isOwn(track)) };
	if (!member.rights.subscribe) throw new SwitchyardError("forbidden", "no right to subscribe");
	const missing = request.tracks.find((change) => !core.tracks.has(change.track));
	if (missing) throw new SwitchyardError("not_found", `no track ${missing.track} here`);
	const sides = receiving(core, member);
	const before = new Set(sides.length > 0 ? wantedBy(core, member) : []);

	if (request.default) member.subscribe = request.default;
	for (const { track, ...change } of request.tracks)
		member.subscriptions[track] = merge(member.subscriptions[track], change);
	core.members.touch(member.id);
	if (sides.length === 0) return;

	const wanted = new Set(wantedBy(core, member));
	const changed = new Set(request.tracks.map(({ track }) => track));
	const begin = [...wanted].filter((track) => !before.has(track));
	const alter = [...wanted].filter((track) => before.has(track) && changed.has(track.info.id));
	const end = [...before].filter((track) => !wanted.has(track));
	for (const endpoint of sides) {
		const commands = flowTo(core, member, endpoint, begin);
		if (alter.length > 0) {
			const tracks = alter.map((track) => subscription(member, track));
			commands.push({ type: "tune", endpoint: endpoint.id, tracks });
		}
		if (end.length > 0) {
			const tracks = end.map(({ info }) => info.id);
			commands.push({ type: "unsubscribe", endpoint: endpoint.id, tracks });
			core.emit({ type: "unsubscribed", endpoint: endpoint.id, tracks }, { to: [member.id] });
		}
		command(core, endpoint.epoch, commands);
	}
	if (end.length > 0) prune(core, end);
}

/** Begins some of what a member receives anew: its client could not use what it got. */
export function subscribeAnew(core: Core, member: Member, ids: readonly string[]): void {
	const endpoint = core.serving(member.id);
	const again = wantedBy(core, member).filter(({ info }) => ids.includes(info.id));
	if (!endpoint || endpoint.state === "waiting" || again.length === 0) return;
	const tracks = again.map(({ info }) => info.id);
	command(core, endpoint.epoch, [
		{ type: "unsubscribe", endpoint: endpoint.id, tracks },
		...flowTo(core, member, endpoint, again),
	]);
}

/** Asks the publisher of a track this member receives for a key frame. */
export function keyFrame(core: Core, member: Member, id: string): void {
	const track = core.tracks.get(id);
	const endpoint = core.serving(member.id);
	const isMix = member.media?.mixed === true && isMixTrack(id);
	if (!isMix && (!track || !wants(core, member, track)))
		throw new SwitchyardError("not_found", `not subscribed to ${id}`);
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
