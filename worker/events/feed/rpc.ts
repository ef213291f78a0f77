/** What one Feed object, a share of the feed of all rooms, is asked. */
import type { ConsumerName } from "../../../shared/events.ts";

export interface FeedRpc {
	/** Events of one room in its order. Those that are there already, by their numbers, are not added again. */
	append(room: string, events: readonly { seq: number; body: string }[]): Promise<void>;
	/** In the order in which they came, after a position; `end` is where to go on. */
	read(page: { after: number; limit: number; room?: string }): Promise<{
		items: { position: number; at: number; body: string }[];
		end: number;
	}>;
	consumers(): Promise<{ last: number; consumers: ConsumerState[] }>;
	/** False: no such consumer. */
	forget(consumer: ConsumerName): Promise<boolean>;
}

export interface ConsumerState {
	name: ConsumerName;
	position: number;
	/** When it last acknowledged, ms; when it first came before it did. */
	ackedAt: number;
	connected: boolean;
}

/** Header that carries a `FeedGrant`, as `encodeURIComponent(JSON)`. */
export const FEED_GRANT_HEADER = "x-switchyard-feed-grant";

/** A consumer's socket, verified by the Worker. */
export interface FeedGrant {
	consumer: ConsumerName;
	/** A consumer that is new gets what is there already, or only what comes. */
	from: "oldest" | "now";
}
