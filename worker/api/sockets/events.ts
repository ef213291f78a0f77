/** `GET /v1/events/connect?consumer=NAME&shard=N&from=oldest|now`: a consumer's socket to one share of the feed. */
import type { Context } from "hono";
import * as z from "zod";
import { SwitchyardError } from "../../../shared/errors.ts";
import { ConsumerName, EVENT_SHARDS, EVENTS_SUBPROTOCOL } from "../../../shared/events.ts";
import { requireApiAccess } from "../../auth/api.ts";
import type { Env } from "../../env.ts";
import { feedAt } from "../../events/feed/locate.ts";
import { FEED_GRANT_HEADER, type FeedGrant } from "../../events/feed/rpc.ts";
import { eventSettings } from "../../events/settings.ts";
import { requireProtocol, requireUpgrade, withGrant } from "./upgrade.ts";

const Query = z.object({
	consumer: ConsumerName,
	shard: z.coerce
		.number()
		.int()
		.min(0)
		.max(EVENT_SHARDS - 1),
	from: z.enum(["oldest", "now"]).default("oldest"),
});

export async function connectConsumer(c: Context<{ Bindings: Env }, "/v1/events/connect">): Promise<Response> {
	const request = c.req.raw;
	requireUpgrade(request);
	requireProtocol(request, EVENTS_SUBPROTOCOL);
	await requireApiAccess(c.env, c.req.header("authorization"));
	if (!eventSettings(c.env).feed) throw new SwitchyardError("not_found", "the feed is off: EVENT_FEED is not true");
	const query = Query.safeParse(c.req.query());
	if (!query.success) throw SwitchyardError.fromZod(query.error);
	const { shard, ...grant } = query.data;
	return feedAt(c.env, shard).fetch(withGrant(request, FEED_GRANT_HEADER, grant satisfies FeedGrant));
}
