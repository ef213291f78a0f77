/**
 * Publishes events to RabbitMQ and says when the broker has them. Of each room one is on its way at a time: a broker
 * that refuses one (a full queue) has then got none of those behind it, and a connection that breaks leaves nothing in
 * doubt but each room's first. Those are published again, so that one may come twice, with the same message id.
 */
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from "amqplib";
import { Backoff } from "../media-node/link/backoff.ts";
import type { EventRecord } from "../shared/events.ts";
import type { Config } from "./config.ts";
import { liveEvent } from "./live-events.ts";
import type { Log } from "./logger.ts";

/** From dialing to an open connection, ms. */
const CONNECT_MS = 10_000;
/** A broker that says nothing for twice as long is gone, s. */
const HEARTBEAT_S = 10;
/** Before an event that the broker refused is tried again, ms. */
const REFUSED_MS = 500;
const NOT_FOUND = 404;

interface Waiting {
	event: EventRecord;
	confirmed: () => void;
}

export interface PublisherEvents {
	onPublished(type: string): void;
	/** No queue is bound for it, and so the broker drops it. */
	onUnroutable(type: string): void;
}

export class Publisher {
	readonly #config: Config["broker"];
	readonly #log: Log;
	readonly #events: PublisherEvents;
	readonly #backoff = new Backoff(250, 5_000);
	/** By room, oldest first; the first is on its way when there is a channel. */
	readonly #rooms = new Map<string, Waiting[]>();
	#connection: ChannelModel | undefined;
	#channel: ConfirmChannel | undefined;
	#redial: NodeJS.Timeout | undefined;
	#stopped = false;
	#onIdle: () => void = () => {};

	constructor(config: Config["broker"], log: Log, events: PublisherEvents) {
		this.#config = config;
		this.#log = log;
		this.#events = events;
		void this.#connect();
	}

	get connected(): boolean {
		return this.#channel !== undefined;
	}

	/** Events that the broker has not confirmed. */
	get waiting(): number {
		let sum = 0;
		for (const { length } of this.#rooms.values()) sum += length;
		return sum;
	}

	/** Resolves when the broker has it, however long that takes. In the order of the calls for a room. */
	publish(event: EventRecord): Promise<void> {
		return new Promise((confirmed) => {
			const queue = this.#rooms.get(event.room);
			if (queue) queue.push({ event, confirmed });
			else {
				this.#rooms.set(event.room, [{ event, confirmed }]);
				this.#send(event.room);
			}
		});
	}

	/** Resolves when the broker has all there is, or is not there. */
	async flush(): Promise<void> {
		if (this.#rooms.size > 0 && this.#channel) await new Promise<void>((resolve) => (this.#onIdle = resolve));
	}

	async stop(): Promise<void> {
		this.#stopped = true;
		clearTimeout(this.#redial);
		await this.#connection?.close().catch(() => {});
	}

	// ------------------------------------------------------------ publishing

	#send(room: string): void {
		const channel = this.#channel;
		const [first] = this.#rooms.get(room) ?? [];
		if (!channel || !first || this.#stopped) return;
		const { event } = first;
		try {
			channel.publish(
				this.#config.exchange,
				event.type,
				Buffer.from(JSON.stringify(liveEvent(event))),
				{
					...{ contentType: "application/json", persistent: true, mandatory: true, appId: "switchyard" },
					...{ messageId: event.id, timestamp: Math.floor(event.at / 1_000), type: event.type },
					headers: { room, seq: event.seq, at: event.at },
				},
				(error: unknown) => this.#confirmed(channel, room, first, error),
			);
		} catch (error) {
			// It closed between the check and the call, which its own events tell as well.
			this.#confirmed(channel, room, first, error);
		}
	}

	#confirmed(channel: ConfirmChannel, room: string, waiting: Waiting, error: unknown): void {
		if (!error) {
			const queue = this.#rooms.get(room) ?? [];
			queue.shift();
			if (queue.length === 0) this.#rooms.delete(room);
			this.#events.onPublished(waiting.event.type);
			waiting.confirmed();
			this.#send(room);
			if (this.#rooms.size === 0) this.#onIdle();
		} else {
			// A channel that closes fails all that is on it, before it says so; one that stays open has refused this one.
			queueMicrotask(() => this.#refused(channel, room, waiting));
		}
	}

	/** A queue that is full takes it later. Of a channel that is gone, the next one has all of it to send. */
	#refused(channel: ConfirmChannel, room: string, waiting: Waiting): void {
		if (channel !== this.#channel) return;
		this.#log.warn({ id: waiting.event.id }, "the broker refuses an event");
		setTimeout(() => {
			if (channel === this.#channel) this.#send(room);
		}, REFUSED_MS);
	}

	// ------------------------------------------------------------ the connection

	async #connect(): Promise<void> {
		const { hostname } = new URL(this.#config.url);
		let connection: ChannelModel | undefined;
		try {
			connection = await connect(withHeartbeat(this.#config.url), {
				timeout: CONNECT_MS,
				servername: hostname,
				clientProperties: { connection_name: "switchyard events bridge" },
			});
			this.#connection = connection;
			connection.on("error", (error) => this.#log.warn({ err: error }, "the broker's connection failed"));
			connection.on("blocked", (reason) => this.#log.warn({ reason }, "the broker takes nothing for now"));
			connection.on("unblocked", () => this.#log.info("the broker takes events again"));
			const opened = connection;
			connection.on("close", () => this.#down(opened));
			await this.#declare(connection);
			const channel = await connection.createConfirmChannel();
			channel.on("error", (error) => this.#log.warn({ err: error }, "the broker closed the channel"));
			channel.on("close", () => this.#down(opened));
			channel.on("return", ({ fields }) => this.#events.onUnroutable(fields.routingKey));
			// Closed while this was under way: its event has said so.
			if (this.#connection !== opened) return;
			this.#channel = channel;
			this.#backoff.reset();
			this.#log.info({ broker: hostname }, "connected to the broker");
			for (const room of this.#rooms.keys()) this.#send(room);
		} catch (error) {
			this.#log.warn({ err: error }, "no connection to the broker");
			this.#down(connection);
		}
	}

	/** Once for each connection, whatever of it ended. */
	#down(connection: ChannelModel | undefined): void {
		if (this.#connection !== connection) return;
		this.#connection = undefined;
		this.#channel = undefined;
		this.#onIdle();
		void connection?.close().catch(() => {});
		if (!this.#stopped) this.#redial = setTimeout(() => void this.#connect(), this.#backoff.next());
	}

	/** Exchange and queue as they are; made only where they are not, since others may have made them otherwise. */
	async #declare(connection: ChannelModel): Promise<void> {
		const { exchange, exchangeType, queue } = this.#config;
		await ensure(
			connection,
			(channel) => channel.checkExchange(exchange),
			(channel) => channel.assertExchange(exchange, exchangeType, { durable: true }),
		);
		if (queue === undefined) return;
		await ensure(
			connection,
			(channel) => channel.checkQueue(queue),
			(channel) => channel.assertQueue(queue, { durable: true }),
		);
		const channel = await connection.createChannel();
		await channel.bindQueue(queue, exchange, "#");
		await channel.close();
	}
}

/** A question about what is not there ends its channel (AMQP 0-9-1, exchange.declare, `passive`). */
async function ensure(
	connection: ChannelModel,
	check: (channel: Channel) => Promise<unknown>,
	make: (channel: Channel) => Promise<unknown>,
): Promise<void> {
	const channel = await connection.createChannel();
	channel.on("error", () => {});
	try {
		await check(channel);
	} catch (error) {
		if ((error as { code?: number }).code !== NOT_FOUND) throw error;
		const another = await connection.createChannel();
		await make(another);
		await another.close();
		return;
	}
	await channel.close();
}

function withHeartbeat(text: string): string {
	const url = new URL(text);
	if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", String(HEARTBEAT_S));
	return url.href;
}
