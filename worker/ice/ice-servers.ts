/**
 * What a client is given as `iceServers` (docs/turn.md). Settings and credentials for one's own TURN servers are made on
 * the spot; the TURN servers of nodes, and Cloudflare's, are known to the Fleet object near the client and remembered here
 * for a while. Nobody's join waits for that: `knownIceServers` asks nobody.
 */
import type { IceServer, IceServers } from "../../shared/ice.ts";
import type { Env } from "../env.ts";
import { type Hub, hubOf } from "../fleet/hubs.ts";
import { fleetFor } from "../fleet/locate.ts";
import type { Relays } from "../fleet/rpc.ts";
import type { Place } from "../room/rpc.ts";
import { turnCredential, turnSecretOf, turnUserOf } from "./credentials.ts";
import { nearestRelays } from "./relays.ts";
import { iceSettings } from "./settings.ts";

/** What Fleet answered is asked for anew after so long, and used meanwhile. */
const FRESH_MS = 30_000;
/** After so long it is as good as unknown. */
const USABLE_MS = 600_000;

export interface IceClient {
	/** For whom credentials are: TURN servers count allocations by it. */
	who: string[];
	place: Place;
}

/** While one asks, the others go on with what is known. */
const ASKING_MS = 3_000;

/** Of this isolate. Values only: in workerd a promise belongs to the request that began it. */
const cache = new Map<Hub, { relays: Relays; at: number; askedAt: number }>();

/** `complete`: `iceServersFor` would say the same. `stale`: it may say more by now, which is for the next to know. */
export interface KnownIceServers extends IceServers {
	complete: boolean;
	stale: boolean;
}

/** What can be said at once. */
export async function knownIceServers(env: Env, client: IceClient): Promise<KnownIceServers> {
	const entry = cache.get(hubOf(client.place));
	const age = entry ? Date.now() - entry.at : Number.POSITIVE_INFINITY;
	const complete = age < USABLE_MS;
	const servers = await make(env, client, complete ? entry?.relays : undefined);
	return { ...servers, complete, stale: age >= FRESH_MS };
}

/** All that there are. Without what cannot be had now: it never fails for that. */
export async function iceServersFor(env: Env, client: IceClient): Promise<IceServers> {
	await refreshIceServers(env, client.place);
	return make(env, client, cache.get(hubOf(client.place))?.relays);
}

/** Asks Fleet, unless it did just now. */
export async function refreshIceServers(env: Env, place: Place): Promise<void> {
	const hub = hubOf(place);
	const entry = cache.get(hub);
	const now = Date.now();
	if (entry && (now - entry.at < FRESH_MS || now - entry.askedAt < ASKING_MS)) return;
	if (entry) entry.askedAt = now;
	try {
		const relays = await fleetFor(env, place).relays();
		cache.set(hub, { relays, at: Date.now(), askedAt: now });
	} catch (error) {
		console.error({ event: "fleet not asked for TURN servers", error: String(error) });
	}
}

async function make(env: Env, { who, place }: IceClient, relays: Relays | undefined): Promise<IceServers> {
	const { fixed, turn, lifeSeconds } = iceSettings(env);
	const { nodes = [], cloudflare } = relays ?? {};
	const now = Date.now();
	const lists: IceServers[] = [{ iceServers: fixed }];
	if (turn || nodes.length > 0) {
		const user = await turnUserOf(env, ...who);
		const expires = Math.floor(now / 1_000) + lifeSeconds;
		const servers = nearestRelays(nodes, place, user).map(async ({ node, urls }): Promise<IceServer> => {
			return { urls, ...(await turnCredential(await turnSecretOf(env, node), user, expires)) };
		});
		if (turn) servers.push(turnCredential(turn.secret, user, expires).then((it) => ({ urls: turn.urls, ...it })));
		lists.push({ iceServers: await Promise.all(servers), expiresAt: expires * 1_000 });
	}
	if (cloudflare && cloudflare.expiresAt > now) lists.push(cloudflare);
	const ends = lists.flatMap(({ expiresAt = [] }) => expiresAt);
	return {
		iceServers: lists.flatMap(({ iceServers }) => iceServers),
		expiresAt: ends.length > 0 ? Math.min(...ends) : undefined,
	};
}
