/** Which Fleet object is responsible. One for now; sharding by region changes this file only. */
import type { Env } from "../env.ts";
import type { Place } from "../room/rpc.ts";
import type { FleetRpc } from "./rpc.ts";

/** Seen through its interface, since workers-types cannot carry `unknown` through an RPC. */
export function fleetFor(env: Env, place: Place): FleetRpc {
	return stubFor(env, place) as unknown as FleetRpc;
}

/** Every Fleet there is, for the list of all nodes. */
export function allFleets(env: Env): FleetRpc[] {
	return [fleetFor(env, {})];
}

/** Takes a node's socket. */
export function connectToFleet(env: Env, place: Place, request: Request): Promise<Response> {
	return stubFor(env, place).fetch(request);
}

function stubFor(env: Env, _place: Place) {
	return env.FLEET.getByName("fleet");
}
