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

/** Registers everything that is read from the node itself. The process' own (memory, event loop lag) come with it. */
export function observe(node: MediaNode, registry: Registry): void {
	collectDefaultMetrics({ register: registry });
	const registers = [registry];
	const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
		new Gauge({
			...{ name: `switchyard_${name}`, help, registers },
			async collect() {
				this.set(await read());
			},
		});
	const counter = (name: string, help: string, read: () => number | Promise<number>) =>
		new Counter({
			...{ name: `switchyard_${name}_total`, help, registers },
			async collect() {
				const value = await read();
				this.reset();
				this.inc(value);
			},
		});
	gauge("registered", "1 while the fleet knows this node", () => Number(node.registered));
	gauge("draining", "1 when no more assignments are taken", () => Number(node.draining));
	gauge("rooms", "Rooms served", () => node.links.size);
	gauge("links_open", "Rooms whose link is up", () => [...node.links.values()].filter(({ open }) => open).length);
	gauge("endpoints", "Participants served", async () => (await node.load()).endpoints);
	gauge("producers", "Tracks received", async () => (await node.load()).producers);
	gauge("consumers", "Tracks sent", async () => (await node.load()).consumers);
	gauge("receive_bits_per_second", "Received lately", async () => (await node.load()).bitrateIn);
	gauge("send_bits_per_second", "Sent lately", async () => (await node.load()).bitrateOut);
	counter("receive_bytes", "Received since start", async () => (await node.traffic()).in);
	counter("send_bytes", "Sent since start", async () => (await node.traffic()).out);
	gauge("workers", "Media workers running", () => node.workers.all.length);
	gauge(
		"worker_cpu_ratio",
		"Busy share of the cores, by media workers and pipelines",
		async () => (await node.load()).cpu,
	);
	counter("worker_deaths", "Media workers that died since start", () => node.workers.deaths);
	const { turn } = node;
	if (turn) {
		gauge("turn_up", "1 while the TURN server answers", () => Number(turn.up));
		counter("turn_restarts", "Starts of the TURN server after the first", () => turn.restarts);
	}
	const { recordings } = node;
	if (recordings) {
		gauge("recordings", "Recordings that are being written", () => recordings.writing);
		gauge("recordings_pending", "Written, and not yet where recordings are kept", () => recordings.pending);
		counter("recording_failures", "What failed in recording and is tried again", () => recordings.failures);
		counter("recordings_stored", "Files that have arrived", () => recordings.storedFiles);
		counter("recordings_stored_bytes", "Bytes of them", () => recordings.storedBytes);
	}
	new Gauge({
		...{
			name: "switchyard_worker_consumers",
			help: "Tracks sent by each media worker",
			labelNames: ["worker"],
			registers,
		},
		collect() {
			this.reset();
			for (const { index, consumers } of node.workers.all) this.set({ worker: index }, consumers);
		},
	});
}
