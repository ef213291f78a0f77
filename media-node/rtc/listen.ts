import { isIPv6 } from "node:net";

/** Where a socket is bound whose address is told as `announced`: everywhere is of one family only, which is that address's. */
export function bindingOf(listenAddress: string, announced: string): string {
	return listenAddress === "0.0.0.0" && isIPv6(announced) ? "::" : listenAddress;
}
