/** Participant tokens: for back ends, and for the demo page where that is switched on. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { SwitchyardError } from "../../../shared/errors.ts";
import type { TokenCreated as Created } from "../../../shared/rest.ts";
import { Rights } from "../../../shared/tokens.ts";
import { publicOrigin } from "../../auth/origin.ts";
import { mintParticipantToken, type ParticipantGrant } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import { refuseInvalid } from "../errors.ts";
import { checkMetadata } from "../limits.ts";
import {
	answer,
	body,
	DemoTokenCreate,
	failures,
	publicFailures,
	RoomPath,
	secured,
	TokenCreate,
	TokenCreated,
} from "../schemas.ts";
import { openRoom } from "../sockets/visitor.ts";

const tags = ["Tokens"];
const DEMO_TOKEN_S = 600;

const create = createRoute({
	...{ method: "post", path: "/rooms/{room}/tokens", tags, security: secured, operationId: "createToken" },
	summary: "Mint a participant token",
	description:
		"Lets one identity into one room. The room need not exist. Rights left out have their defaults: everything but moderating. `expiresAt` is in ms since 1970.",
	request: { params: RoomPath, body: body(TokenCreate, true) },
	responses: { 201: answer("The token", TokenCreated), ...failures("bad_request", "bad_json", "too_large") },
});

const createDemo = createRoute({
	...{ method: "post", path: "/demo/tokens", tags, security: [], operationId: "createDemoToken" },
	summary: "Mint a token for the demo page",
	description: "Without a key, and only where DEMO is `true`.",
	request: { body: body(DemoTokenCreate, true) },
	responses: { 201: answer("The token", TokenCreated), ...publicFailures("bad_request", "bad_json", "not_found") },
});

export const tokens = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid }).openapi(create, async (c) => {
	const { identity, name, metadata, rights, region, ttl } = c.req.valid("json");
	checkMetadata(c.env, metadata);
	const { room } = c.req.valid("param");
	const grant = { room, identity, name, metadata, region, rights: Rights.parse(rights ?? {}), ttl };
	return c.json(await tokenFor(c.env, c.req.url, grant), 201);
});

export const demoTokens = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid }).openapi(
	createDemo,
	async (c) => {
		if (c.env.DEMO !== "true") throw new SwitchyardError("not_found", "the demo is switched off");
		const wish = c.req.valid("json");
		// What other protocols guard is not recorded by who proves nothing.
		const record = (await openRoom(c.env, wish.room)) === wish.room;
		const grant = { ...wish, rights: Rights.parse({ record }), ttl: DEMO_TOKEN_S };
		return c.json(await tokenFor(c.env, c.req.url, grant), 201);
	},
);

async function tokenFor(env: Env, requestUrl: string, grant: ParticipantGrant): Promise<Created> {
	const { token, expiresAt } = await mintParticipantToken(env, grant);
	const url = new URL(`/v1/rooms/${grant.room}/connect`, publicOrigin(env, requestUrl));
	url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
	return { token, url: url.href, expiresAt };
}
