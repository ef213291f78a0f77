/** The socket to the fleet: registers this node, reports its load, brings assignments. */
import { randomUUID } from "node:crypto";
import { CLOSE } from "../../shared/close-codes.ts";
import {
	FLEET_SUBPROTOCOL,
	FleetMessage,
	NODE_HEARTBEAT_MS,
	type NodeLoad,
	type NodeReport,
	REPORT_MS,
} from "../../shared/fleet.ts";
import { ROUTER_CAPABILITIES_ID } from "../../shared/router-capabilities.ts";
import type { Config } from "../config.ts";
import type { LoadMeter } from "../observability/load.ts";
import { type Log, log } from "../observability/logger.ts";
import { turnUrls } from "../turn/settings.ts";
import { type Down, EdgeSocket } from "./socket.ts";

export interface FleetEvents {
	onRegistered(): void;
	onAssignment(token: string): void;
	/** What the TURN server is to check credentials with. */
	onTurnSecret(secret: string): void;
	/** Measured for the fleet. */
	onLoad(load: NodeLoad): void;
	/** Another process took this node's id: two of them would fight for ever. */
	onReplaced(): void;
	/** Its rooms move away until then; `exit`: it is to end afterwards. */
	onDrain(drain: { deadline: number; exit: boolean }): void;
	onUndrain(): void;
}

export class FleetSocket {
	readonly #config: Config;
	readonly #version: string;
	readonly #load: LoadMeter;
	readonly #events: FleetEvents;
	readonly #socket: EdgeSocket;
	readonly #log: Log = log.child({ part: "fleet" });
	#timer: NodeJS.Timeout | undefined;
	#registered = false;
	#begun = false;
	/** Where this node is known. */
	#hub: string | undefined;
	/** It stops by itself; when. */
	#stopsAt: number | undefined;
	/** Of this process: another with the same id has none of its rooms. */
	readonly #instance = randomUUID();

	/** Dials at once, and registers when it is told to begin. */
	constructor(config: Config, version: string, load: LoadMeter, events: FleetEvents) {
		this.#config = config;
		this.#version = version;
		this.#load = load;
		this.#events = events;
		const url = `${config.edge.replace(/^http/, "ws")}/v1/fleet`;
		this.#socket = new EdgeSocket({
			target: () => ({ url: this.#hub ? `${url}?hub=${encodeURIComponent(this.#hub)}` : url, token: config.token }),
			subprotocol: FLEET_SUBPROTOCOL,
			heartbeatMs: NODE_HEARTBEAT_MS,
			// Soon enough to be back before the fleet gives this node up.
			heartbeatsMissed: 2,
			onOpen: () => this.#begun && void this.#register(),
			onText: (text) => this.#receive(text),
			onDown: (how) => this.#onDown(how),
		});
	}

	get registered(): boolean {
		return this.#registered;
	}

	/** Everything that a room needs is there. */
	begin(): void {
		this.#begun = true;
		if (this.#socket.open) void this.#register();
	}

	/** No new assignments from now on; the fleet has the rooms move away until then. */
	stopping(deadline: number): void {
		this.#stopsAt = deadline;
		this.#send({ type: "draining", deadline });
	}

	stop(): void {
		clearInterval(this.#timer);
		this.#socket.stop(CLOSE.goingAway);
	}

	async #register(): Promise<void> {
		const { id, region, maxEndpoints, announced, turn } = this.#config;
		this.#send({
			type: "register",
			node: id,
			region,
			instance: this.#instance,
			version: this.#version,
			capabilities: ROUTER_CAPABILITIES_ID,
			maxEndpoints,
			addresses: announced,
			turn: turn && turnUrls(turn),
			load: await this.#load.measure(),
		});
	}

	#receive(text: string): void {
		let frame: unknown;
		try {
			frame = JSON.parse(text);
		} catch {
			frame = undefined;
		}
		const parsed = FleetMessage.safeParse(frame);
		if (!parsed.success) {
			this.#log.error(
				{ problem: parsed.error.issues[0] },
				"a message that cannot be read; is the edge newer than this node?",
			);
			return;
		}
		const message = parsed.data;
		switch (message.type) {
			case "registered":
				this.#registered = true;
				this.#hub = message.hub;
				this.#log.info("registered");
				clearInterval(this.#timer);
				this.#timer = setInterval(() => void this.#reportLoad(), message.reportMs || REPORT_MS);
				if (this.#stopsAt !== undefined) this.stopping(this.#stopsAt);
				this.#events.onRegistered();
				return;
			case "turn":
				this.#events.onTurnSecret(message.secret);
				return;
			case "assignment":
				this.#events.onAssignment(message.token);
				return;
			case "drain":
				this.#events.onDrain(message);
				return;
			case "undrain":
				this.#events.onUndrain();
				return;
			case "refused":
				this.#log.error({ error: message.error }, "refused by the fleet");
				return;
			default:
				message satisfies never;
		}
	}

	async #reportLoad(): Promise<void> {
		const load = await this.#load.measure();
		this.#send({ type: "load", load });
		this.#events.onLoad(load);
	}

	#onDown({ code, status, reason }: Down): boolean {
		this.#registered = false;
		clearInterval(this.#timer);
		if (code === CLOSE.nodeReplaced) {
			this.#log.fatal("another process registered with this node's id; give each its own NODE_ID and NODE_TOKEN");
			this.#events.onReplaced();
			return false;
		}
		if (code === CLOSE.incompatible)
			this.#log.error("this node's codecs are not the fleet's: run the same version as the edge");
		else if (code === CLOSE.unauthorized || status === 401) {
			this.#log.error({ reason }, "the edge does not accept NODE_TOKEN; mint one with POST /v1/nodes/{id}/token");
		} else this.#log.warn({ code, status, reason }, "the edge is away; media goes on");
		return true;
	}

	#send(report: NodeReport): void {
		this.#socket.send(report);
	}
}
