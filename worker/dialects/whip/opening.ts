/** What publishing and watching have in common: how a session begins, goes on, and ends. */
import { SwitchyardError } from "../../../shared/errors.ts";
import { readDescription } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import { isRevoked } from "../../room/members.ts";
import type { RoomEvent } from "../../room/outbox.ts";
import type { Grant } from "../../room/rpc.ts";
import type { Member } from "../../room/state.ts";
import type { Reply } from "./calls.ts";
import { nodeSilent, noNode } from "./replies.ts";
import { fragmentOf } from "./requests.ts";
import { awaitConnection, cut, onPath, sessionOf } from "./session.ts";
import { settle } from "./waiting.ts";

export function mayCreate(core: Core): boolean {
	return core.env.AUTO_CREATE !== "false";
}

/** Throws when the grant does not let its holder in. */
export function admit(core: Core, grant: Grant): void {
	if (isRevoked(core, grant)) throw new SwitchyardError("unauthorized", "revoked");
	if (!core.record && !mayCreate(core)) throw new SwitchyardError("not_found", "no such room");
}

/** The client gets what the node wrote: an answer to its offer, or an offer to answer. */
export function opened(core: Core, member: Member, sdp: string, counter = false): void {
	const session = sessionOf(member);
	const { ufrag, lines } = readDescription(sdp);
	Object.assign(session, { etag: ufrag, lines, state: counter ? "countered" : "open" });
	awaitConnection(core, member);
	settle(member, session.opens, { type: "described", sdp, etag: ufrag, counter });
}

/** It did not come to be. */
export function fail(core: Core, member: Member, reply: Reply): void {
	settle(member, sessionOf(member).opens, reply);
	cut(core, member);
}

/** The node has had its time. */
export function tooLate(core: Core, member: Member): Reply {
	cut(core, member);
	return core.serving(member.id)?.state === "waiting" ? noNode() : nodeSilent();
}

/** Events that mean the same to everybody who has no socket. */
export function onMediaEvent(core: Core, member: Member, event: RoomEvent): void {
	const session = sessionOf(member);
	switch (event.type) {
		case "connection":
			if (event.state === "closed") cut(core, member);
			else onPath(core, member, event.state === "connected");
			return;
		case "endpointLost":
			// While it opens, another node may take it. Afterwards its client cannot be offered anything.
			if (session.state !== "opening") cut(core, member);
			return;
		case "ice":
			onRestarted(core, member, event.iceParameters);
			return;
	}
}

function onRestarted(core: Core, member: Member, ice: { usernameFragment: string; password: string }): void {
	const session = sessionOf(member);
	// In the order in which they were asked for.
	const restart = session.restarts.shift();
	if (!restart) return;
	session.etag = ice.usernameFragment;
	session.ufrag = restart.ufrag;
	core.members.touch(member.id);
	settle(member, restart.request, {
		...{ type: "restarted", fragment: fragmentOf(session.lines, ice), etag: session.etag },
	});
}
