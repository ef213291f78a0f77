/** The member that a socket is of, and the end of one that is no good. */
import type { Core } from "../room/core.ts";
import type { Member } from "../room/state.ts";

/** Undefined: of nobody, or of somebody whose session has another socket by now. */
export function memberOn(core: Core, ws: WebSocket): Member | undefined {
	const who = core.sockets.of(ws);
	const member = who.kind === "member" ? core.members.get(who.participant) : undefined;
	return who.kind === "member" && member?.session === who.session ? member : undefined;
}

/** Its member may come back, where the dialect's do. */
export function cutSocket(core: Core, ws: WebSocket, code: number): void {
	const member = memberOn(core, ws);
	core.sockets.close(ws, code);
	if (member) core.dropped(member);
}
