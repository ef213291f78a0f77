/** Requests to a session that is there. */
import { SwitchyardError } from "../../../shared/errors.ts";
import type { Described } from "../../../shared/whip.ts";
import type { Answer, Core } from "../../room/core.ts";
import { describe } from "../../room/descriptions.ts";
import { restartIce } from "../../room/endpoints.ts";
import { removeMember } from "../../room/members.ts";
import type { Member } from "../../room/state.ts";
import { type Accept, type Fragment, PATIENCE_MS, type Reply } from "./calls.ts";
import { failed, nodeSilent, refused } from "./replies.ts";
import { keep, number, sessionOf } from "./session.ts";
import { settle, wait } from "./waiting.ts";

/** The client's own end. */
export function end(core: Core, member: Member): Reply {
	removeMember(core, member, "left");
	return { type: "done" };
}

/**
 * Candidates, or a restart of ICE (RFC 9725 section 4.3): the latter is told by another user fragment. Candidates are
 * not needed by a node that answers whoever knows its password.
 */
export function onFragment(core: Core, member: Member, { ufrag, ifMatch }: Fragment): Reply | Promise<Reply> {
	const session = sessionOf(member);
	if (session.state === "opening") return refused(409, "conflict", "the session is not open yet");
	if (ifMatch === undefined) return refused(428, "bad_request", "If-Match: needed, with the session's entity-tag");
	if (!matches(ifMatch, session.etag)) return refused(412, "conflict", "If-Match: of an earlier ICE session");
	if (ufrag === session.ufrag) return { type: "done" };
	const endpoint = core.serving(member.id);
	if (endpoint?.state !== "open") return refused(503, "no_node", "the media node is not there now");
	const request = number(core, member);
	session.restarts.push({ request, ufrag });
	keep(core, member);
	const restarted = wait(core, member, request, PATIENCE_MS, nodeSilent);
	restartIce(core, member, request, { endpoint: endpoint.id, direction: "recv" });
	return restarted;
}

/** RFC 9110 section 13.1.1; strong comparison. Some quote the asterisk. */
function matches(ifMatch: string, etag: string): boolean {
	const tags = ifMatch.split(",").map((tag) => tag.trim());
	return tags.some((tag) => tag === "*" || tag === '"*"' || tag === `"${etag}"`);
}

/** RFC 8840 section 9.2. */
export function fragmentOf(
	{ options, head, candidates }: Described["lines"],
	{ usernameFragment, password }: { usernameFragment: string; password: string },
): string {
	const ice = [`a=ice-ufrag:${usernameFragment}`, `a=ice-pwd:${password}`];
	return [...options, ...head, ...ice, ...candidates, "a=end-of-candidates", ""].join("\r\n");
}

/** The client's answer to an offer of the node's. */
export function onAccept(core: Core, member: Member, ufrag: string, { answer }: Accept): Reply | Promise<Reply> {
	const session = sessionOf(member);
	if (session.state !== "countered") return refused(409, "conflict", "there is no offer to answer");
	const request = number(core, member);
	session.ufrag = ufrag;
	session.opens = request;
	const agreed = wait(core, member, request, PATIENCE_MS, nodeSilent);
	try {
		describe(core, member, request, { connection: "", description: { type: "answer", sdp: answer } });
	} catch (error) {
		return failed(error);
	}
	return agreed;
}

/** The ICE of a session could not be restarted: it goes on as it was. */
export function onRestartFailed(core: Core, member: Member, request: number, answer: Answer): void {
	const session = sessionOf(member);
	if (answer.ok || !session.restarts.some((it) => it.request === request)) return;
	session.restarts = session.restarts.filter((it) => it.request !== request);
	core.members.touch(member.id);
	settle(member, request, failed(new SwitchyardError(answer.error.code, answer.error.message)));
}
