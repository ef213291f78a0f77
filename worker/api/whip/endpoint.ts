/** `/v1/rooms/{room}/whip` and `/whep`: where a session begins, with one offer and its answer. */

import { SwitchyardError } from "../../../shared/errors.ts";
import { ParticipantId } from "../../../shared/ids.ts";
import { Feed, SDP_TYPE } from "../../../shared/whip.ts";
import { encodeBase64url } from "../../auth/base64.ts";
import { askSession, COUNTER_VALID_MS, type Protocol, type Question } from "../../dialects/whip/calls.ts";
import { iceServersFor } from "../../ice/ice-servers.ts";
import type { Grant } from "../../room/rpc.ts";
import { grantFor, type HttpContext } from "./caller.ts";
import { extensionLinks, iceLinks } from "./links.ts";
import { Problem } from "./problem.ts";

export async function begin(c: HttpContext, protocol: Protocol): Promise<Response> {
	requireType(c, SDP_TYPE);
	const grant = await grantFor(c, protocol);
	const offer = await c.req.text();
	const [reply, ice] = await Promise.all([
		askSession(c.env, grant.room, protocol, await questionFor(c, protocol, grant, offer)),
		iceServersFor(c.env, { who: [grant.room, grant.claims.sub], place: grant.place }),
	]);
	if (reply.type === "failed") throw new Problem(reply);
	if (reply.type !== "described") throw new Error(`unexpected answer: ${reply.type}`);
	const session = `/v1/rooms/${grant.room}/${protocol}/${grant.session}`;
	const headers = new Headers({
		"Content-Type": SDP_TYPE,
		Location: session,
		ETag: `"${reply.etag}"`,
		"Accept-Patch": "application/trickle-ice-sdpfrag",
		"Cache-Control": "no-store",
	});
	for (const link of iceLinks(ice.iceServers)) headers.append("Link", link);
	if (protocol === "whep") for (const link of extensionLinks(session)) headers.append("Link", link);
	if (!reply.counter) return new Response(reply.sdp, { status: 201, headers });
	const until = new Date(Date.now() + COUNTER_VALID_MS).toUTCString();
	headers.set("Content-Type", `${SDP_TYPE}; valid-until="${until}"`);
	// A client that has offered nothing, as earlier drafts let it, has nothing that could be unacceptable.
	return new Response(reply.sdp, { status: offer === "" ? 201 : 406, headers });
}

/** Throws 415: other types may be spoken by later versions of the protocol. */
export function requireType(c: HttpContext, ...types: string[]): string {
	const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
	if (!types.includes(type)) throw Problem.of(415, "bad_request", `send Content-Type: ${types.join(" or ")}`);
	return type;
}

async function questionFor(c: HttpContext, protocol: Protocol, grant: Grant, offer: string): Promise<Question> {
	const feed = queried(Feed, "source", c.req.query("source") ?? "camera");
	if (protocol === "whip") return { type: "publish", grant, offer, feed, prefix: await prefixOf(grant.claims.sub) };
	const asked = c.req.query("participant");
	const participant = asked === undefined ? undefined : queried(ParticipantId, "participant", asked);
	return { type: "watch", grant, offer, feed, participant };
}

function queried<T>(
	schema: { safeParse(value: unknown): { success: boolean; data?: T } },
	name: string,
	value: string,
): T {
	const { success, data } = schema.safeParse(value);
	if (!success || data === undefined) throw new SwitchyardError("bad_request", `${name}: not one of those there are`);
	return data;
}

/** Track ids have fewer signs than identities. The same each time, so that who comes again is known to viewers. */
async function prefixOf(identity: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
	return encodeBase64url(new Uint8Array(digest).subarray(0, 12));
}
