/** Streams of events that a viewer has asked for, and of which events. */

import { CLOSE } from "../../../shared/close-codes.ts";
import { EventType } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import { listener } from "../../room/members.ts";
import type { Member } from "../../room/state.ts";
import type { Reply } from "./calls.ts";
import { refused } from "./replies.ts";
import { sessionOf } from "./session.ts";

/** Of a session; the oldest makes place for one more. */
const MOST_STREAMS = 4;

const noStream = () => refused(404, "not_found", "no such stream of events");

export function addStream(core: Core, member: Member, stream: string, events: EventType[]): Reply {
	const { watches } = sessionOf(member);
	if (!watches) return noStream();
	const [oldest] = Object.keys(watches.streams);
	if (oldest !== undefined && Object.keys(watches.streams).length >= MOST_STREAMS) close(core, member, oldest);
	watches.streams[stream] = events;
	core.members.touch(member.id);
	return { type: "stream", events };
}

export function endStream(core: Core, member: Member, stream: string): Reply {
	const { watches } = sessionOf(member);
	if (!watches?.streams[stream]) return noStream();
	close(core, member, stream);
	core.members.touch(member.id);
	return { type: "done" };
}

/** Its session is over. */
export function endAllStreams(core: Core, member: Member): void {
	for (const stream of Object.keys(sessionOf(member).watches?.streams ?? {})) close(core, member, stream);
}

function close(core: Core, member: Member, stream: string): void {
	const ws = listener(core, member, stream);
	if (ws) core.sockets.close(ws, CLOSE.normal);
	delete sessionOf(member).watches?.streams[stream];
}

/** Sockets on which somebody listens to a session's events. */
export function listenersOf(core: Core, member: Member): WebSocket[] {
	const names = Object.keys(sessionOf(member).watches?.streams ?? {});
	const sockets = [undefined, ...names].map((name) => listener(core, member, name));
	return sockets.filter((ws) => ws !== undefined);
}

/** Without a name: the one that is there for all. */
export function eventsOf(member: Member, stream?: string): Reply {
	const { watches } = sessionOf(member);
	const events = stream === undefined ? EventType.options : watches?.streams[stream];
	return events ? { type: "stream", events: [...events] } : noStream();
}
