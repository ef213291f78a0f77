/** A Cloudflare Queue, which keeps events for its consumer. */
import type { EventRecord } from "../../../shared/events.ts";
import type { Sink } from "./sink.ts";

/** The platform's limits: 100 messages and 256 KB a batch, 128 KB a message. */
const MOST = 100;
const MOST_BYTES = 240_000;

export function queue(target: Queue<EventRecord>): Sink {
	return {
		name: "queue",
		label: "queue",
		most: MOST,
		mostBytes: MOST_BYTES,
		async deliver(events) {
			await target.sendBatch(events.map((body) => ({ body, contentType: "json" as const })));
			return "delivered";
		},
	};
}
