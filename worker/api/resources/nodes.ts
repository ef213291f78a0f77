/** `/v1/nodes`: the media nodes that are there, and credentials for new ones. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { SwitchyardError } from "../../../shared/errors.ts";
import { NodeId } from "../../../shared/ids.ts";
import { PageQuery } from "../../../shared/rest.ts";
import { mintNodeToken } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import { allFleets } from "../../fleet/locate.ts";
import { refuseInvalid } from "../errors.ts";
import { answer, body, failures, NodePage, NodePath, NodeTokenCreate, NodeTokenCreated, secured } from "../schemas.ts";

const tags = ["Nodes"];

const list = createRoute({
	...{ method: "get", path: "/nodes", tags, security: secured, operationId: "listNodes" },
	summary: "List media nodes",
	description: "Those that are connected and were heard from in the last seconds, by id, with their latest load.",
	request: { query: PageQuery },
	responses: { 200: answer("One page", NodePage), ...failures("bad_request") },
});

const createToken = createRoute({
	...{ method: "post", path: "/nodes/{node}/token", tags, security: secured, operationId: "createNodeToken" },
	summary: "Mint a node's credential",
	description: "Lets one process register as this node. Put it into the node's NODE_TOKEN.",
	request: { params: NodePath, body: body(NodeTokenCreate) },
	responses: { 201: answer("The token", NodeTokenCreated), ...failures("bad_request", "bad_json") },
});

export const nodes = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(list, async (c) => {
		const { limit, cursor } = c.req.valid("query");
		// The cursor is the last id of the page before.
		if (cursor !== undefined && !NodeId.safeParse(cursor).success) {
			throw new SwitchyardError("bad_request", "cursor: not one of this list");
		}
		const lists = await Promise.all(allFleets(c.env).map((fleet) => fleet.listNodes()));
		const rest = lists
			.flat()
			.sort((a, b) => (a.id < b.id ? -1 : 1))
			.filter((node) => cursor === undefined || node.id > cursor);
		const items = rest.slice(0, limit);
		return c.json({ items, next: rest.length > limit ? items.at(-1)?.id : undefined }, 200);
	})
	.openapi(createToken, async (c) => {
		const { region, ttl } = c.req.valid("json");
		return c.json(await mintNodeToken(c.env, { node: c.req.valid("param").node, region, ttl }), 201);
	});
