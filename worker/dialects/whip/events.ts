/**
 * What viewers are told while they watch: the room sends it on a socket that the edge opened for the viewer's event
 * stream. Each tells a state as it is, so that a stream that breaks off loses nothing.
 */
import type { EventType, StreamedEvent } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { WHEP } from "./calls.ts";
import { layersFor } from "./layers.ts";
import { sessionOf, type Watching } from "./session.ts";
import { listenersOf } from "./streams.ts";

/** Comings and goings are gathered for this long, ms. */
const COUNT_MS = 1_000;

function newsOf(core: Core, member: Member): Omit<Watching["told"], "viewers"> {
	const { watches } = sessionOf(member);
	const active = [watches?.audio, watches?.video].some((id) => id !== undefined && core.tracks.has(id));
	return { active, layers: JSON.stringify(layersFor(core, member)) };
}

/** What is watched may be another, or nothing any more. */
export function tellChange(core: Core, member: Member): void {
	const { watches } = sessionOf(member);
	if (!watches) return;
	const before = watches.told;
	const now = newsOf(core, member);
	if (now.active === before.active && now.layers === before.layers) return;
	watches.told = { ...before, ...now };
	core.members.touch(member.id);
	if (now.active !== before.active) tell(core, member, now.active ? "active" : "inactive", {});
	if (now.layers !== before.layers) tell(core, member, "layers", layersFor(core, member));
}

/** All of it, to one who begins to listen. Who has never seen anything is not told that there is nothing now. */
export function tellAll(core: Core, member: Member, ws: WebSocket): void {
	const { active, layers } = newsOf(core, member);
	if (active) send(core, ws, "active", {});
	if (layers !== "{}") send(core, ws, "layers", layersFor(core, member));
	send(core, ws, "viewercount", countViewers(core, member));
	if (sessionOf(member).watches?.leaving) send(core, ws, "reconnect", {});
}

/** Its node stops: it is to come again, and gets another one then. */
export function tellToLeave(core: Core, member: Member): void {
	const { watches } = sessionOf(member);
	if (!watches || watches.leaving) return;
	watches.leaving = true;
	core.members.touch(member.id);
	tell(core, member, "reconnect", {});
}

const counting = new WeakSet<Core>();

/** Somebody came or went, or watches another than before. */
export function recount(core: Core): void {
	if (counting.has(core) || !listeners(core).some(() => true)) return;
	counting.add(core);
	// A timer keeps the object in memory.
	setTimeout(() => {
		counting.delete(core);
		core.settle(() => {
			for (const member of listeners(core)) {
				// Those who come and go are not all viewers, and not all of them watch the same.
				if (sessionOf(member).watches?.told.viewers !== viewersLike(core, member))
					tell(core, member, "viewercount", countViewers(core, member));
			}
		});
	}, COUNT_MS);
}

function listeners(core: Core): Member[] {
	return [...core.members.values()].filter((member) => member.dialect === WHEP && listenersOf(core, member).length > 0);
}

/** Those who watch the same publisher in this way. */
function viewersLike(core: Core, member: Member): number {
	const publisher = sessionOf(member).watches?.publisher;
	let count = 0;
	for (const other of core.members.values()) {
		if (other.dialect === WHEP && sessionOf(other).watches?.publisher === publisher) count++;
	}
	return count;
}

/** As it is told from now on. */
function countViewers(core: Core, member: Member): { viewercount: number } {
	const viewercount = viewersLike(core, member);
	const { watches } = sessionOf(member);
	if (watches) watches.told.viewers = viewercount;
	core.members.touch(member.id);
	return { viewercount };
}

function tell(core: Core, member: Member, event: EventType, data: Record<string, unknown>): void {
	for (const ws of listenersOf(core, member)) send(core, ws, event, data);
}

function send(core: Core, ws: WebSocket, event: EventType, data: Record<string, unknown>): void {
	core.sockets.send(ws, JSON.stringify({ event, data } satisfies StreamedEvent));
}
