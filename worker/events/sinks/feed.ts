/** The feed: the share of it that the room is in keeps events for bridges and other consumers. */
import type { Env } from "../../env.ts";
import { feedOf } from "../feed/locate.ts";
import type { Sink } from "./sink.ts";

const MOST = 200;
const MOST_BYTES = 1_000_000;

export function feed(env: Env): Sink {
	return {
		name: "feed",
		label: "feed",
		most: MOST,
		mostBytes: MOST_BYTES,
		async deliver(events) {
			const [{ room } = { room: "" }] = events;
			await feedOf(env, room).append(
				room,
				events.map((event) => ({ seq: event.seq, body: JSON.stringify(event) })),
			);
			return "delivered";
		},
	};
}
