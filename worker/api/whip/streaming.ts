/** WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): publishing and watching over HTTP, with bearer tokens (docs/whip.md). */
import { Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { SDP_TYPE } from "../../../shared/whip.ts";
import { bearerOf } from "../../auth/api.ts";
import { originAllowed } from "../../auth/origin.ts";
import { verifyClientToken } from "../../auth/tokens.ts";
import { type Protocol, WHEP, WHIP } from "../../dialects/whip/calls.ts";
import type { Env } from "../../env.ts";
import { iceServersFor } from "../../ice/ice-servers.ts";
import { limitBody } from "../limits.ts";
import { placed } from "../sockets/place.ts";
import { type HttpContext, roomOf } from "./caller.ts";
import { begin } from "./endpoint.ts";
import { addStream, chooseLayer, endStream, listen } from "./extensions.ts";
import { iceLinks } from "./links.ts";
import { Problem, problemResponse } from "./problem.ts";
import { end, look, patch } from "./session.ts";

type Handler = (c: HttpContext) => Response | Promise<Response>;

const METHODS = ["GET", "POST", "PATCH", "DELETE", "OPTIONS"];

export const streaming = new Hono<{ Bindings: Env }>();

streaming.onError(problemResponse);

/** Around CORS, whose answer to OPTIONS is not all that these protocols say. */
const answerOptions: MiddlewareHandler<{ Bindings: Env }> = async (c, next) => {
	await next();
	if (c.req.method !== "OPTIONS") return;
	c.res = new Response(null, { status: 200, headers: c.res.headers });
	c.header("Accept-Post", SDP_TYPE);
	c.header("Access-Control-Allow-Methods", METHODS.join(", "));
	if (c.req.header("access-control-request-method") === undefined) await tellIceServers(c);
};

const allowPages = cors({
	origin: (origin, c) => (originAllowed(c.env, c.req.url, origin) ? origin : null),
	allowMethods: METHODS,
	// `ETag` is no request header, and clients exist that send it.
	allowHeaders: ["Authorization", "Content-Type", "If-Match", "ETag", "Link"],
	exposeHeaders: [
		...["Location", "Link", "ETag", "Retry-After", "Accept-Post", "Accept-Patch"],
		"Access-Control-Allow-Methods",
	],
	maxAge: 600,
});

/** RFC 9725 section 4.6: for clients that must know them before they offer. Credentials are for who has a token. */
async function tellIceServers(c: HttpContext): Promise<void> {
	const authorization = c.req.header("authorization");
	if (authorization === undefined) return;
	const room = roomOf(c);
	const { claims } = await verifyClientToken(c.env, bearerOf(authorization), room);
	const place = placed(c.env, c.req.raw, claims.region);
	const { iceServers } = await iceServersFor(c.env, { who: [room, claims.sub], place });
	for (const link of iceLinks(iceServers)) c.header("Link", link, { append: true });
}

/** A path's methods; others are kept for later versions of the protocols. */
function resource(path: string, handlers: Partial<Record<"GET" | "POST" | "PATCH" | "DELETE", Handler>>): void {
	for (const [method, handler] of Object.entries(handlers)) streaming.on(method, path, handler);
	streaming.all(path, (c) => {
		c.header("Allow", [...Object.keys(handlers), "OPTIONS"].join(", "));
		throw Problem.of(405, "bad_request", `no ${c.req.method} here`);
	});
}

for (const protocol of [WHIP, WHEP] satisfies Protocol[]) {
	streaming.use(`/rooms/:room/${protocol}/*`, answerOptions, allowPages, limitBody);
	resource(`/rooms/:room/${protocol}`, { GET: (c) => c.body(null, 204), POST: (c) => begin(c, protocol) });
	resource(`/rooms/:room/${protocol}/:session`, {
		GET: (c) => look(c, protocol),
		PATCH: (c) => patch(c, protocol),
		DELETE: (c) => end(c, protocol),
	});
}
resource("/rooms/:room/whep/:session/layer", { POST: chooseLayer, DELETE: chooseLayer });
resource("/rooms/:room/whep/:session/sse", { GET: listen, POST: addStream });
resource("/rooms/:room/whep/:session/sse/:stream", { GET: listen, DELETE: endStream });
