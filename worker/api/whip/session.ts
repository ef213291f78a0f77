/** A session's own resource: candidates and restarts of ICE by PATCH, its end by DELETE. */
import { FRAGMENT_TYPE, readFragment, SDP_TYPE } from "../../../shared/whip.ts";
import { askSession, type Protocol, type Question } from "../../dialects/whip/calls.ts";
import { type HttpContext, ownerOf, roomOf, sessionOf } from "./caller.ts";
import { requireType } from "./endpoint.ts";
import { Problem } from "./problem.ts";

export async function patch(c: HttpContext, protocol: Protocol): Promise<Response> {
	const accepted = protocol === "whep" ? [FRAGMENT_TYPE, SDP_TYPE] : [FRAGMENT_TYPE];
	const type = requireType(c, ...accepted);
	const session = sessionOf(c);
	const { sub: participant } = await ownerOf(c);
	const text = await c.req.text();
	const question: Question =
		type === SDP_TYPE
			? { type: "accept", session, participant, answer: text }
			: { type: "fragment", session, participant, ...readFragment(text), ifMatch: c.req.header("if-match") };
	const reply = await askSession(c.env, roomOf(c), protocol, question);
	if (reply.type === "failed") throw new Problem(reply);
	if (reply.type !== "restarted") return c.body(null, 204);
	return c.body(reply.fragment, 200, { "Content-Type": FRAGMENT_TYPE, ETag: `"${reply.etag}"` });
}

export async function end(c: HttpContext, protocol: Protocol): Promise<Response> {
	const session = sessionOf(c);
	const { sub: participant } = await ownerOf(c);
	const reply = await askSession(c.env, roomOf(c), protocol, { type: "end", session, participant });
	if (reply.type === "failed") throw new Problem(reply);
	return c.body(null, 200);
}

/** RFC 9725 section 4.1: there is nothing to represent. */
export async function look(c: HttpContext, protocol: Protocol): Promise<Response> {
	const reply = await askSession(c.env, roomOf(c), protocol, { type: "find", session: sessionOf(c) });
	if (reply.type === "failed") throw new Problem(reply);
	return c.body(null, 204);
}
