/** DuckSoup's addresses (docs/ducksoup.md), where it is on: sockets at `/ws`, its player, pages and catalogue. */
import type { Context, Handler } from "hono";
import { logServer } from "../../dialects/ducksoup/log.ts";
import type { Env } from "../../env.ts";
import { wantsSocket } from "../sockets/upgrade.ts";
import { keepAudioTest } from "./audio-test.ts";
import { openFeed, openSilentFeed } from "./feed.ts";
import { hasPrefix, hasStatistics, isOn, pageAllowed, pathBelow } from "./settings.ts";
import { connectPerson } from "./socket.ts";
import { askForPassword, developersCookie, isDeveloper, maySeeStatistics } from "./visitor.ts";

type C = Context<{ Bindings: Env }>;

/** Sent to participants before an experiment. */
const PUBLIC_PAGES = new Set(["/test/direct/", "/test/audio_direct/"]);
const DEVELOPERS_PAGES = new Set(["/test/mirror/", "/test/interaction/", "/test/play/", "/test/ice/"]);
const STATISTICS_PAGE = "/stats/";
/** As the documents call it, and as the original's player does; never below the prefix. */
const AUDIO_TEST = new Set(["/POST_audio_test", "/audio_test"]);

export const serveDucksoup: Handler<{ Bindings: Env }> = async (c, next) => {
	const { env } = c;
	const { path } = c.req;
	if (!isOn(env)) return /^\/(test|stats)\//.test(path) ? c.notFound() : next();
	if (AUDIO_TEST.has(path)) return keepAudioTest(c);
	const below = pathBelow(env, path);
	if (below === undefined) return isPage(path) ? c.notFound() : next();
	if (below === "/ws" && wantsSocket(c.req.raw)) return isOurs(c) ? connect(c) : next();
	if (c.req.method !== "GET" && c.req.method !== "HEAD") return next();
	if (PUBLIC_PAGES.has(below)) return asset(c, below);
	if (DEVELOPERS_PAGES.has(below)) return (await isDeveloper(c)) ? asset(c, below) : askForPassword();
	if (below === STATISTICS_PAGE) {
		if (!hasStatistics(env)) return c.notFound();
		if (!(await isDeveloper(c))) return askForPassword();
		const page = await asset(c, below);
		page.headers.append("Set-Cookie", await developersCookie(c));
		return page;
	}
	if (isPage(below) || (below === "/stats" && env.TALKSY !== "true")) return missing(c);
	if (/^\/(assets|config)\//.test(below)) return asset(c, below);
	return next();
};

/** What is below these is a page of ours, or nothing. */
function isPage(path: string): boolean {
	return path.startsWith("/test/") || path.startsWith("/stats/");
}

/**
 * Talksy has sockets at the same path. Its clients name a room or nothing, and those of DuckSoup the address of their
 * page, or `type=stats`. An address that had a query before has a second `?` in it.
 */
function isOurs(c: C): boolean {
	const { search } = new URL(c.req.url);
	if (hasPrefix(c.env) || c.env.TALKSY !== "true") return true;
	return /[?&](href=|type=stats\b)/.test(search);
}

async function connect(c: C): Promise<Response> {
	const { env } = c;
	const page = pageAllowed(env, c.req.raw);
	if (page === undefined) {
		const error = `origin ${c.req.header("origin") ?? "none"} is not allowed`;
		logServer(env, "error", "peer", "upgrade_websocket_failed", { error });
		return new Response("Forbidden", { status: 403 });
	}
	if (!/[?&]type=stats\b/.test(new URL(c.req.url).search)) return connectPerson(env, c.req.raw, page);
	if (!hasStatistics(env)) return openSilentFeed();
	return (await maySeeStatistics(c)) ? openFeed(env) : askForPassword();
}

/**
 * Of the Worker's static files, whatever the prefix. A path was decoded once, and is read again here: what would then
 * be another one (`..\`) is none, or it would lead to pages past their password.
 */
async function asset(c: C, path: string): Promise<Response> {
	const { ASSETS } = c.env;
	const url = new URL(path, c.req.url);
	const found = url.pathname === path && (await ASSETS?.fetch(new Request(url, c.req.raw)));
	if (!found || found.status === 404) return missing(c);
	return new Response(found.body, found);
}

function missing(c: C): Response | Promise<Response> {
	logServer(c.env, "info", "server", "not_found", { value: c.req.path });
	return c.notFound();
}
