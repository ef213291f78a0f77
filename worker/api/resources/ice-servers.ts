/** `/v1/ice-servers`: what a client finds its way with, for clients of every dialect and for back ends. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import * as z from "zod";
import { Region } from "../../../shared/ids.ts";
import { isApiCredential, requireApiAccess, requireClient } from "../../auth/api.ts";
import type { Env } from "../../env.ts";
import { type IceClient, iceServersFor } from "../../ice/ice-servers.ts";
import { refuseInvalid } from "../errors.ts";
import { requireRate } from "../limits.ts";
import { answer, failures, IceServers, securedEither } from "../schemas.ts";
import { placeOf } from "../sockets/place.ts";

const Query = z.object({
	/** For whom, with an API key: a TURN server counts what each has. */
	user: z.string().min(1).max(256).optional(),
	/** Where they are, with an API key; else where the request comes from. */
	region: Region.optional(),
});

const get = createRoute({
	...{ method: "get", path: "/ice-servers", tags: ["Service"], operationId: "getIceServers" },
	security: securedEither,
	summary: "STUN and TURN servers, with credentials",
	description:
		"With a participant's or session token, or with an API key. The answer can be given to `new RTCPeerConnection()` as it is; credentials expire at `expiresAt` (ms since 1970), so ask again before. `user` and `region` only count with an API key.",
	request: { query: Query },
	responses: { 200: answer("The servers", IceServers), ...failures("bad_request", "rate_limited") },
});

export const iceServers = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid }).openapi(get, async (c) => {
	const authorization = c.req.header("authorization");
	const place = placeOf(c.req.raw);
	let client: IceClient;
	if (isApiCredential(authorization)) {
		await requireApiAccess(c.env, authorization);
		const { user = "", region } = c.req.valid("query");
		client = { who: ["api", user], place: { ...place, ...(region && { region }) } };
	} else {
		const { room, sub, region } = await requireClient(c.env, authorization);
		requireRate(c.env, JSON.stringify([room, sub]));
		client = { who: [room, sub], place: { ...place, ...(region && { region }) } };
	}
	// Credentials are nobody else's.
	c.header("Cache-Control", "no-store");
	return c.json(await iceServersFor(c.env, client), 200);
});
