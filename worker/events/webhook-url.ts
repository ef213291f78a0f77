/**
 * Where a webhook may go: to the public internet over TLS, so that nobody who may name one can reach the edge's own
 * network through it. Names that resolve to private addresses are the platform's to refuse, which it does
 * (docs/events.md).
 */
import ipaddr from "ipaddr.js";

/** Names that are never public: RFC 6761, 6762, 8375, 9476, and ICANN's `internal`. */
const LOCAL = ["localhost", "local", "internal", "home.arpa", "test", "invalid", "onion", "alt", "lan", "intranet"];

/** Why a URL will not do, or undefined. */
export function refusalOf(text: string, allowPrivate: boolean): string | undefined {
	const url = URL.parse(text);
	if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) return "must be an https URL";
	if (url.username !== "" || url.password !== "") return "must not have a user or password";
	if (allowPrivate) return undefined;
	if (url.protocol !== "https:") return "must be an https URL";
	// The parser has turned every way to write an IPv4 address (octal, one number, full-width digits) into the one.
	const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
	if (ipaddr.isValid(host)) {
		return isPublic(host) ? undefined : "must not be a private, loopback, link-local or reserved address";
	}
	if (!host.includes(".") || LOCAL.some((name) => host === name || host.endsWith(`.${name}`))) {
		return "must have a public host name";
	}
	return undefined;
}

/** An IPv4 address that an IPv6 one maps is looked at as such; of the others, only 2000::/3 is given out at all. */
function isPublic(text: string): boolean {
	const address = ipaddr.process(text);
	if (address.range() !== "unicast") return false;
	return address.kind() === "ipv4" || (address.toByteArray()[0] ?? 0) >> 5 === 1;
}
