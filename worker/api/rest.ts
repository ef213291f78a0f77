/** The REST API under `/v1`, described by OpenAPI from the schemas it checks with. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { cors } from "hono/cors";
import * as z from "zod";
import { requireApiAccess, requireRecorder } from "../auth/api.ts";
import { originAllowed } from "../auth/origin.ts";
import type { Env } from "../env.ts";
import { limitBody } from "./limits.ts";
import { archive } from "./resources/archive.ts";
import { effects } from "./resources/effects.ts";
import { events } from "./resources/events.ts";
import { iceServers } from "./resources/ice-servers.ts";
import { nodes } from "./resources/nodes.ts";
import { participants } from "./resources/participants.ts";
import { recordings } from "./resources/recordings.ts";
import { rooms } from "./resources/rooms.ts";
import { demoTokens, tokens } from "./resources/tokens.ts";
import { answer } from "./schemas.ts";
import { streamingRoutes } from "./whip/described.ts";

const health = createRoute({
	...{ method: "get", path: "/health", tags: ["Service"], security: [], operationId: "getHealth" },
	summary: "Whether the edge answers",
	responses: { 200: answer("It does", z.object({ status: z.literal("ok") })) },
});

/** What whoever recorded it may read as well. A room's name has nothing that a path needs to encode, and need not have. */
const RECORDED_FILE = /^\/v1\/rooms\/([^/%]+)\/recordings\/[^/]+\/files\/[^/]+$/;

export const rest = new OpenAPIHono<{ Bindings: Env }>();

rest.use(
	cors({
		origin: (origin, c) => (originAllowed(c.env, c.req.url, origin) ? origin : null),
		allowMethods: ["GET", "POST", "DELETE"],
		allowHeaders: ["Authorization", "Content-Type"],
		exposeHeaders: ["Location"],
		maxAge: 600,
	}),
	limitBody,
);

// Public: what is registered before the key is asked for.
rest.openapi(health, (c) => c.json({ status: "ok" as const }, 200));
rest.get("/openapi.json", (c) => c.json(description()));
rest.route("/", demoTokens);
// Asks for a key or for a token.
rest.route("/", iceServers);

rest.use(async (c, next) => {
	const authorization = c.req.header("authorization");
	const recorded = c.req.method === "GET" ? RECORDED_FILE.exec(c.req.path)?.[1] : undefined;
	if (recorded === undefined) await requireApiAccess(c.env, authorization);
	else await requireRecorder(c.env, authorization, recorded);
	await next();
});
rest.route("/", rooms);
rest.route("/", participants);
rest.route("/", effects);
rest.route("/", recordings);
rest.route("/", tokens);
rest.route("/", nodes);
rest.route("/", events);
rest.route("/", archive);

rest.openAPIRegistry.registerComponent("securitySchemes", "apiKey", {
	type: "http",
	scheme: "bearer",
	description:
		"The base64 text of AUTH_KEY or of one of API_KEYS, or a JWT signed with one of them (HS256, `kid`, audience `switchyard:api`).",
});

rest.openAPIRegistry.registerComponent("securitySchemes", "participant", {
	type: "http",
	scheme: "bearer",
	description: "A participant token, or the session token of `welcome`.",
});

for (const route of streamingRoutes) rest.openAPIRegistry.registerPath(route);

let made: ReturnType<typeof rest.getOpenAPI31Document> | undefined;

/** Made when first asked for: it costs more than an answer should. */
function description() {
	made ??= rest.getOpenAPI31Document({
		openapi: "3.1.0",
		info: {
			title: "Switchyard",
			version: "1",
			description:
				'Rooms, participants and their effects, recordings, tokens, media nodes and events. Errors are `{"error":{"code","message"}}`; codes are stable. Times are ms since 1970 unless said otherwise. Lists are paged: pass `next` as `cursor` until it is absent.',
		},
		servers: [{ url: "/v1" }],
		tags: [
			"Rooms",
			"Participants",
			"Effects",
			"Recordings",
			"Tokens",
			"Nodes",
			"Events",
			"Streaming",
			"DuckSoup",
			"Service",
		].map((name) => ({
			name,
		})),
	});
	return made;
}
