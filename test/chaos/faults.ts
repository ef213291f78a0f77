/** What can go wrong, one function each: does it, and resolves when it is done to the world and the world may recover. */
import { execFileSync } from "node:child_process";
import type { MediaNodeProcess } from "../../scripts/lib/media-node.ts";
import type { Random } from "../support/random.ts";
import type { Lasting } from "./invariants.ts";
import type { World } from "./world.ts";

/** `undo` ends what lasts, after the world has shown that it can live with it. */
export interface Done extends Lasting {
	what: string;
	/** How long it lasts at least, so that it is noticed, ms. */
	lastsMs?: number;
	undo?(): Promise<unknown>;
}

export type Fault = (world: World, random: Random) => Promise<Done>;

const regionOf = ({ id }: MediaNodeProcess) => id.replace(/-\d+$/, "");

export const FAULTS = {
	/** A node's process dies; another machine takes its place later. */
	async killNode(world, random) {
		const node = random.pick(world.nodes);
		await node.kill("SIGKILL");
		return { what: `${node.id} killed`, undo: () => world.addNode(regionOf(node)) };
	},

	/** A node's process hangs, its sockets open, its media workers going on; it returns after it was given up. */
	async hangNode(world, random) {
		const node = random.pick(world.nodes);
		node.process.kill("SIGSTOP");
		return { what: `${node.id} hangs`, undo: async () => void node.process.kill("SIGCONT") };
	},

	/** A whole machine hangs: no packet goes through it, and no socket closes. */
	async hangMachine(world, random) {
		const node = random.pick(world.nodes);
		const { pid } = node.process;
		if (pid === undefined) throw new Error(`${node.id} has no process`);
		// Nodes have a process group of their own, with their media workers in it.
		process.kill(-pid, "SIGSTOP");
		return { what: `${node.id} hangs whole`, undo: async () => void process.kill(-pid, "SIGCONT") };
	},

	/** A media worker dies inside a node that lives. */
	async killWorker(world, random) {
		const node = random.pick(world.nodes);
		execFileSync("pkill", ["-9", "-P", String(node.process.pid), "-f", "mediasoup-worker"]);
		return { what: `${node.id}'s media worker killed` };
	},

	/** An operator drains a node, and takes it back. */
	async drainNode(world, random) {
		const node = random.pick(world.nodes);
		await world.stack.rest(`/v1/nodes/${node.id}/drain`, { method: "POST", body: "{}" });
		return {
			what: `${node.id} drained`,
			undo: () => world.stack.rest(`/v1/nodes/${node.id}/drain`, { method: "DELETE" }),
		};
	},

	/** A rolling restart: the next one is there, this one is told to stop. */
	async stopNode(world, random) {
		const node = random.pick(world.nodes);
		await world.addNode(regionOf(node));
		const code = await node.kill("SIGTERM");
		if (code !== 0) throw new Error(`${node.id} exited with ${code} on SIGTERM`);
		return { what: `${node.id} stopped` };
	},

	/** The edge's process is gone and runs again from its disk: every socket drops, every object forgets. */
	async restartEdge(world) {
		await world.stack.edge.restart();
		return { what: "edge restarted" };
	},

	/** Clients lose their sockets. */
	async breakSockets(world, random) {
		const broken = world.bots.filter(() => random.next() < 0.5);
		for (const bot of broken) bot.breakSocket();
		return { what: `${broken.length} sockets broken` };
	},
} as const satisfies Record<string, Fault>;
