/** Which Fleet objects are responsible: one in each of the platform's regions (hubs.ts). */
import type { Env } from "../env.ts";
import type { Place } from "../room/rpc.ts";
import { type Hub, hubsFrom } from "./hubs.ts";
import type { FleetRpc, HubRpc } from "./rpc.ts";

/**
 * The fleet as seen from a place: the hub there answers, and asks the next nearest when it has nothing good enough.
 * Nodes of every hub can be released, drained and listed through it.
 */
export function fleetFor(env: Env, place: Place): FleetRpc {
	const [own, ...others] = hubsFrom(place);
	const near = hubAt(env, own);
	const all = () => [near, ...others.map((hub) => hubAt(env, hub))];
	return {
		assign: (request) => near.assignFrom(request, others),
		async release(service) {
			if (await near.releaseHere(service)) return;
			await Promise.all(others.map((hub) => hubAt(env, hub).releaseHere(service)));
		},
		drain: (node, drain) => ofWhoHasIt(all().map((hub) => hub.drain(node, drain))),
		undrain: (node) => ofWhoHasIt(all().map((hub) => hub.undrain(node))),
		relays: () => near.relaysFrom(others),
		async listNodes() {
			const lists = await Promise.all(all().map((hub) => hub.listNodes()));
			// A node that just changed its hub may be at both.
			return [...new Map(lists.flat().map((node) => [node.id, node])).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
		},
	};
}

/** The fleet as a whole, for whoever is nowhere. */
export function wholeFleet(env: Env): FleetRpc {
	return fleetFor(env, {});
}

/** Takes a node's socket. */
export function connectToFleet(env: Env, hub: Hub, request: Request): Promise<Response> {
	return stubAt(env, hub).fetch(request);
}

/** Seen through its interface, since workers-types cannot carry `unknown` through an RPC. */
export function hubAt(env: Env, hub: Hub): HubRpc {
	return stubAt(env, hub) as unknown as HubRpc;
}

function stubAt(env: Env, hub: Hub) {
	return env.FLEET.getByName(hub, { locationHint: hub });
}

/** The answer of the hub that has the node. */
async function ofWhoHasIt(answers: ReturnType<HubRpc["undrain"]>[]): ReturnType<HubRpc["undrain"]> {
	const results = await Promise.all(answers);
	const found = results.find((result) => result.ok || result.error.code !== "not_found") ?? results[0];
	if (!found) throw new Error("no hub");
	return found;
}
