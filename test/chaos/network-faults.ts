/** What can go wrong with the network of one node, where namespaces make one; the same form as faults.ts. */

import type { Random } from "../support/random.ts";
import type { Fault } from "./faults.ts";
import type { Network, Refusal } from "./network.ts";
import type { World } from "./world.ts";

/** Longer than anything takes that is to notice: Fleet 3 s, clients 3 s, other nodes 6 s. */
const LASTS_MS = 10_000;

export const NETWORK_FAULTS = {
	/** No pipes between it and other nodes; the edge and clients reach it. */
	async cutFromNodes(world, random) {
		const id = aNode(world, random, spanning(world));
		return { what: `${id} cut from other nodes`, undo: lift(networkOf(world).cutFromNodes(id)), lastsMs: LASTS_MS };
	},

	/** Neither Fleet nor rooms reach it, nor it them; nobody says so. Media between it and its clients goes on. */
	cutFromEdge: (world, random) => cutFromEdge(world, aNode(world, random), "drop"),

	/** The same where a firewall refuses: sockets end, and dialing fails at once. */
	rejectedByEdge: (world, random) => cutFromEdge(world, aNode(world, random), "reject"),

	/** No media between it and any client; the edge and other nodes reach it. */
	async cutFromClients(world, random) {
		const id = aNode(world, random);
		return { what: `${id} cut from clients`, undo: lift(networkOf(world).cutFromClients(id)), lastsMs: LASTS_MS };
	},

	/** 150 ms ± 30 ms more each way. */
	async slowLink(world, random) {
		const id = aNode(world, random);
		const undo = await networkOf(world).impair(id, { delayMs: 150, jitterMs: 30 });
		return { what: `${id} on a slow link`, undo, look: "flow", lastsMs: LASTS_MS };
	},

	/** One packet of ten is lost, each way. */
	async lossyLink(world, random) {
		const id = aNode(world, random);
		const undo = await networkOf(world).impair(id, { loss: 10 });
		return { what: `${id} on a lossy link`, undo, look: "flow", lastsMs: LASTS_MS };
	},
} as const satisfies Record<string, Fault>;

async function cutFromEdge(world: World, id: string, how: Refusal): ReturnType<Fault> {
	const undo = lift(networkOf(world).cutFromEdge(id, how));
	// Nobody can tell it to let go; it does when it is back.
	return { what: `${id} cut from the edge (${how})`, undo, unseen: id, lastsMs: LASTS_MS };
}

/** One that serves somebody: on others nothing of this would be seen. */
function aNode(world: World, random: Random, rooms = world.rooms): string {
	const serving = new Set(rooms.flatMap((room) => nodesOf(world, room)));
	return random.pick(world.nodes.filter(({ id }) => serving.has(id))).id;
}

/** Rooms whose people are on several nodes; all rooms when there are none. */
function spanning(world: World): string[] {
	const some = world.rooms.filter((room) => nodesOf(world, room).length > 1);
	return some.length > 0 ? some : world.rooms;
}

function nodesOf(world: World, room: string): string[] {
	return [...new Set(world.inRoom(room).flatMap(({ media }) => media.node ?? []))];
}

function networkOf({ network }: World): Network {
	if (!network) throw new Error("a fault of the network without one");
	return network;
}

function lift(undo: () => void): () => Promise<void> {
	return async () => undo();
}
