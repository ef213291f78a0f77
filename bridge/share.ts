/**
 * One share of the edge's feed: takes what comes, hands it on in its order, and acknowledges what is done up to the
 * first that is not. The edge keeps how far that is, so that a bridge that was killed begins there again.
 */

import { type Down, EdgeSocket } from "../media-node/link/socket.ts";
import { CLOSE } from "../shared/close-codes.ts";
import { EVENTS_SUBPROTOCOL, type EventRecord, type FeedAck, FeedFrame } from "../shared/events.ts";
import type { Config } from "./config.ts";
import type { Log } from "./logger.ts";

const HEARTBEAT_MS = 5_000;
/** Acknowledgements wait for each other so long, ms: each is a row for the edge. */
const ACK_MS = 100;

interface Taken {
	position: number;
	done: boolean;
}

export interface ShareOptions {
	/** Resolves when the event is where it belongs. */
	deliver(event: EventRecord): Promise<void>;
	/** This bridge cannot go on. */
	onEnd(): void;
}

export class Share {
	readonly shard: number;
	readonly #options: ShareOptions;
	readonly #log: Log;
	readonly #socket: EdgeSocket;
	/** Which log the positions are of. */
	#of = "";
	#received = 0;
	#done = 0;
	#taken: Taken[] = [];
	#timer: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(shard: number, { edge, consumer, from, apiKey }: Config, log: Log, options: ShareOptions) {
		this.shard = shard;
		this.#options = options;
		this.#log = log;
		const query = new URLSearchParams({ consumer, from, shard: String(shard) });
		const url = `${edge.replace(/^http/, "ws")}/v1/events/connect?${query}`;
		this.#socket = new EdgeSocket({
			target: () => ({ url, token: apiKey }),
			subprotocol: EVENTS_SUBPROTOCOL,
			heartbeatMs: HEARTBEAT_MS,
			heartbeatsMissed: 2,
			onOpen: () => {},
			onText: (text) => this.#receive(text),
			onDown: (how) => this.#down(how),
		});
	}

	get open(): boolean {
		return this.#socket.open;
	}

	/** Takes nothing more. What was taken can still be acknowledged. */
	pause(): void {
		this.#stopped = true;
	}

	/** Acknowledges what is done, and ends. */
	stop(): void {
		this.#stopped = true;
		this.#acknowledge();
		this.#socket.stop();
	}

	#receive(text: string): void {
		const { data: frame, error } = FeedFrame.safeParse(JSON.parse(text));
		if (!frame) {
			// Going on would lose it; the next version of this bridge may read it.
			this.#log.fatal({ err: error }, "the edge says what this bridge does not understand");
			this.#stopped = true;
			this.#options.onEnd();
			return;
		}
		switch (frame.type) {
			case "hello":
				this.#begin(frame.log, frame.position);
				return;
			case "events":
				for (const { position, event } of frame.events) this.#take(position, event);
				return;
			default:
				frame satisfies never;
		}
	}

	/** What is on its way from before is still good, unless the feed's storage is another one. */
	#begin(log: string, position: number): void {
		if (this.#of !== log) {
			this.#of = log;
			this.#taken = [];
			this.#received = position;
			this.#done = position;
		}
		this.#received = Math.max(this.#received, position);
		// The last acknowledgement may not have arrived.
		if (this.#done > position) this.#acknowledgeSoon();
	}

	#take(position: number, event: EventRecord): void {
		if (this.#stopped || position <= this.#received) return;
		this.#received = position;
		const taken: Taken = { position, done: false };
		this.#taken.push(taken);
		void this.#options.deliver(event).then(() => {
			taken.done = true;
			this.#settle();
		});
	}

	#settle(): void {
		let settled = 0;
		while (this.#taken[settled]?.done) settled++;
		if (settled === 0) return;
		this.#done = this.#taken[settled - 1]?.position ?? this.#done;
		this.#taken.splice(0, settled);
		this.#acknowledgeSoon();
	}

	#acknowledgeSoon(): void {
		this.#timer ??= setTimeout(() => this.#acknowledge(), ACK_MS);
	}

	/** Without a socket it is said when there is one again. */
	#acknowledge(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#done > 0) this.#socket.send({ type: "ack", position: this.#done } satisfies FeedAck);
	}

	#down({ code, status, reason }: Down): boolean {
		if (code === CLOSE.replaced) {
			this.#log.error("another bridge reads under this name: give each a CONSUMER of its own");
			this.#options.onEnd();
			return false;
		}
		// 404: the feed is off; 401: not a key of this edge. Both can be mended there.
		this.#log.warn({ shard: this.shard, code, status, reason }, "no socket to the feed");
		return true;
	}
}
