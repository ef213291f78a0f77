/** The Feed objects, which share the rooms by their names. */
import { EVENT_SHARDS } from "../../../shared/events.ts";
import { spread } from "../../directory/spread.ts";
import type { Env } from "../../env.ts";
import type { FeedRpc } from "./rpc.ts";

/** Which share a room's events are in. */
export function feedShard(room: string): number {
	return spread(room, EVENT_SHARDS);
}

export function feedAt(env: Env, shard: number): DurableObjectStub & FeedRpc {
	return env.FEED.getByName(`events-${shard}`) as unknown as DurableObjectStub & FeedRpc;
}

export function feedOf(env: Env, room: string): FeedRpc {
	return feedAt(env, feedShard(room));
}
