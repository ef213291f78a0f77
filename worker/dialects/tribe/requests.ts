/** What clients ask, carried out by the room's rules. What throws is answered by its code. */
import type { Candidate, DataOf, Request } from "../../../shared/tribe.ts";
import type { Core } from "../../room/core.ts";
import { sendMessage, sendSignal } from "../../room/messages.ts";
import type { Member } from "../../room/state.ts";
import { report } from "./broker.ts";
import { Refusal } from "./errors.ts";
import { succeed, tell } from "./frames.ts";
import { isServers, negotiate, REQUEST } from "./media.ts";
import { findMember } from "./names.ts";
import { orientationOf } from "./orientation.ts";
import { isAction, readAction } from "./reading.ts";
import { DIALECT, keep, sessionFor } from "./session.ts";

export function carryOut(core: Core, member: Member, { a: action, d: data }: Request): void {
	if (!isAction(action)) throw new Refusal("unknownAction");
	switch (action) {
		case "join":
		case "reconnect":
			throw new Refusal("alreadyJoined");
		case "exchangeSdp":
			exchangeSdp(core, member, readAction(action, data));
			return;
		case "exchangeCandidate":
			exchangeCandidate(core, member, readAction(action, data));
			return;
		case "sendMessage": {
			const { to, message } = readAction(action, data);
			sendMessage(core, member, nextMessage(), { to: [mustFind(core, to).id], payload: message });
			succeed(core, member, action);
			return;
		}
		case "orientationChange":
			changeOrientation(core, member, readAction(action, data));
			succeed(core, member, action);
			return;
		case "eventFreeze":
		case "eventCpu":
		case "eventNetworkChange":
			report(core, member, action, data);
			return;
		default:
			action satisfies never;
	}
}

function mustFind(core: Core, socketId: string): Member {
	const member = findMember(core, socketId);
	if (!member) throw new Refusal("noSuchSocket");
	return member;
}

/** Only who speaks this protocol knows what to do with it. */
function mustFindPeer(core: Core, from: Member, socketId: string): Member {
	const member = mustFind(core, socketId);
	if (member.dialect !== DIALECT || member === from) throw new Refusal("noSuchSocket");
	return member;
}

function exchangeSdp(core: Core, member: Member, wish: DataOf<"exchangeSdp">): void {
	if (negotiate(core, member, wish)) return;
	const peer = mustFindPeer(core, member, wish.to);
	sendSignal(core, member, REQUEST.relayed, { to: peer.id, signal: { description: wish.sdp } });
}

function exchangeCandidate(core: Core, member: Member, { to, candidate }: DataOf<"exchangeCandidate">): void {
	// Clients expect no answer to it, and know when they have tried everything.
	if (candidate.completed) return;
	if (isServers(core, member, to)) {
		succeed(core, member, "exchangeCandidate");
		return;
	}
	const peer = mustFindPeer(core, member, to);
	sendSignal(core, member, REQUEST.candidate, { to: peer.id, signal: { candidates: [lineOf(candidate)] } });
}

function lineOf({ candidate, sdpMid, sdpMLineIndex }: Candidate) {
	return { candidate: candidate ?? "", sdpMid, sdpMLineIndex };
}

function changeOrientation(core: Core, member: Member, change: DataOf<"orientationChange">): void {
	const session = sessionFor(member);
	Object.assign(session, change);
	keep(core, member);
	core.setPresence(member, { ...change });
	core.gather.presence(member, { ...change });
	for (const other of core.members.values()) {
		if (other !== member && other.dialect === DIALECT) {
			tell(core, other, "eventOrientationChange", orientationOf(member));
		}
	}
}

let latest = 0;

/** By which others know a message that comes twice: grows, also over lost memory. */
function nextMessage(): number {
	latest = Math.max(latest + 1, Date.now() * 1_000);
	return latest;
}
