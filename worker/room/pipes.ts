/**
 * Tracks between the room's nodes. A track is piped to another node once, when somebody there first wants it, and no
 * longer than that. Who sends it there: the node it is published on, and from a number of nodes on also those that
 * have it already, so that no node sends a track more than FAN_OUT times (docs/spanning.md tells the cost).
 *
 * What is asked of nodes here is the same when it is asked twice: whatever a lost socket or memory leaves undone,
 * reconciliation asks again.
 */
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { Core } from "./core.ts";
import { reckon } from "./demand.ts";
import { receiving } from "./endpoints.ts";
import { command } from "./links.ts";
import { forgetSpeakers } from "./speakers.ts";
import type { Endpoint, Member, Track } from "./state.ts";
import { subscription, wants } from "./subscriptions.ts";

/** Most nodes that one node sends a track to. */
const FAN_OUT = 8;
/** Pause before a pipe that failed is tried again, ms. */
const RETRY_MS = 1_000;

type Piped = Extract<LinkReport, { type: "piped" }>;

/** The epoch of the node a track is published on; undefined while it has none. */
export function originOf(core: Core, track: Track): number | undefined {
	const endpoint = core.endpoints.get(track.endpoint);
	return endpoint && endpoint.state !== "waiting" ? endpoint.epoch : undefined;
}

/** A node has the track, or will have it before anything that it is told from now on. */
export function isOn(core: Core, track: Track, epoch: number): boolean {
	return originOf(core, track) === epoch || track.pipes[epoch]?.flowing === true;
}

/** A node is asked to receive the track from its own publisher, who is moving there. */
function isPublishedNextOn(core: Core, { next }: Track, epoch: number): boolean {
	const endpoint = next && core.endpoints.get(next.endpoint);
	return endpoint?.epoch === epoch && endpoint.state !== "waiting";
}

/** Of the tracks an endpoint is to receive, those that are on its node; the others are sent for. */
export function flowTo(core: Core, member: Member, endpoint: Endpoint, tracks: Iterable<Track>): LinkCommand[] {
	const here: Track[] = [];
	for (const track of tracks) {
		if (isOn(core, track, endpoint.epoch)) here.push(track);
		else sendFor(core, track, endpoint.epoch);
	}
	if (here.length === 0) return [];
	return [{ type: "subscribe", endpoint: endpoint.id, tracks: here.map((track) => subscription(member, track)) }];
}

/** Gets a track flowing to everybody who wants it: what the node it is published on is to do with it. */
export function flow(core: Core, track: Track): LinkCommand[] {
	const origin = originOf(core, track);
	const atOrigin: LinkCommand[] = [];
	for (const member of core.members.values()) {
		if (!wants(core, member, track)) continue;
		for (const endpoint of receiving(core, member)) {
			const commands = flowTo(core, member, endpoint, [track]);
			if (endpoint.epoch === origin) atOrigin.push(...commands);
			else command(core, endpoint.epoch, commands);
		}
	}
	return atOrigin;
}

/** The track is published elsewhere now: whoever has it gets it from there. */
export function flowAnew(core: Core, track: Track): LinkCommand[] {
	const origin = originOf(core, track);
	const there = Object.keys(track.pipes).map(Number);
	track.pipes = {};
	track.demand = {};
	core.tracks.touch(track.info.id);
	reckon(core, track);
	if (origin === undefined) return [];
	for (const epoch of there) if (epoch !== origin && isWantedOn(core, track, epoch)) sendFor(core, track, epoch);
	return flow(core, track);
}

/** Whatever is wanted and does not flow is sent for again. */
export function flowAgain(core: Core): void {
	for (const endpoint of core.endpoints.values()) {
		const member = core.members.get(endpoint.participant);
		if (!member || endpoint.ahead || endpoint.state === "waiting") continue;
		for (const track of core.tracks.values()) {
			if (track.live && wants(core, member, track) && !isOn(core, track, endpoint.epoch))
				sendFor(core, track, endpoint.epoch);
		}
	}
	for (const track of core.tracks.values()) {
		for (const epoch of composersOf(core, track))
			if (track.live && !isOn(core, track, epoch)) sendFor(core, track, epoch);
	}
}

/** Has a track sent to a node; it is subscribed to there when it has arrived. */
function sendFor(core: Core, track: Track, to: number): void {
	if (track.pipes[to] || isPublishedNextOn(core, track, to)) return;
	const from = parentOf(core, track, to);
	if (from === undefined) return;
	track.pipes[to] = { from, flowing: false };
	delete track.demand[to];
	core.tracks.touch(track.info.id);
	reckon(core, track);
	command(core, from, [...peerCommands(core, from, to), { type: "pipe", track: track.info.id, to }]);
}

/** The origin, or a node that has the track where the origin sends it to enough of them. */
function parentOf(core: Core, track: Track, to: number): number | undefined {
	const origin = originOf(core, track);
	if (origin === undefined || origin === to) return undefined;
	const children = new Map<number, number>();
	for (const { from } of Object.values(track.pipes)) children.set(from, (children.get(from) ?? 0) + 1);
	const candidates = [origin];
	for (const [epoch, { flowing }] of Object.entries(track.pipes)) if (flowing) candidates.push(Number(epoch));
	return candidates.find((epoch) => (children.get(epoch) ?? 0) < FAN_OUT) ?? origin;
}

/** Gets the two nodes' ports towards each other ready, once. The first command for `from` is given back. */
function peerCommands(core: Core, from: number, to: number): LinkCommand[] {
	const key = pairOf(from, to);
	if (core.peered.has(key)) return [];
	core.peered.add(key);
	command(core, to, [{ type: "peer", peer: from }]);
	return [{ type: "peer", peer: to }];
}

/** One node's port is ready: the other connects to it. */
export function onPeerReady(core: Core, epoch: number, report: Extract<LinkReport, { type: "peerReady" }>): void {
	command(core, report.peer, [{ type: "connectPeer", peer: epoch, transport: report.transport }]);
}

/**
 * A node lost its port towards another, and that one could not be told: a link was down. Both begin anew, with all that
 * went between them.
 */
export function peerAnew(core: Core, epoch: number, peer: number): void {
	core.peered.delete(pairOf(epoch, peer));
	for (const track of core.tracks.values()) {
		for (const [to, { from }] of Object.entries(track.pipes)) {
			if (pairOf(from, Number(to)) === pairOf(epoch, peer)) cut(core, track, Number(to));
		}
	}
	command(core, epoch, [{ type: "forgetPeer", peer }]);
	command(core, peer, [{ type: "forgetPeer", peer: epoch }]);
	flowAgain(core);
}

/** A node is to have a track from nobody: nor do those have it that it passes it on to. */
function cut(core: Core, track: Track, to: number): void {
	const pipe = track.pipes[to];
	if (pipe) {
		delete track.pipes[to];
		core.tracks.touch(track.info.id);
		command(core, pipe.from, [{ type: "unpipe", track: track.info.id, to }]);
	}
	for (const [next, { from }] of Object.entries(track.pipes)) if (from === to) cut(core, track, Number(next));
}

/**
 * A track will not be published on a node that was asked to take it from its publisher, and that let go of whatever it
 * had of it until then.
 */
export function onNotPublished(core: Core, track: Track, epoch: number): void {
	if (originOf(core, track) !== epoch) cut(core, track, epoch);
}

function pairOf(one: number, other: number): string {
	return one < other ? `${one} ${other}` : `${other} ${one}`;
}

/** A track is on its way to another node: that takes it, and sends it to all who wait for it there. */
export function onPiped(core: Core, epoch: number, { track: id, to, pipe, media, encoded }: Piped): void {
	const track = core.tracks.get(id);
	const expected = track?.pipes[to];
	if (!track || expected?.from !== epoch) {
		command(core, epoch, [{ type: "unpipe", track: id, to }]);
		return;
	}
	if (isPublishedNextOn(core, track, to)) {
		// That node would take it for the newer of the two, and lose it with the node that is left.
		cut(core, track, to);
		return;
	}
	const isKnown = expected.flowing && expected.pipe === pipe;
	track.pipes[to] = { from: epoch, flowing: true, pipe };
	core.tracks.touch(id);
	const { participant, info } = track;
	const { source, layers, muted } = info;
	const commands: LinkCommand[] = [
		{ type: "receive", track: id, from: epoch, pipe, participant, source, media, layers, muted, encoded },
	];
	// What it passed on until now ends with what it had.
	for (const [next, { from }] of isKnown ? [] : Object.entries(track.pipes)) {
		if (from === to) commands.push({ type: "pipe", track: id, to: Number(next) });
	}
	for (const { member, endpoint } of receiversOn(core, to)) {
		if (wants(core, member, track)) commands.push(...flowTo(core, member, endpoint, [track]));
	}
	command(core, to, commands);
}

/** Its encoder hears of all who receive a track; told again and again, so nothing is kept here. */
export function onBandwidth(core: Core, epoch: number, report: Extract<LinkReport, { type: "bandwidth" }>): void {
	const track = core.tracks.get(report.track);
	const origin = track?.pipes[epoch] && originOf(core, track);
	if (origin !== undefined) command(core, origin, [{ ...report, from: epoch }]);
}

export function onPipeFailed(core: Core, epoch: number, report: Extract<LinkReport, { type: "pipeFailed" }>): void {
	const track = core.tracks.get(report.track);
	if (track?.pipes[report.to]?.from !== epoch) return;
	cut(core, track, report.to);
	core.reopenAt ??= Date.now() + RETRY_MS;
}

/** Stops sending tracks to nodes where nobody wants them any more. */
export function prune(core: Core, tracks: Iterable<Track> = core.tracks.values()): void {
	for (const track of tracks) {
		// Where one is let go of, the node that it came from may have had it for that one alone.
		while (pruneEnds(core, track));
	}
}

/** Of nodes that pass the track on to nobody. True: some were let go of. */
function pruneEnds(core: Core, track: Track): boolean {
	const parents = new Set(Object.values(track.pipes).map(({ from }) => from));
	const ends = Object.entries(track.pipes).filter(
		([to]) => !parents.has(Number(to)) && !isWantedOn(core, track, Number(to)),
	);
	for (const [key, { from }] of ends) {
		const to = Number(key);
		delete track.pipes[key];
		core.tracks.touch(track.info.id);
		reckon(core, track);
		command(core, to, [{ type: "drop", track: track.info.id }]);
		command(core, from, [{ type: "unpipe", track: track.info.id, to }]);
	}
	return ends.length > 0;
}

/** The track has ended: every node that has it from another lets go of it. */
export function dropPipes(core: Core, track: Track): void {
	for (const to of Object.keys(track.pipes)) command(core, Number(to), [{ type: "drop", track: track.info.id }]);
	track.pipes = {};
}

/** Every node that has a track. */
export function nodesWith(core: Core, track: Track): number[] {
	const origin = originOf(core, track);
	return [...(origin === undefined ? [] : [origin]), ...Object.keys(track.pipes).map(Number)];
}

/** A node has lost all of the room, or is gone: the others let go of what came from there. */
export function forgetNode(core: Core, epoch: number): void {
	forgetSpeakers(core, epoch);
	for (const key of core.peered) if (key.split(" ").includes(String(epoch))) core.peered.delete(key);
	for (const track of core.tracks.values()) {
		for (const [to, { from }] of Object.entries(track.pipes)) {
			if (Number(to) === epoch || from === epoch) cut(core, track, Number(to));
		}
	}
	for (const other of core.assignments.values()) {
		if (other.epoch !== epoch) command(core, other.epoch, [{ type: "forgetPeer", peer: epoch }]);
	}
}

function isWantedOn(core: Core, track: Track, epoch: number): boolean {
	return isComposedOn(core, track, epoch) || receiversOn(core, epoch).some(({ member }) => wants(core, member, track));
}

/** It has its place in a picture of everybody that is made there. */
function isComposedOn(core: Core, track: Track, epoch: number): boolean {
	return composersOf(core, track).includes(epoch);
}

/** Where it is put into pictures now, or is about to be: what takes over from another part needs it as long as that is written. */
function composersOf(core: Core, { info }: Track): number[] {
	return [...core.recordings.values()].flatMap(({ at, places, parts, stoppedAt }) => {
		if (at === undefined || stoppedAt !== undefined || !places?.includes(info.id)) return [];
		return [at, ...parts.flatMap(({ state, epoch }) => (state === "asked" || state === "started" ? epoch : []))];
	});
}

/** Of these, those that a node has; the others are sent there, unless something failed just now and is tried again soon. */
export function bringTo(core: Core, tracks: readonly Track[], epoch: number): Track[] {
	return tracks.filter((track) => {
		const there = isOn(core, track, epoch);
		if (!there && core.reopenAt === undefined) sendFor(core, track, epoch);
		return there;
	});
}

/** Everybody on a node, those included whose move from there is not over. */
function receiversOn(core: Core, epoch: number): { member: Member; endpoint: Endpoint }[] {
	return [...core.endpoints.values()].flatMap((endpoint) => {
		const member = core.members.get(endpoint.participant);
		const is = member && endpoint.epoch === epoch && !endpoint.ahead && endpoint.state !== "waiting";
		return is ? [{ member, endpoint }] : [];
	});
}

/** After a lost link: what was asked of the node and what came of it are compared, and asked again where they differ. */
export function reconcilePipes(
	core: Core,
	epoch: number,
	there: Pick<Extract<LinkReport, { type: "attached" }>, "received" | "pipes">,
): { commands: LinkCommand[]; mended: number } {
	const commands: LinkCommand[] = [];
	let mended = 0;
	const received = new Map(there.received.map((it) => [it.track, it]));
	const sent = new Map(there.pipes.map((it) => [`${it.to} ${it.track}`, it]));
	// Ports may not have found each other while the link was down.
	for (const key of core.peered) if (key.split(" ").includes(String(epoch))) core.peered.delete(key);
	for (const track of core.tracks.values()) {
		const { id } = track.info;
		for (const [key, pipe] of Object.entries(track.pipes)) {
			const to = Number(key);
			if (pipe.from === epoch) {
				const is = sent.get(`${to} ${id}`);
				sent.delete(`${to} ${id}`);
				// Another one: the track has had another source there meanwhile.
				if (!is || !pipe.flowing || is.pipe !== pipe.pipe) {
					mended++;
					pipe.flowing = false;
					commands.push(...peerCommands(core, epoch, to), { type: "pipe", track: id, to });
				}
			} else if (to === epoch) {
				const is = received.get(id);
				received.delete(id);
				if (is?.from !== pipe.from || is.pipe !== pipe.pipe) {
					mended++;
					pipe.flowing = false;
					command(core, pipe.from, [...peerCommands(core, pipe.from, to), { type: "pipe", track: id, to }]);
				}
			}
		}
	}
	for (const { track, to } of sent.values()) commands.push({ type: "unpipe", track, to });
	for (const { track } of received.values()) commands.push({ type: "drop", track });
	mended += sent.size + received.size;
	return { commands, mended };
}
