/** Prometheus metrics, read off the node when they are asked for. */
import { Counter, collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import type { MediaNode } from "../node.ts";

/** Outcomes of assignments, counted as they come. */
export class AssignmentCounter {
	readonly #counter: Counter<"outcome">;

	constructor(registry: Registry) {
		this.#counter = new Counter({
			name: "switchyard_assignments_total",
			help: "Assignments by outcome",
			labelNames: ["outcome"],
			registers: [registry],
		});
	}

	count(outcome: "accepted" | "refused"): void {
		this.#counter.inc({ outcome });
	}
}

/** Registers everything that is read from the node itself. */
export function observe(node: MediaNode, registry: Registry): void {
	collectDefaultMetrics({ register: registry });
	const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
		new Gauge({
			name: `switchyard_${name}`,
			help,
			registers: [registry],
			async collect() {
				this.set(await read());
			},
		});
	gauge("registered", "1 while the fleet knows this node", () => Number(node.registered));
	gauge("rooms", "Rooms served", () => node.links.size);
	gauge("links_open", "Rooms whose link is up", () => [...node.links.values()].filter(({ open }) => open).length);
	gauge("endpoints", "Participants served", async () => (await node.load()).endpoints);
	gauge("producers", "Tracks received", async () => (await node.load()).producers);
	gauge("consumers", "Tracks sent", async () => (await node.load()).consumers);
	gauge("bitrate_in_bps", "Bits per second received", async () => (await node.load()).bitrateIn);
	gauge("bitrate_out_bps", "Bits per second sent", async () => (await node.load()).bitrateOut);
	gauge("workers", "Media workers running", () => node.workers.all.length);
	gauge("worker_cpu_ratio", "Busy share of the media workers' cores", async () => (await node.load()).cpu);
	gauge("worker_deaths", "Media workers that died since start", () => node.workers.deaths);
}
