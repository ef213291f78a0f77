/** `GET /v1/fleet`: a media node's socket to its fleet. */
import type { Context } from "hono";
import { FLEET_SUBPROTOCOL } from "../../../shared/fleet.ts";
import { bearerOf } from "../../auth/api.ts";
import { verifyNodeToken } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import { HUBS, hubOf, hubOfRegion, isHub } from "../../fleet/hubs.ts";
import { connectToFleet } from "../../fleet/locate.ts";
import { NODE_GRANT_HEADER, type NodeGrant } from "../../fleet/rpc.ts";
import type { Place } from "../../room/rpc.ts";
import { placeOf } from "./place.ts";
import { requireProtocol, requireUpgrade, withGrant } from "./upgrade.ts";

export async function connectNode(c: Context<{ Bindings: Env }, "/v1/fleet">): Promise<Response> {
	const request = c.req.raw;
	requireUpgrade(request);
	requireProtocol(request, FLEET_SUBPROTOCOL);
	const { sub: node, region } = await verifyNodeToken(c.env, bearerOf(c.req.header("authorization")));
	const place = placeOf(request);
	const before = c.req.query("hub") ?? "";
	const hub = isHub(before) ? before : hubOf({ ...place, region });
	const grant: NodeGrant = { node, region, place: located(place, region), hub };
	return connectToFleet(c.env, hub, withGrant(request, NODE_GRANT_HEADER, grant));
}

/** Where the platform does not know, the region's name has to do. */
function located(place: Place, region: string | undefined): Place {
	const hub = hubOfRegion(region);
	return place.latitude === undefined && hub ? { ...place, ...HUBS[hub] } : place;
}
