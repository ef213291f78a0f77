import * as z from "zod";
import { IceServer } from "../shared/native.ts";
import type { Env } from "./env.ts";

const cache = new Map<string, IceServer[]>();

/** What clients are given as `iceServers`: the setting ICE_SERVERS, a JSON array of RTCIceServer. */
export function iceServers(env: Env): IceServer[] {
	const text = env.ICE_SERVERS || "[]";
	let servers = cache.get(text);
	if (!servers) {
		servers = z.array(IceServer).parse(JSON.parse(text));
		cache.set(text, servers);
	}
	return servers;
}
