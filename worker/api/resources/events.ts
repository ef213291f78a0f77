/** `/v1/events`: the feed of all rooms, and who reads it. */
import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { SwitchyardError } from "../../../shared/errors.ts";
import { EventsQuery } from "../../../shared/rest.ts";
import type { Env } from "../../env.ts";
import { forgetConsumer, listConsumers, readEvents } from "../../events/feed/pages.ts";
import { eventSettings } from "../../events/settings.ts";
import { refuseInvalid } from "../errors.ts";
import { answer, ConsumerPath, EventConsumerList, EventPage, failures, secured } from "../schemas.ts";

const tags = ["Events"];

const read = createRoute({
	...{ method: "get", path: "/events", tags, security: secured, operationId: "readEvents" },
	summary: "Read events",
	description:
		"In the order of each room. Pass `cursor` as `after` to go on, also when a page was empty: what came since is on the next one. Where `EVENT_FEED` is not `true`, there is none.",
	request: { query: EventsQuery },
	responses: { 200: answer("One page", EventPage), ...failures("bad_request", "not_found") },
});

const list = createRoute({
	...{ method: "get", path: "/events/consumers", tags, security: secured, operationId: "listEventConsumers" },
	summary: "List consumers of the feed",
	responses: { 200: answer("All of them", EventConsumerList), ...failures("not_found") },
});

const remove = createRoute({
	...{
		method: "delete",
		path: "/events/consumers/{consumer}",
		tags,
		security: secured,
		operationId: "deleteEventConsumer",
	},
	summary: "Forget a consumer",
	description: "Its sockets are closed with 4002. One that comes again under its name begins anew.",
	request: { params: ConsumerPath },
	responses: { 204: { description: "Forgotten" }, ...failures("bad_request", "not_found") },
});

export const events = new OpenAPIHono<{ Bindings: Env }>({ defaultHook: refuseInvalid })
	.openapi(read, async (c) => {
		requireFeed(c.env);
		return c.json(await readEvents(c.env, c.req.valid("query")), 200);
	})
	.openapi(list, async (c) => {
		requireFeed(c.env);
		return c.json({ items: await listConsumers(c.env) }, 200);
	})
	.openapi(remove, async (c) => {
		requireFeed(c.env);
		await forgetConsumer(c.env, c.req.valid("param").consumer);
		return c.body(null, 204);
	});

function requireFeed(env: Env): void {
	if (!eventSettings(env).feed) throw new SwitchyardError("not_found", "the feed is off: EVENT_FEED is not true");
}
