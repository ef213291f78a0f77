/** Which of this machine's addresses a TURN server relays from, and what peers see of them. */
import { lookup } from "node:dns/promises";
import { isIP, isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

export interface RelayAddress {
	/** This machine's own. */
	local: string;
	/** The same, or what NAT makes of it. */
	external: string;
}

/** One for each family among the addresses that clients are told. */
export async function relayAddresses(told: readonly string[], listenAddress: string): Promise<RelayAddress[]> {
	const external = await Promise.all(told.map(async (name) => (isIP(name) ? name : (await lookup(name)).address)));
	const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	const found: RelayAddress[] = [];
	for (const address of external) {
		const family = isIPv6(address) ? "IPv6" : "IPv4";
		if (found.some((other) => isIPv6(other.external) === isIPv6(address))) continue;
		const bound = !isUnspecified(listenAddress) && isIPv6(listenAddress) === isIPv6(address);
		const isOwn = own.some((it) => it.address === address);
		const outward = own.find((it) => it.family === family && !it.internal && !it.address.startsWith("fe80:"));
		const local = bound ? listenAddress : isOwn ? address : outward?.address;
		if (local === undefined) throw new Error(`no address of this machine stands behind ${address}`);
		found.push({ local, external: address });
	}
	return found;
}

export function isUnspecified(address: string): boolean {
	return address === "0.0.0.0" || address === "::";
}
