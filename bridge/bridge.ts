/** The edge's feed on one side, RabbitMQ on the other, and nothing kept in between. */
import { Counter, Gauge, Registry } from "prom-client";
import { EVENT_SHARDS } from "../shared/events.ts";
import type { Config } from "./config.ts";
import type { Log } from "./logger.ts";
import { Publisher } from "./publisher.ts";
import { Share } from "./share.ts";

/** What the broker is still to confirm gets so long at the end, ms. */
const FLUSH_MS = 5_000;

export class Bridge {
	readonly registry = new Registry();
	readonly #publisher: Publisher;
	readonly #shares: Share[];

	constructor(config: Config, log: Log, onEnd: () => void) {
		const registers = [this.registry];
		const published = new Counter({
			...{ name: "switchyard_events_published_total", registers, labelNames: ["type"] },
			help: "Events that the broker has confirmed",
		});
		const unroutable = new Counter({
			...{ name: "switchyard_events_unroutable_total", registers, labelNames: ["type"] },
			help: "Events that the broker dropped, since no queue is bound for them",
		});
		this.#publisher = new Publisher(config.broker, log, {
			onPublished: (type) => published.inc({ type }),
			onUnroutable: (type) => unroutable.inc({ type }),
		});
		const deliver = this.#publisher.publish.bind(this.#publisher);
		this.#shares = Array.from(
			{ length: EVENT_SHARDS },
			(_, shard) => new Share(shard, config, log, { deliver, onEnd }),
		);
		const { health } = this;
		new Gauge({
			...{ name: "switchyard_events_waiting", registers },
			help: "Events taken from the edge that the broker has not confirmed",
			collect() {
				this.set(health().waiting);
			},
		});
		new Gauge({
			...{ name: "switchyard_events_connected", registers, labelNames: ["to"] },
			help: "1 when connected",
			collect() {
				this.set({ to: "broker" }, Number(health().broker));
				this.set({ to: "edge" }, Number(health().edge));
			},
		});
	}

	readonly health = () => ({
		broker: this.#publisher.connected,
		edge: this.#shares.every(({ open }) => open),
		waiting: this.#publisher.waiting,
	});

	/** What the broker has is acknowledged; the rest comes again to the next one. */
	async stop(): Promise<void> {
		for (const share of this.#shares) share.pause();
		let timer: NodeJS.Timeout | undefined;
		const over = new Promise<void>((resolve) => {
			timer = setTimeout(resolve, FLUSH_MS);
		});
		await Promise.race([this.#publisher.flush(), over]);
		clearTimeout(timer);
		for (const share of this.#shares) share.stop();
		await this.#publisher.stop();
	}
}
