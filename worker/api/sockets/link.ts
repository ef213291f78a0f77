/** `GET /v1/rooms/{room}/link`: a media node's socket to a room it serves. Refusals are HTTP, since nodes read them. */
import type { Context } from "hono";
import { LINK_SUBPROTOCOL } from "../../../shared/link.ts";
import { bearerOf } from "../../auth/api.ts";
import { verifyRoomLink } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import { GRANT_HEADER, type LinkGrant } from "../../room/rpc.ts";
import { requireProtocol, requireUpgrade, withGrant } from "./upgrade.ts";

export async function connectLink(c: Context<{ Bindings: Env }, "/v1/rooms/:room/link">): Promise<Response> {
	const request = c.req.raw;
	requireUpgrade(request);
	requireProtocol(request, LINK_SUBPROTOCOL);
	const room = c.req.param("room");
	// The token's `sub` is a valid room name, and must be this one.
	const verified = await verifyRoomLink(c.env, bearerOf(c.req.header("authorization")), room);
	const grant: LinkGrant = { kind: "link", room, ...verified };
	return c.env.ROOM.getByName(room).fetch(withGrant(request, GRANT_HEADER, grant));
}
