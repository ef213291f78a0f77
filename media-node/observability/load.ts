/** How busy this node is: CPU of its media workers, what it carries, bits in and out. */
import type { NodeLoad } from "../../shared/fleet.ts";
import type { RoomLink } from "../link/room-link.ts";
import type { Workers } from "../rtc/workers.ts";
import { log } from "./logger.ts";

interface Sample {
	at: number;
	/** CPU time of the media workers, ms. */
	cpu: number;
	/** Bytes in and out since each endpoint began. */
	bytesIn: number;
	bytesOut: number;
}

/** Two measures closer together than this share one, ms. */
const FRESH_MS = 500;

export class LoadMeter {
	readonly #workers: Workers;
	readonly #links: ReadonlyMap<string, RoomLink>;
	#last: Sample = { at: performance.now(), cpu: 0, bytesIn: 0, bytesOut: 0 };
	#load: NodeLoad | undefined;

	constructor(workers: Workers, links: ReadonlyMap<string, RoomLink>) {
		this.#workers = workers;
		this.#links = links;
	}

	/** Rates are over the time since the last measure. */
	async measure(): Promise<NodeLoad> {
		if (this.#load && performance.now() - this.#last.at < FRESH_MS) return this.#load;
		const [cpu, traffic] = await Promise.all([this.#cpu(), this.#traffic()]);
		const at = performance.now();
		const before = this.#last;
		const ms = Math.max(1, at - before.at);
		this.#last = { at, cpu, ...traffic };
		const workers = Math.max(1, this.#workers.all.length);
		// A worker or endpoint that ended takes its past with it: never below nothing.
		const rate = (now: number, then: number) => Math.max(0, now - then) / ms;
		let endpoints = 0;
		let producers = 0;
		let consumers = 0;
		for (const { media } of this.#links.values()) {
			endpoints += media.endpoints.size;
			producers += media.producers;
			consumers += media.consumers;
		}
		this.#load = {
			cpu: Math.min(1, rate(cpu, before.cpu) / workers),
			rooms: this.#links.size,
			endpoints,
			producers,
			consumers,
			bitrateIn: Math.round(rate(traffic.bytesIn, before.bytesIn) * 8_000),
			bitrateOut: Math.round(rate(traffic.bytesOut, before.bytesOut) * 8_000),
			workers,
			workerDeaths: this.#workers.deaths,
		};
		return this.#load;
	}

	async #cpu(): Promise<number> {
		const usages = await Promise.allSettled(this.#workers.all.map(({ worker }) => worker.getResourceUsage()));
		return usages.reduce((sum, it) => sum + (it.status === "fulfilled" ? it.value.ru_utime + it.value.ru_stime : 0), 0);
	}

	async #traffic(): Promise<{ bytesIn: number; bytesOut: number }> {
		let bytesIn = 0;
		let bytesOut = 0;
		const transports = [...this.#links.values()].flatMap(({ media }) =>
			[...media.endpoints.values()].flatMap((it) => it.transports()),
		);
		const stats = await Promise.allSettled(transports.map((transport) => transport.getStats()));
		for (const it of stats) {
			if (it.status === "rejected") {
				log.debug({ err: it.reason }, "a transport closed while it was measured");
				continue;
			}
			for (const { bytesReceived, bytesSent } of it.value) {
				bytesIn += bytesReceived;
				bytesOut += bytesSent;
			}
		}
		return { bytesIn, bytesOut };
	}
}
