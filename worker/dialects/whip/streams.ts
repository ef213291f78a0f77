/** Streams of events that a viewer has asked for, and of which events. */

import { CLOSE } from "../../../shared/close-codes.ts";
import { EventType } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
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
	if (oldest !== undefined && Object.keys(watches.streams).length >= MOST_STREAMS) delete watches.streams[oldest];
	watches.streams[stream] = events;
	core.members.touch(member.id);
	return { type: "stream", events };
}

export function endStream(core: Core, member: Member, stream: string): Reply {
	const { watches } = sessionOf(member);
	if (!watches?.streams[stream]) return noStream();
	delete watches.streams[stream];
	core.members.touch(member.id);
	const ws = core.socket(member);
	if (ws) core.sockets.close(ws, CLOSE.normal);
	return { type: "done" };
}

/** Without a name: the one that is there for all. */
export function eventsOf(member: Member, stream?: string): Reply {
	const { watches } = sessionOf(member);
	const events = stream === undefined ? EventType.options : watches?.streams[stream];
	return events ? { type: "stream", events: [...events] } : noStream();
}
