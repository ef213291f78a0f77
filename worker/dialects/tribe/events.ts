/** What happens in the room, as clients are told. */
import type { Signal } from "../../../shared/native.ts";
import type { Core } from "../../room/core.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Member } from "../../room/state.ts";
import { mediaConfiguration } from "./configuration.ts";
import { tell } from "./frames.ts";
import { forget, onAnotherNode, onConnection, receive } from "./media.ts";
import { tellMode, tellNewMode } from "./modes.ts";
import { sessionKnown, userIdOf } from "./names.ts";
import { orientationOf } from "./orientation.ts";
import { DIALECT, keep, sessionFor } from "./session.ts";

export function onEvent(core: Core, member: Member, event: RoomEvent): void {
	switch (event.type) {
		case "participantJoined":
			onJoined(core, member, event.participant.id);
			return;
		case "participantLeft":
			onLeft(core, member, event.participant);
			return;
		case "trackPublished":
			// Not now: others are just being told.
			if (!member.media) core.later(() => core.members.get(member.id) === member && receive(core, member));
			tellNewMode(core, member, event.participant, event.track.muted);
			return;
		case "trackUpdated":
		case "trackUnpublished":
			if (core.members.has(event.participant)) tellMode(core, member, event.participant);
			return;
		case "message":
			tell(core, member, "eventMessage", { from: sessionKnown(core, member, event.from), message: event.payload });
			return;
		case "signal":
			onSignal(core, member, event.from, event.signal);
			return;
		case "endpoint":
		case "endpointLost":
			onAnotherNode(core, member);
			return;
		case "description":
		case "agreed":
		case "connection":
			onConnection(core, member, event);
			return;
	}
}

function onJoined(core: Core, member: Member, id: string): void {
	tell(core, member, "eventUserMediaConfiguration", mediaConfiguration(core.members.size - 1));
	const other = core.members.get(id);
	if (other?.dialect !== DIALECT) return;
	sessionFor(member).peers[id] = userIdOf(other);
	keep(core, member);
	tell(core, member, "eventOrientationChange", orientationOf(other));
}

function onLeft(core: Core, member: Member, id: string): void {
	const session = sessionFor(member);
	const gone = sessionKnown(core, member, id);
	delete session.peers[id];
	delete session.modes[id];
	forget(core, member, id);
	keep(core, member);
	const { size } = core.members;
	tell(core, member, "eventLeave", { roomId: session.roomId, roomSize: size, ...gone });
	const configuration = mediaConfiguration(size - 1);
	// One more was there a moment ago.
	if (JSON.stringify(configuration) === JSON.stringify(mediaConfiguration(size))) return;
	tell(core, member, "eventUserMediaConfiguration", configuration);
}

function onSignal(core: Core, member: Member, sender: string, { description, candidates = [] }: Signal): void {
	const from = sessionKnown(core, member, sender);
	if (description?.sdp !== undefined) {
		tell(core, member, "eventExchangeSdp", { from, sdp: { type: description.type, sdp: description.sdp } });
	}
	for (const { candidate, sdpMid, sdpMLineIndex } of candidates) {
		tell(core, member, "eventExchangeCandidate", { from, candidate: { candidate, sdpMid, sdpMLineIndex } });
	}
}
