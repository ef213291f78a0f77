/** Nodes that run a TURN server, and which of them somebody gets. */
import { hash, isWithin, kilometres, NEAR_KM } from "../fleet/placement.ts";
import type { Place } from "../room/rpc.ts";

export interface Relay {
	node: string;
	region: string;
	/** RFC 7065, without credentials. */
	urls: string[];
	place: Place;
}

/** One, and another for when it fails. More would only make gathering slower: each costs allocations of everybody. */
const MOST = 2;

/** The nearest, in the region asked for if there are any; equally near ones are spread by who asks. */
export function nearestRelays(relays: readonly Relay[], near: Place, user: string): Relay[] {
	const seed = hash(user);
	const ranked = relays.map((relay) => {
		const elsewhere = near.region !== undefined && !isWithin(relay.region, near.region);
		return {
			relay,
			elsewhere,
			steps: Math.floor(kilometres(near, relay.place) / NEAR_KM),
			own: hash(relay.node, seed),
		};
	});
	ranked.sort((a, b) => Number(a.elsewhere) - Number(b.elsewhere) || a.steps - b.steps || b.own - a.own);
	return ranked.slice(0, MOST).map(({ relay }) => relay);
}
