/** The node: its workers, its place in the fleet, the rooms it serves. */
import { Registry } from "prom-client";
import { CLOSE } from "../shared/close-codes.ts";
import type { NodeLoad } from "../shared/fleet.ts";
import type { Config } from "./config.ts";
import { prepare } from "./effects/available.ts";
import { spares } from "./gst/spares.ts";
import { Assignments } from "./link/assignments.ts";
import { FleetSocket } from "./link/fleet-socket.ts";
import { RoomLeft } from "./link/room-left.ts";
import { RoomLink } from "./link/room-link.ts";
import { HttpServer } from "./observability/http.ts";
import { LoadMeter } from "./observability/load.ts";
import { log } from "./observability/logger.ts";
import { AssignmentCounter, observe } from "./observability/metrics.ts";
import { Recordings } from "./recording/recordings.ts";
import { Workers } from "./rtc/workers.ts";
import { TurnServer } from "./turn/turn-server.ts";

/** How long recordings may take to be finished and brought away when the node stops, ms; the rest waits on its disk. */
const RECORDINGS_MS = 30_000;

export interface NodeEvents {
	onRegistered(node: MediaNode): void;
	onReplaced(): void;
	/** It serves nothing any more, or its time is over, and it was told to end then. */
	onDrained(): void;
}

/** Until when this node's rooms are to move away, ms since 1970. `exit`: it ends then, or as soon as it serves nothing. */
export interface Drain {
	deadline: number;
	exit: boolean;
}

export class MediaNode {
	readonly config: Config;
	readonly workers: Workers;
	/** Beside this node, where that is switched on. */
	readonly turn: TurnServer | undefined;
	/** Where this node has a place for them. */
	readonly recordings: Recordings | undefined;
	/** By room: a node serves a room once, by its latest assignment. */
	readonly links = new Map<string, RoomLink>();
	/** Asked for by the fleet. */
	#drain: Drain | undefined;
	/** It was told to stop, here: that cannot be called off. */
	#stopsAt: number | undefined;
	#deadline: NodeJS.Timeout | undefined;
	#drained = false;
	readonly #events: NodeEvents;
	readonly #assignments: Assignments;
	readonly #left: RoomLeft;
	#accepting = true;
	readonly #meter: LoadMeter;
	readonly #fleet: FleetSocket;
	readonly #registry = new Registry();
	readonly #counter = new AssignmentCounter(this.#registry);
	#http: HttpServer | undefined;

	private constructor(
		config: Config,
		version: string,
		workers: Workers,
		turn: TurnServer | undefined,
		events: NodeEvents,
	) {
		this.config = config;
		this.workers = workers;
		this.turn = turn;
		spares.keep(config.sparePipelines);
		this.recordings = config.recordings && new Recordings(config.recordings, config);
		this.#events = events;
		this.#assignments = Assignments.fromEdge(config.id, config.edge);
		this.#left = new RoomLeft(config.maxEndpoints);
		this.#meter = new LoadMeter(workers, this.links, turn);
		observe(this, this.#registry);
		this.#fleet = new FleetSocket(config, version, this.#meter, {
			onRegistered: () => {
				// A drain that still holds is told next.
				this.undrain();
				if (config.recordings) void prepare();
				events.onRegistered(this);
			},
			onReplaced: events.onReplaced,
			onLoad: (load) => {
				this.#accepting = this.#left.look(load);
				for (const link of this.links.values()) link.accepting = this.#accepting;
			},
			onTurnSecret: (secret) => turn?.useSecret(secret),
			onAssignment: (token) => void this.#accept(token),
			onDrain: (drain) => this.drain(drain),
			onUndrain: () => this.undrain(),
		});
	}

	static async start(config: Config, version: string, events: NodeEvents): Promise<MediaNode> {
		const { listenAddress, announced } = config;
		const turn = config.turn && (await TurnServer.prepare(config.turn, listenAddress, announced));
		const workers = new Workers(config);
		// It dials here: the way to the edge takes its time as well.
		const node = new MediaNode(config, version, workers, turn, events);
		await node.recordings?.begin();
		const http = HttpServer.listen(node, node.#registry, config.httpAddress, config.httpPort);
		[node.#http] = await Promise.all([http, workers.start()]);
		node.#fleet.begin();
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

	get draining(): boolean {
		return this.#drain !== undefined || this.#stopsAt !== undefined;
	}

	/** The fleet moves the rooms away: nothing new comes, and each room closes its link when it has moved. */
	drain(drain: Drain): void {
		this.#drain = drain;
		log.info({ ...drain, rooms: this.links.size }, "draining");
		this.#watchDrain();
	}

	/** The fleet called the drain off. */
	undrain(): void {
		if (!this.#drain) return;
		this.#drain = undefined;
		log.info({ rooms: this.links.size }, "no longer draining");
		this.#watchDrain();
	}

	/** As a drain, and told to the fleet; `onDrained` follows. */
	drainAndExit(deadline: number): void {
		this.#stopsAt = deadline;
		this.#fleet.stopping(deadline);
		log.info({ deadline, rooms: this.links.size }, "draining to stop");
		this.#watchDrain();
	}

	#watchDrain(): void {
		clearTimeout(this.#deadline);
		const ends = [this.#stopsAt, this.#drain?.exit ? this.#drain.deadline : undefined].filter((at) => at !== undefined);
		if (ends.length === 0) return;
		if (this.links.size === 0) return this.#onDrained();
		this.#deadline = setTimeout(() => this.#onDrained(), Math.max(0, Math.min(...ends) - Date.now()));
	}

	#onDrained(): void {
		if (this.#drained) return;
		this.#drained = true;
		this.#events.onDrained();
	}

	/** Ends the rooms that it serves, for everybody in them. Resolves when nothing of them is left here. */
	async endRooms(): Promise<void> {
		log.warn({ rooms: this.links.size }, "ending all rooms");
		await Promise.all([...this.links.values()].map((link) => link.end()));
	}

	/** Leaves the fleet and ends all media. Resolves when its ports are free. */
	async stop(): Promise<void> {
		clearTimeout(this.#deadline);
		this.#drained = true;
		this.#stopsAt ??= Date.now();
		this.#fleet.stopping(this.#stopsAt);
		for (const link of [...this.links.values()]) link.drop(CLOSE.goingAway);
		this.#fleet.stop();
		this.turn?.stop();
		spares.keep(0);
		await this.recordings?.drain(RECORDINGS_MS);
		await this.recordings?.close();
		await Promise.all([this.workers.close(), this.#http?.close()]);
	}

	async #accept(token: string): Promise<void> {
		try {
			if (this.draining) throw new Error("this node is draining");
			const claims = await this.#assignments.accept(token);
			// A later assignment of the same room fences what the earlier one granted.
			const earlier = this.links.get(claims.sub);
			if (earlier && earlier.epoch >= claims.epoch) throw new Error(`this node serves epoch ${earlier.epoch} already`);
			earlier?.drop();
			const link = new RoomLink(claims, token, this.workers, this.config, this.recordings, () => {
				if (this.links.get(claims.sub) === link) this.links.delete(claims.sub);
				this.#watchDrain();
			});
			this.links.set(claims.sub, link);
			this.#counter.count("accepted");
		} catch (error) {
			this.#counter.count("refused");
			log.warn({ err: error }, "an assignment was refused");
		}
	}
}
