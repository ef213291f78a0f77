/**
 * Makes a node that came back agree with the room. Both sides went on alone while the link was down: people left,
 * tracks ended, subscriptions changed here; workers died there. The room's view is what counts.
 */
import type { LinkReport } from "../../shared/link.ts";
import type { Core } from "./core.ts";
import { effectsOn } from "./effects.ts";
import { loseEndpoint, openOn, waitingFor } from "./endpoints.ts";
import { command } from "./links.ts";
import { flowTo, reconcilePipes } from "./pipes.ts";
import { reconcileRecordings } from "./recording-reports.ts";
import type { Assignment, Endpoint } from "./state.ts";
import { subscription, wantedBy } from "./subscriptions.ts";
import { dropTrack, onNotTaken } from "./tracks.ts";

type Served = Extract<LinkReport, { type: "attached" }>;

export function reconcile(core: Core, assignment: Assignment, served: Served): void {
	const there = new Map(served.endpoints.map((it) => [it.endpoint, it]));
	// First, since what flows between nodes decides what can be subscribed to.
	const pipes = reconcilePipes(core, assignment.epoch, served);
	const { commands } = pipes;
	let { mended } = pipes;

	for (const endpoint of [...core.endpoints.values()]) {
		if (endpoint.epoch !== assignment.epoch || endpoint.state === "waiting") continue;
		const serving = there.get(endpoint.id);
		there.delete(endpoint.id);
		if (endpoint.ahead) {
			// Not there: its client is given another when it joins.
			if (!serving) core.endpoints.delete(endpoint.id);
			continue;
		}
		const member = core.members.get(endpoint.participant);
		if (!member) continue;
		if (!serving) {
			// Opening: the command was lost with the old socket. Open: the node lost it.
			if (endpoint.state === "opening") commands.push(...openOn(core, assignment, [endpoint]));
			else {
				mended++;
				loseEndpoint(core, endpoint, { code: "node_failed", message: "the node no longer has it" });
			}
			continue;
		}
		if (endpoint.state === "opening") commands.push(...openOn(core, assignment, [endpoint]));
		else commands.push(...effectsOn(member, endpoint.id));

		refuseLost(core, assignment, endpoint, serving.tracks);
		const tracks = new Set(serving.tracks);
		for (const track of core.tracksOf(member.id)) {
			if (track.next?.endpoint === endpoint.id) tracks.delete(track.info.id);
			if (track.endpoint !== endpoint.id) continue;
			if (tracks.delete(track.info.id)) {
				const { id, muted } = track.info;
				commands.push({ type: "mute", track: id, muted });
			} else if (track.live && !track.asked) {
				mended++;
				dropTrack(core, track);
			}
		}
		for (const track of tracks) commands.push({ type: "unpublish", endpoint: endpoint.id, track });
		mended += tracks.size;

		const received = new Set(serving.subscriptions);
		const wanted = wantedBy(core, member);
		const begin = wanted.filter(({ info }) => !received.has(info.id));
		const alter = wanted.filter(({ info }) => received.delete(info.id));
		commands.push(...flowTo(core, member, endpoint, begin));
		if (alter.length > 0) {
			const tracks = alter.map((track) => subscription(member, track));
			commands.push({ type: "tune", endpoint: endpoint.id, tracks });
		}
		if (received.size > 0) commands.push({ type: "unsubscribe", endpoint: endpoint.id, tracks: [...received] });
		mended += begin.length + received.size;
	}
	commands.push(...reconcileRecordings(core, assignment, served.recordings));
	for (const endpoint of there.keys()) commands.push({ type: "close", endpoint });
	mended += there.size;
	commands.push(...openOn(core, assignment, waitingFor(core, assignment)));
	command(core, assignment.epoch, commands);
	if (mended === 0) return;
	core.room.mended = (core.room.mended ?? 0) + mended;
	core.touchRoom();
	console.log({ event: "reconciled", room: core.room.name, node: assignment.node, mended });
}

/** Tracks that the node was asked to take by its former socket, and never heard of: their clients publish them again. */
function refuseLost(core: Core, assignment: Assignment, endpoint: Endpoint, there: readonly string[]): void {
	const ws = core.sockets.link(assignment.epoch);
	const socket = ws && core.sockets.of(ws);
	if (socket?.kind !== "link") return;
	for (const track of core.tracksOf(endpoint.participant)) {
		const { next } = track;
		const asked =
			next?.endpoint === endpoint.id ? next.asked : track.endpoint === endpoint.id ? track.asked : undefined;
		if (!asked || asked.at >= socket.since || there.includes(track.info.id)) continue;
		onNotTaken(core, track, endpoint);
		const error = { code: "node_failed", message: "its node was away for a moment" } as const;
		core.answer(asked.cause.participant, asked.cause.request, { ok: false, error });
	}
}
