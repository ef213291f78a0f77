/** Who asks: the token of a request, and what it grants over HTTP. */
import type { Context } from "hono";
import { SwitchyardError } from "../../../shared/errors.ts";
import { RoomName, SessionId } from "../../../shared/ids.ts";
import type { ParticipantClaims } from "../../../shared/tokens.ts";
import { bearerOf } from "../../auth/api.ts";
import { publicOrigin } from "../../auth/origin.ts";
import { newSessionId, verifyClientToken } from "../../auth/tokens.ts";
import type { Protocol } from "../../dialects/whip/calls.ts";
import type { Env } from "../../env.ts";
import type { Grant } from "../../room/rpc.ts";
import { requireRate } from "../limits.ts";
import { placed } from "../sockets/place.ts";

export type HttpContext = Context<{ Bindings: Env }>;

export function roomOf(c: HttpContext): string {
	const room = RoomName.safeParse(c.req.param("room"));
	if (!room.success) throw new SwitchyardError("bad_request", `room: ${room.error.issues[0]?.message}`);
	return room.data;
}

/** Throws `not_found` for what cannot be one. */
export function sessionOf(c: HttpContext, name: "session" | "stream" = "session"): string {
	const id = SessionId.safeParse(c.req.param(name));
	if (!id.success) throw new SwitchyardError("not_found", `no such ${name}`);
	return id.data;
}

/** A session of its own, with what the protocol is for and nothing else. */
export async function grantFor(c: HttpContext, protocol: Protocol): Promise<Grant> {
	const room = roomOf(c);
	const { claims } = await verifyClientToken(c.env, bearerOf(c.req.header("authorization")), room);
	requireRate(c.env, JSON.stringify([room, claims.sub]));
	const publish = protocol === "whip" ? claims.rights.publish : [];
	const subscribe = protocol === "whep" && claims.rights.subscribe;
	return {
		kind: "client",
		dialect: protocol,
		room,
		claims: { ...claims, rights: { ...claims.rights, publish, subscribe } },
		session: newSessionId(),
		sessionToken: "",
		returning: false,
		origin: publicOrigin(c.env, c.req.url),
		place: placed(c.env, c.req.raw, claims.region),
	};
}

/** Whose session it has to be. A token that has expired meanwhile still tells that. */
export async function ownerOf(c: HttpContext): Promise<ParticipantClaims> {
	const room = roomOf(c);
	const token = bearerOf(c.req.header("authorization"));
	const { claims } = await verifyClientToken(c.env, token, room, { expired: true });
	requireRate(c.env, JSON.stringify([room, claims.sub]));
	return claims;
}
