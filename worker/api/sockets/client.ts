/** `GET /v1/rooms/{room}/connect`: a participant's socket, verified here and handed to its room. */
import type { Context } from "hono";
import { SwitchyardError } from "../../../shared/errors.ts";
import { RoomName } from "../../../shared/ids.ts";
import { BEARER_PREFIX, SUBPROTOCOL } from "../../../shared/native.ts";
import { bearerOf } from "../../auth/api.ts";
import { originAllowed, publicOrigin } from "../../auth/origin.ts";
import { mintSessionToken, newSessionId, verifyClientToken } from "../../auth/tokens.ts";
import { native } from "../../dialects/native/native.ts";
import type { Env } from "../../env.ts";
import { knownIceServers, refreshIceServers } from "../../ice/ice-servers.ts";
import { GRANT_HEADER, type Grant } from "../../room/rpc.ts";
import { placed } from "./place.ts";
import { offeredProtocols, refuseSocket, requireProtocol, requireUpgrade, withGrant } from "./upgrade.ts";

export async function connectClient(c: Context<{ Bindings: Env }, "/v1/rooms/:room/connect">): Promise<Response> {
	const request = c.req.raw;
	requireUpgrade(request);
	let grant: Grant;
	try {
		requireProtocol(request, SUBPROTOCOL);
		grant = await grantFor(c.env, request, c.req.param("room"));
	} catch (error) {
		// Also an operator's mistake in the keys is told on the socket, as `internal`.
		const known = SwitchyardError.from(error);
		if (known.code === "internal") console.error({ event: "connect failed", error: String(error) });
		return refuseSocket(
			known,
			offeredProtocols(request).find((protocol) => protocol === SUBPROTOCOL),
		);
	}
	// What is known was told; what has changed is for the next.
	if (grant.ice?.complete && grant.ice.stale) c.executionCtx.waitUntil(refreshIceServers(c.env, grant.place));
	return c.env.ROOM.getByName(grant.room).fetch(withGrant(request, GRANT_HEADER, grant));
}

async function grantFor(env: Env, request: Request, name: string): Promise<Grant> {
	if (!originAllowed(env, request.url, request.headers.get("origin"))) throw new SwitchyardError("origin_not_allowed");
	const room = RoomName.safeParse(name);
	if (!room.success) throw new SwitchyardError("bad_request", `room: ${room.error.issues[0]?.message}`);
	const verified = await verifyClientToken(env, tokenOf(request), room.data);
	const { claims, session = newSessionId() } = verified;
	const place = placed(env, request, claims.region);
	const [sessionToken, ice] = await Promise.all([
		mintSessionToken(env, claims, session),
		knownIceServers(env, { who: [room.data, claims.sub], place }),
	]);
	return {
		kind: "client",
		dialect: native.name,
		room: room.data,
		claims,
		session,
		sessionToken,
		returning: verified.session !== undefined,
		origin: publicOrigin(env, request.url),
		place,
		ice,
	};
}

/** From the subprotocols, where a browser can put it, or from the Authorization header. */
function tokenOf(request: Request): string {
	const offered = offeredProtocols(request).find((protocol) => protocol.startsWith(BEARER_PREFIX));
	return offered?.slice(BEARER_PREFIX.length) || bearerOf(request.headers.get("authorization"));
}
