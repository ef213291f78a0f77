/** Whom a TURN server may relay to: nobody on networks that only this machine, or nobody, can reach. */
import { BlockList, isIP, isIPv6 } from "node:net";

/**
 * IANA's special-purpose registries (RFC 6890), as far as they are not global, and what carries IPv4 within IPv6. Without
 * these, everybody with a credential could reach what is behind this machine's firewall. coturn's form.
 */
export const DENIED_PEERS: readonly string[] = [
	"0.0.0.0-0.255.255.255", // this network
	"10.0.0.0-10.255.255.255", // private
	"100.64.0.0-100.127.255.255", // carriers' NAT
	"127.0.0.0-127.255.255.255", // loopback
	"169.254.0.0-169.254.255.255", // link-local: clouds' metadata
	"172.16.0.0-172.31.255.255", // private
	"192.0.0.0-192.0.0.255", // protocol assignments
	"192.0.2.0-192.0.2.255", // documentation
	"192.88.99.0-192.88.99.255", // 6to4 relays
	"192.168.0.0-192.168.255.255", // private
	"198.18.0.0-198.19.255.255", // benchmarks
	"198.51.100.0-198.51.100.255", // documentation
	"203.0.113.0-203.0.113.255", // documentation
	"240.0.0.0-255.255.255.255", // reserved, broadcast
	// Not from "::" on, which coturn denies by itself: in a range that begins there it finds all of IPv4.
	"::1-::ffff:ffff:ffff", // loopback, IPv4-mapped and -compatible
	"64:ff9b::-64:ff9b:1:ffff:ffff:ffff:ffff:ffff", // NAT64
	"100::-100::ffff:ffff:ffff:ffff", // discard
	"2001::-2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", // protocol assignments, Teredo
	"2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", // documentation
	"2002::-2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", // 6to4
	"3fff::-3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", // documentation
	"5f00::-5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", // segment routing
	"fc00::-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", // private
	"fe80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", // link-local
	"fec0::-feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", // site-local
];

const denied = new BlockList();
for (const range of DENIED_PEERS) {
	const [from = "", to = ""] = range.split("-");
	denied.addRange(from, to, isIPv6(from) ? "ipv6" : "ipv4");
}

denied.addAddress("::", "ipv6");

/** Denied unless it is allowed by name. */
export function isDenied(address: string): boolean {
	return isIP(address) !== 0 && denied.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}

/** An address, or two with a dash between. */
export function isPeerRange(text: string): boolean {
	const ends = text.split("-");
	if (ends[0] === "::") return false;
	return ends.length <= 2 && ends.every((end) => isIP(end) !== 0 && isIP(end) === isIP(ends[0] ?? ""));
}
