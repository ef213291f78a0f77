/** Who calls the Odoo API, and by which origin browsers reach this edge. */
import * as z from "zod";
import { publicOrigin } from "../../auth/origin.ts";
import type { Env } from "../../env.ts";

/** Any text turns it on, as in the original. Only behind a proxy that sets these headers itself. */
function behindProxy(env: Env): boolean {
	return Boolean(env.PROXY);
}

function forwarded(request: Request, what: "host" | "proto" | "for"): string | undefined {
	return request.headers.get(`x-forwarded-${what}`)?.split(",")[0] || undefined;
}

/** What plain workerd says of a socket's other end, with its port. Cloudflare says nothing here. */
const Peer = z.object({ clientIp: z.string() });
const HOST = /^\[?(?:::ffff:)?(.+?)\]?:\d+$/;

/**
 * Channels belong to it. Where workerd sees the caller itself, the header that Cloudflare sets could be anybody's. One
 * that came over a socket without an address is the only one there is.
 */
export function remoteAddress(env: Env, request: Request): string {
	const told = behindProxy(env) ? forwarded(request, "for") : undefined;
	const peer = HOST.exec(Peer.safeParse(request.cf).data?.clientIp ?? "")?.[1];
	return told ?? peer ?? request.headers.get("cf-connecting-ip") ?? "unknown";
}

export function callerOrigin(env: Env, request: Request): string {
	const origin = publicOrigin(env, request.url);
	if (!behindProxy(env)) return origin;
	const host = forwarded(request, "host");
	const proto = forwarded(request, "proto") === "https" ? "https" : "http";
	return host === undefined ? origin : `${proto}://${host}`;
}
