/** How busy this node is: CPU of its media workers and of its pipelines, what it carries, bits in and out. */
import type { WebRtcTransport, Worker } from "mediasoup/types";
import type { NodeLoad } from "../../shared/fleet.ts";
import { pipelinesUsed } from "../gst/usage.ts";
import type { RoomLink } from "../link/room-link.ts";
import type { Workers } from "../rtc/workers.ts";
import type { TurnServer } from "../turn/turn-server.ts";
import { Capacity } from "./capacity.ts";
import { datagrams } from "./datagrams.ts";

/** Two measures closer together than this share one, ms. */
const FRESH_MS = 500;

export class LoadMeter {
	readonly #workers: Workers;
	readonly #links: ReadonlyMap<string, RoomLink>;
	readonly #turn: TurnServer | undefined;
	/** What each had used when it was looked at last: CPU, ms; bytes. */
	readonly #cpu = new WeakMap<Worker, number>();
	readonly #bytes = new WeakMap<WebRtcTransport, { in: number; out: number }>();
	readonly #capacity = new Capacity();
	#datagrams: number | undefined;
	#at = performance.now();
	#load: Promise<NodeLoad> | undefined;
	/** Bytes since start. */
	readonly total = { in: 0, out: 0 };

	constructor(workers: Workers, links: ReadonlyMap<string, RoomLink>, turn?: TurnServer) {
		this.#workers = workers;
		this.#links = links;
		this.#turn = turn;
	}

	/** Rates are over the time since the last measure. */
	measure(): Promise<NodeLoad> {
		const ms = performance.now() - this.#at;
		if (!this.#load || ms >= FRESH_MS) {
			this.#at += ms;
			this.#load = this.#measure(Math.max(1, ms));
		}
		return this.#load;
	}

	async #measure(ms: number): Promise<NodeLoad> {
		const [media, pipelines, bytes, packets] = await Promise.all([
			this.#cpuSince(),
			pipelinesUsed(),
			this.#bytesSince(),
			this.#packetsSince(),
		]);
		this.total.in += bytes.in;
		this.total.out += bytes.out;
		const rooms = [...this.#links.values()].map(({ media }) => media);
		const sum = (count: (room: (typeof rooms)[number]) => number) => rooms.reduce((n, room) => n + count(room), 0);
		const workers = Math.max(1, this.#workers.all.length);
		const cpu = Math.min(1, (media + pipelines) / ms / workers);
		const consumers = sum((room) => room.consumers);
		return {
			cpu,
			rooms: rooms.length,
			endpoints: sum(({ endpoints }) => endpoints.size),
			producers: sum(({ tracks }) => tracks.size),
			consumers,
			// What effects and recordings cost says nothing of what a consumer does.
			capacity: this.#capacity.estimate({ cpu: Math.min(1, media / ms / workers), consumers }),
			packetsPerSecond: packets === undefined ? undefined : Math.round((packets * 1_000) / ms),
			bitrateIn: Math.round((bytes.in * 8_000) / ms),
			bitrateOut: Math.round((bytes.out * 8_000) / ms),
			workers,
			workerDeaths: this.#workers.deaths,
			turn: this.#turn?.up,
		};
	}

	async #cpuSince(): Promise<number> {
		const used = await Promise.all(
			this.#workers.all.map(async ({ worker }) => {
				// A worker that dies while it is asked used nothing.
				const usage = await worker.getResourceUsage().catch(() => undefined);
				if (!usage) return 0;
				const now = usage.ru_utime + usage.ru_stime;
				// Its start is not load: of a worker that is seen first, nothing counts.
				const before = this.#cpu.get(worker) ?? now;
				this.#cpu.set(worker, now);
				return now - before;
			}),
		);
		return used.reduce((a, b) => a + b, 0);
	}

	async #packetsSince(): Promise<number | undefined> {
		const before = this.#datagrams;
		this.#datagrams = await datagrams();
		return before === undefined || this.#datagrams === undefined ? undefined : Math.max(0, this.#datagrams - before);
	}

	/** What an endpoint carried between the last look at it and its end is not seen. */
	async #bytesSince(): Promise<{ in: number; out: number }> {
		const transports = [...this.#links.values()].flatMap(({ media }) =>
			[...media.endpoints.values()].flatMap((endpoint) => endpoint.transports()),
		);
		const sum = { in: 0, out: 0 };
		await Promise.all(
			transports.map(async (transport) => {
				const [stat] = await transport.getStats().catch(() => []);
				if (!stat) return;
				const before = this.#bytes.get(transport) ?? { in: 0, out: 0 };
				sum.in += stat.bytesReceived - before.in;
				sum.out += stat.bytesSent - before.out;
				this.#bytes.set(transport, { in: stat.bytesReceived, out: stat.bytesSent });
			}),
		);
		return sum;
	}
}
