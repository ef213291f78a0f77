/** Who calls the Odoo API, and by which origin browsers reach this edge. */
import { publicOrigin } from "../../auth/origin.ts";
import type { Env } from "../../env.ts";

/** Any text turns it on, as in the original. Only behind a proxy that sets these headers itself. */
function behindProxy(env: Env): boolean {
	return Boolean(env.PROXY);
}

function forwarded(request: Request, what: "host" | "proto" | "for"): string | undefined {
	return request.headers.get(`x-forwarded-${what}`)?.split(",")[0] || undefined;
}

/** Channels belong to it. Cloudflare tells it truly; a self-hosted edge that nobody tells knows only one caller. */
export function remoteAddress(env: Env, request: Request): string {
	const told = behindProxy(env) ? forwarded(request, "for") : undefined;
	return told ?? request.headers.get("cf-connecting-ip") ?? "unknown";
}

export function callerOrigin(env: Env, request: Request): string {
	const origin = publicOrigin(env, request.url);
	if (!behindProxy(env)) return origin;
	const host = forwarded(request, "host");
	const proto = forwarded(request, "proto") === "https" ? "https" : "http";
	return host === undefined ? origin : `${proto}://${host}`;
}
