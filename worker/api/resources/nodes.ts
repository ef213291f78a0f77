/** `/v1/nodes`: the media nodes that are there, and credentials for new ones. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { SwitchyardError } from "../../../shared/errors.ts";
import { NodeId } from "../../../shared/ids.ts";
import { type Node as NodeView, PageQuery } from "../../../shared/rest.ts";
import { mintNodeToken } from "../../auth/tokens.ts";
import type { Env } from "../../env.ts";
import { wholeFleet } from "../../fleet/locate.ts";
import type { Result } from "../../room/rpc.ts";
import { refuseInvalid } from "../errors.ts";
import {
	answer,
	body,
	failures,
	Node,
	NodeDrain,
	NodePage,
	NodePath,
	NodeTokenCreate,
	NodeTokenCreated,
	secured,
} from "../schemas.ts";

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

const startDrain = createRoute({
	...{ method: "post", path: "/nodes/{node}/drain", tags, security: secured, operationId: "drainNode" },
	summary: "Drain a node",
	description:
		"It gets no new rooms, and those it serves are moved to others until the deadline. Doing it again sets a new deadline.",
	request: { params: NodePath, body: body(NodeDrain) },
	responses: { 200: answer("The node", Node), ...failures("bad_request", "bad_json", "not_found") },
});

const endDrain = createRoute({
	...{ method: "delete", path: "/nodes/{node}/drain", tags, security: secured, operationId: "undrainNode" },
	summary: "Call a drain off",
	description: "Rooms that have not moved yet stay. `conflict`: the node was told to stop itself (SIGTERM).",
	request: { params: NodePath },
	responses: { 200: answer("The node", Node), ...failures("bad_request", "not_found", "conflict") },
});

function found(result: Result<NodeView>): NodeView {
	if (result.ok) return result.value;
	throw new SwitchyardError(result.error.code, result.error.message);
}

export const nodes = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(list, async (c) => {
		const { limit, cursor } = c.req.valid("query");
		// The cursor is the last id of the page before.
		if (cursor !== undefined && !NodeId.safeParse(cursor).success) {
			throw new SwitchyardError("bad_request", "cursor: not one of this list");
		}
		const all = await wholeFleet(c.env).listNodes();
		const rest = all.filter((node) => cursor === undefined || node.id > cursor);
		const items = rest.slice(0, limit);
		return c.json({ items, next: rest.length > limit ? items.at(-1)?.id : undefined }, 200);
	})
	.openapi(startDrain, async (c) => {
		const { node } = c.req.valid("param");
		// Without a body nothing was parsed, and there are no defaults yet.
		const { deadlineSeconds, exit } = NodeDrain.parse(c.req.valid("json"));
		const drain = { deadlineMs: deadlineSeconds * 1_000, exit };
		return c.json(found(await wholeFleet(c.env).drain(node, drain)), 200);
	})
	.openapi(endDrain, async (c) => {
		const { node } = c.req.valid("param");
		return c.json(found(await wholeFleet(c.env).undrain(node)), 200);
	})
	.openapi(createToken, async (c) => {
		const { region, ttl } = c.req.valid("json");
		return c.json(await mintNodeToken(c.env, { node: c.req.valid("param").node, region, ttl }), 201);
	});
