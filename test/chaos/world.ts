/** What is broken and watched: an edge with its storage on disk, three nodes, bots in several rooms. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MediaNodeProcess } from "../../scripts/lib/media-node.ts";
import { ResilientBot } from "../support/bot/resilient.ts";
import { Stack } from "../support/stack.ts";
import { Network } from "./network.ts";

const REGIONS = ["eu", "us"] as const;
/** Regions of the nodes, in order: two share one, so that a region can lose a node. */
const NODES = ["eu", "us", "eu"] as const;
/** Little, so that the machine's load is the software's. */
const SENT = { packetsPerSecond: 10, bytes: 300 };

export interface WorldOptions {
	rooms: number;
	/** In each. */
	people: number;
}

export class World {
	readonly stack: Stack;
	readonly bots: ResilientBot[] = [];
	/** Where its nodes have namespaces of their own. */
	readonly network: Network | undefined;
	readonly #dataDir: string;
	#nodes = 0;

	private constructor(stack: Stack, network: Network | undefined, dataDir: string) {
		this.stack = stack;
		this.network = network;
		this.#dataDir = dataDir;
	}

	static async start({ rooms, people }: WorldOptions): Promise<World> {
		const dataDir = mkdtempSync(join(tmpdir(), "switchyard-chaos-"));
		const vars = { HEARTBEAT_MS: "1000", MAX_MESSAGES_PER_SECOND: "1000" };
		const network = Network.here();
		const stack = await Stack.start({ nodes: 0, host: network?.edgeAddress, dataDir, vars });
		const world = new World(stack, network, dataDir);
		try {
			await Promise.all(NODES.map((region) => world.addNode(region)));
			for (let room = 1; room <= rooms; room++) {
				await Promise.all(Array.from({ length: people }, (_, i) => world.#enter(`chaos-${room}`, `p${i + 1}`, i)));
			}
		} catch (error) {
			await world.stop();
			throw error;
		}
		return world;
	}

	/** Nodes whose process runs. */
	get nodes(): MediaNodeProcess[] {
		return this.stack.nodes.filter(({ process }) => process.exitCode === null && process.signalCode === null);
	}

	async addNode(region: string): Promise<MediaNodeProcess> {
		const id = `${region}-${++this.#nodes}`;
		const env = { DRAIN_SECONDS: "20" };
		const { network } = this;
		if (!network) return this.stack.addNode(id, env, region);
		const { address, operator, command } = network.add(id);
		const reached = { ANNOUNCED_ADDRESS: address, HTTP_ADDRESS: operator };
		const node = await this.stack.addNode(id, { ...env, ...reached }, region, command);
		void node.exited.then(() => network.remove(id));
		return node;
	}

	async #enter(room: string, id: string, i: number): Promise<void> {
		const region = REGIONS[i % REGIONS.length];
		const token = () => this.stack.tokenFor(room, id, {}, region);
		this.bots.push(await ResilientBot.join(this.stack.url, room, id, token, SENT));
	}

	get rooms(): string[] {
		return [...new Set(this.bots.map(({ room }) => room))];
	}

	inRoom(room: string): ResilientBot[] {
		return this.bots.filter((bot) => bot.room === room);
	}

	async stop(): Promise<void> {
		await Promise.all(this.bots.map((bot) => bot.leave()));
		await this.stack.stop();
		rmSync(this.#dataDir, { recursive: true, force: true });
	}
}
