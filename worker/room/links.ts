/** The nodes' sockets to this room: commands out, reports in. */
import { CLOSE } from "../../shared/close-codes.ts";
import { type LinkCommand, type LinkReport, LinkReports } from "../../shared/link.ts";
import { isMixTrack } from "../../shared/mix.ts";
import type { Core } from "./core.ts";
import { onDemand } from "./demand.ts";
import { onConnection, onRefused } from "./descriptions.ts";
import { onEffects } from "./effects.ts";
import { loseEndpoint, onOpened, openOn, placeWaiting, waitingFor } from "./endpoints.ts";
import { flowAgain, forgetNode, onBandwidth, onPeerReady, onPiped, onPipeFailed, peerAnew } from "./pipes.ts";
import { reconcile } from "./reconcile.ts";
import { onRecording } from "./recording-reports.ts";
import type { LinkGrant } from "./rpc.ts";
import { onPipeLost } from "./severed.ts";
import { forgetSpeakers, onSpeakers } from "./speakers.ts";
import type { Assignment } from "./state.ts";
import { onStatistics } from "./statistics.ts";
import { dropTrack, onNotTaken, onPublished } from "./tracks.ts";

/** Sends commands to the node of an assignment. One that is detached gets them by reconciliation when it is back. */
export function command(core: Core, epoch: number, commands: LinkCommand[]): void {
	if (core.held) {
		core.held.set(epoch, [...(core.held.get(epoch) ?? []), ...commands]);
		return;
	}
	const ws = commands.length > 0 ? core.sockets.link(epoch) : undefined;
	if (ws) core.sockets.send(ws, JSON.stringify(commands));
}

/** Carries out what is to reach nodes in one frame: who receives several tracks of it is told of all at once. */
export function together(core: Core, work: () => void): void {
	if (core.held) {
		work();
		return;
	}
	const held = new Map<number, LinkCommand[]>();
	core.held = held;
	try {
		work();
	} finally {
		core.held = undefined;
		for (const [epoch, commands] of held) command(core, epoch, merged(commands));
	}
}

/** What an endpoint subscribes to in several commands, in the last of them. */
function merged(commands: readonly LinkCommand[]): LinkCommand[] {
	const last = new Map<string, Extract<LinkCommand, { type: "subscribe" }>>();
	const kept: LinkCommand[] = [];
	for (const it of commands.toReversed()) {
		const later = it.type === "subscribe" ? last.get(it.endpoint) : undefined;
		if (it.type === "subscribe" && later) later.tracks.unshift(...it.tracks);
		else {
			const own = it.type === "subscribe" ? { ...it, tracks: [...it.tracks] } : it;
			if (own.type === "subscribe") last.set(own.endpoint, own);
			kept.push(own);
		}
	}
	return kept.reverse();
}

/**
 * Takes a node's socket when its token names an assignment in force: a new one once (its `jti`), or one that served
 * and comes back. False: refuse it, the room has moved on.
 */
export function attach(core: Core, ws: WebSocket, grant: LinkGrant, token: string): boolean {
	const assignment = core.assignments.get(String(grant.epoch));
	if (!assignment) return false;
	const first = grant.jti !== undefined;
	if (first ? assignment.state !== "asked" || assignment.jti !== grant.jti : assignment.node !== grant.node)
		return false;
	const older = core.sockets.link(grant.epoch);
	if (older) core.sockets.close(older, CLOSE.normal, "a newer link");
	core.sockets.accept(ws, { kind: "link", node: grant.node, epoch: grant.epoch, since: Date.now() });
	core.sockets.send(ws, JSON.stringify([{ type: "attach", room: grant.room, epoch: grant.epoch, token }]));
	assignment.node = grant.node;
	assignment.state = "linked";
	assignment.deadline = undefined;
	core.assignments.touch(String(grant.epoch));
	core.nodeRetry = undefined;
	// A new assignment serves nothing yet, so those who wait need not wait for its report.
	if (first) {
		assignment.fresh = true;
		command(core, grant.epoch, openOn(core, assignment, waitingFor(core, assignment)));
	}
	// Somebody else's place may not have been asked for yet, one question being open at a time.
	placeWaiting(core);
	return true;
}

/** The link's socket dropped. The node may come back with its media untouched. */
export function detach(core: Core, epoch: number, graceMs = core.limits.linkGraceMs): void {
	const assignment = core.assignments.get(String(epoch));
	if (!assignment || core.sockets.link(epoch)) return;
	assignment.state = "detached";
	assignment.deadline = Date.now() + graceMs;
	forgetSpeakers(core, epoch);
	core.bitrates.gone(epoch);
	core.assignments.touch(String(epoch));
}

/** A frame from a node. One that cannot be read is logged: the node's fault is nobody's outage. */
export function receive(core: Core, epoch: number, text: string): void {
	const assignment = core.assignments.get(String(epoch));
	if (!assignment) return;
	let reports: LinkReport[];
	try {
		reports = LinkReports.parse(JSON.parse(text));
	} catch (error) {
		console.error({ event: "bad report", room: core.room.name, node: assignment.node, error: String(error) });
		return;
	}
	for (const report of reports) apply(core, assignment, report);
}

function apply(core: Core, assignment: Assignment, report: LinkReport): void {
	switch (report.type) {
		case "attached":
			if (!assignment.fresh) reconcile(core, assignment, report);
			assignment.fresh = undefined;
			core.assignments.touch(String(assignment.epoch));
			return;
		case "speakers":
			return onSpeakers(core, assignment.epoch, report);
		case "capacity":
			assignment.full = report.accepting ? undefined : true;
			core.assignments.touch(String(assignment.epoch));
			// Whoever waits for it is placed elsewhere, or here.
			placeWaiting(core);
			return;
		case "demand":
			return onDemand(core, assignment.epoch, report.demand);
		case "bandwidth":
			return onBandwidth(core, assignment.epoch, report);
		case "peerReady":
			return onPeerReady(core, assignment.epoch, report);
		case "peerStale":
			return peerAnew(core, assignment.epoch, report.peer);
		case "piped":
			return onPiped(core, assignment.epoch, report);
		case "pipeFailed":
			return onPipeFailed(core, assignment.epoch, report);
		case "reset":
			forgetNode(core, assignment.epoch);
			flowAgain(core);
			return;
		case "endRoom":
			console.log({ event: "room ended by its node", room: core.room.name, node: assignment.node });
			core.end();
			return;
		case "pipeLost":
			return onPipeLost(core, assignment.epoch, report.peer);
		case "quality":
			core.tell(report);
			return;
		case "statistics":
			return onStatistics(core, assignment.epoch, report.statistics);
		case "bitrates":
			core.bitrates.heard(assignment.epoch, report.bitrates);
			return;
		case "recording":
			return onRecording(core, assignment.epoch, report);
	}
	const endpoint = core.endpoints.get(report.endpoint);
	// Late news of a media side that was replaced, or another node's: of no interest.
	if (!endpoint || endpoint.epoch !== assignment.epoch) return;
	const { participant } = endpoint;
	const only = { to: [participant] };
	switch (report.type) {
		case "opened":
			if (endpoint.state === "open") return;
			endpoint.state = "open";
			endpoint.openedAt = Date.now();
			endpoint.send = report.send;
			endpoint.recv = report.recv;
			onOpened(core, endpoint);
			return;
		case "closed":
			loseEndpoint(core, endpoint, report.error);
			return;
		case "connected":
			core.answer(report.cause.participant, report.cause.request, { ok: true });
			return;
		case "ice": {
			const { direction, iceParameters } = report;
			core.emit({ type: "ice", endpoint: endpoint.id, direction, iceParameters }, only);
			core.answer(report.cause.participant, report.cause.request, { ok: true });
			return;
		}
		case "published": {
			const track = core.tracks.get(report.track);
			if (track?.participant !== participant || !onPublished(core, track, endpoint)) return;
			core.answer(report.cause.participant, report.cause.request, { ok: true });
			return;
		}
		case "failed": {
			const track = report.track === undefined ? undefined : core.tracks.get(report.track);
			if (track?.participant === participant) onNotTaken(core, track, endpoint);
			onRefused(core, report.cause.participant, report.cause.request);
			core.answer(report.cause.participant, report.cause.request, { ok: false, error: report.error });
			return;
		}
		case "subscribed": {
			const consumers = report.consumers.filter(({ track }) => core.tracks.has(track) || isMixTrack(track));
			if (consumers.length > 0) core.emit({ type: "subscribed", endpoint: endpoint.id, consumers }, only);
			return;
		}
		case "subscriptionFailed":
			if (core.tracks.get(report.track)?.live) {
				const { track, error } = report;
				core.emit({ type: "subscriptionFailed", endpoint: endpoint.id, track, error }, only);
			}
			return;
		case "unsubscribed": {
			// The end of a track is told once, to all; this is for tracks that go on elsewhere.
			const tracks = report.tracks.filter((track) => core.tracks.has(track) || isMixTrack(track));
			if (tracks.length > 0) core.emit({ type: "unsubscribed", endpoint: endpoint.id, tracks }, only);
			return;
		}
		case "trackEnded": {
			const track = core.tracks.get(report.track);
			if (track?.participant === participant && track.endpoint === endpoint.id) dropTrack(core, track);
			return;
		}
		case "effects":
			return onEffects(core, endpoint, report);
		case "layers":
			core.tell({ type: "layers", layers: report.layers }, only);
			return;
		case "description":
		case "agreed":
		case "sections":
		case "connection":
		case "text":
			return onConnection(core, endpoint, report);
		case "media":
			// Its path is gone: its socket may be half open as well, which nobody would notice for a minute.
			if (report.state === "connected") core.suspects.delete(participant);
			else core.suspects.set(participant, Date.now() + 2 * core.limits.heartbeatMs);
			core.timesChanged = true;
			return onConnection(core, endpoint, report);
		default:
			report satisfies never;
	}
}
