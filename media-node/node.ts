/** The node: its workers, its place in the fleet, the rooms it serves. */
import { Registry } from "prom-client";
import { CLOSE } from "../shared/close-codes.ts";
import type { NodeLoad } from "../shared/fleet.ts";
import type { Config } from "./config.ts";
import { Assignments } from "./link/assignments.ts";
import { FleetSocket } from "./link/fleet-socket.ts";
import { RoomLink } from "./link/room-link.ts";
import { HttpServer } from "./observability/http.ts";
import { LoadMeter } from "./observability/load.ts";
import { log } from "./observability/logger.ts";
import { AssignmentCounter, observe } from "./observability/metrics.ts";
import { Workers } from "./rtc/workers.ts";

export interface NodeEvents {
	onRegistered(node: MediaNode): void;
	onReplaced(): void;
}

export class MediaNode {
	readonly config: Config;
	readonly workers: Workers;
	/** By room: a node serves a room once, by its latest assignment. */
	readonly links = new Map<string, RoomLink>();
	draining = false;
	readonly #assignments: Assignments;
	readonly #meter: LoadMeter;
	readonly #fleet: FleetSocket;
	readonly #registry = new Registry();
	readonly #counter = new AssignmentCounter(this.#registry);
	#http: HttpServer | undefined;

	private constructor(config: Config, version: string, workers: Workers, events: NodeEvents) {
		this.config = config;
		this.workers = workers;
		this.#assignments = Assignments.fromEdge(config.id, config.edge);
		this.#meter = new LoadMeter(workers, this.links);
		observe(this, this.#registry);
		this.#fleet = new FleetSocket(config, version, this.#meter, {
			onRegistered: () => events.onRegistered(this),
			onReplaced: events.onReplaced,
			onAssignment: (token) => void this.#accept(token),
		});
	}

	static async start(config: Config, version: string, events: NodeEvents): Promise<MediaNode> {
		const workers = await Workers.start(config);
		const node = new MediaNode(config, version, workers, events);
		node.#http = await HttpServer.listen(node, node.#registry, config.httpAddress, config.httpPort);
		log.info({ http: node.#http.port, announced: config.announced, edge: config.edge }, "media node started");
		return node;
	}

	get registered(): boolean {
		return this.#fleet.registered;
	}

	/** Port of the health and metrics server. */
	get httpPort(): number | undefined {
		return this.#http?.port;
	}

	load(): Promise<NodeLoad> {
		return this.#meter.measure();
	}

	/** Bytes since start. */
	async traffic(): Promise<{ in: number; out: number }> {
		await this.load();
		return this.#meter.total;
	}

	/** Leaves the fleet and ends all media. */
	stop(): void {
		this.draining = true;
		this.#fleet.drain();
		for (const link of [...this.links.values()]) link.drop(CLOSE.goingAway);
		this.#fleet.stop();
		this.workers.close();
		this.#http?.close();
	}

	async #accept(token: string): Promise<void> {
		try {
			const claims = await this.#assignments.accept(token);
			if (this.draining) throw new Error("this node is stopping");
			// A later assignment of the same room fences what the earlier one granted.
			const earlier = this.links.get(claims.sub);
			if (earlier && earlier.epoch >= claims.epoch) throw new Error(`this node serves epoch ${earlier.epoch} already`);
			earlier?.drop();
			const link = new RoomLink(claims, token, this.workers, this.config, () => {
				if (this.links.get(claims.sub) === link) this.links.delete(claims.sub);
			});
			this.links.set(claims.sub, link);
			this.#counter.count("accepted");
		} catch (error) {
			this.#counter.count("refused");
			log.warn({ err: error }, "an assignment was refused");
		}
	}
}
