/** DuckSoup's variables, read for each request. */
import { DUCKSOUP_ROOM_PREFIX } from "../../../shared/ducksoup.ts";
import type { Env } from "../../env.ts";

/** Pages that a developer's own server on this machine may have. */
const DEVELOPMENT_ORIGINS = ["http://localhost:8180", "http://localhost:8100"];
const LOCAL_HOSTS = new Set(["localhost", "127.0.0.1", "[::1]"]);

function isDevelopment(env: Env): boolean {
	return env.DUCKSOUP_MODE === "DEV";
}

function listOf(text: string | undefined): string[] {
	return (text ?? "").split(",").flatMap((entry) => entry.trim() || []);
}

export function isOn(env: Env): boolean {
	return isDevelopment(env) || listOf(env.DUCKSOUP_ALLOWED_WS_ORIGINS).length > 0;
}

/** Character by character; without an origin nobody. */
export function pageAllowed(env: Env, request: Request): string | undefined {
	const origin = request.headers.get("origin") ?? "";
	if (listOf(env.DUCKSOUP_ALLOWED_WS_ORIGINS).includes(origin)) return origin;
	if (!isDevelopment(env)) return undefined;
	const own = new URL(request.url);
	const local = LOCAL_HOSTS.has(own.hostname) ? [own.origin, `http://localhost:${own.port || 80}`] : [];
	return [...local, ...DEVELOPMENT_ORIGINS].includes(origin) ? origin : undefined;
}

/** Without a slash at its end. */
function prefixOf(env: Env): string {
	const prefix = (env.DUCKSOUP_WEB_PREFIX ?? "").replace(/\/+$/, "");
	return prefix === "" || prefix.startsWith("/") ? prefix : `/${prefix}`;
}

/** The path below the prefix; undefined where it is not. */
export function pathBelow(env: Env, path: string): string | undefined {
	const prefix = prefixOf(env);
	return path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : undefined;
}

export function hasPrefix(env: Env): boolean {
	return prefixOf(env) !== "";
}

export function hasStatistics(env: Env): boolean {
	return env.DUCKSOUP_GENERATE_STATS !== "false";
}

/** STUN servers that clients are told of. */
export function stunUrls(env: Env): string[] {
	return listOf(env.DUCKSOUP_STUN_SERVER_URLS || env.DUCKSOUP_ICE_SERVERS).filter((url) => url !== "false");
}

/** The room of an interaction: the same name on pages of another origin is another one. */
export async function roomOf(page: string, { namespace, name }: { namespace: string; name: string }): Promise<string> {
	const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(page));
	const of = Array.from(new Uint8Array(hash, 0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
	return `${DUCKSOUP_ROOM_PREFIX}${namespace}:${name}:${of}`;
}
