/** Who may see the developers' pages, and the statistics that they show. */
import type { Context } from "hono";
import { generateSignedCookie, getSignedCookie } from "hono/cookie";
import { auth } from "hono/utils/basic-auth";
import { timingSafeEqual } from "hono/utils/buffer";
import type { Env } from "../../env.ts";

type C = Context<{ Bindings: Env }>;

const COOKIE = "ducksoup_statistics";
const COOKIE_SECONDS = 43_200;

/** By Basic authentication. Where no password is set nobody is: one that everybody knows is none. */
export async function isDeveloper(c: C): Promise<boolean> {
	const { DUCKSOUP_TEST_LOGIN: login = "", DUCKSOUP_TEST_PASSWORD: password = "" } = c.env;
	const shown = auth(c.req.raw);
	if (!shown || login === "" || password === "") return false;
	// Hashes are compared, and both, so that the time taken tells nothing.
	const [sameLogin, samePassword] = await Promise.all([
		timingSafeEqual(login, shown.username),
		timingSafeEqual(password, shown.password),
	]);
	return sameLogin && samePassword;
}

export function askForPassword(): Response {
	const headers = { "WWW-Authenticate": 'Basic realm="restricted", charset="UTF-8"' };
	return new Response("Unauthorized", { status: 401, headers });
}

/** A page cannot send its password with a socket: who was shown the statistics page gets a cookie for that. */
export function developersCookie(c: C): Promise<string> {
	const until = Date.now() + COOKIE_SECONDS * 1_000;
	return generateSignedCookie(COOKIE, String(until), secretOf(c.env), {
		...{ httpOnly: true, sameSite: "Strict", path: "/", maxAge: COOKIE_SECONDS },
		secure: new URL(c.req.url).protocol === "https:",
	});
}

export async function maySeeStatistics(c: C): Promise<boolean> {
	const until = await getSignedCookie(c, secretOf(c.env), COOKIE);
	return (typeof until === "string" && Number(until) > Date.now()) || isDeveloper(c);
}

/** One of its own, so that what it signs is good for nothing else; new with each password. */
function secretOf({ AUTH_KEY, DUCKSOUP_TEST_PASSWORD }: Env): string {
	return `ducksoup statistics ${AUTH_KEY} ${DUCKSOUP_TEST_PASSWORD ?? ""}`;
}
