/** What must be true again some time after any fault, and what is wrong as long as it is not. */
import type { MediaNodeProcess } from "../../scripts/lib/media-node.ts";
import type { ResilientBot } from "../support/bot/resilient.ts";
import type { World } from "./world.ts";

interface ServedRoom {
	room: string;
	link: boolean;
	endpoints: { endpoint: string; participant: string; tracks: string[]; subscriptions: string[] }[];
	received: { track: string }[];
	pipes: { track: string; to: number }[];
}

interface Participant {
	id: string;
	state: string;
	node?: string;
	tracks: { id: string }[];
}

/** What cannot be asked while a fault lasts. */
export interface Lasting {
	/** Only that everybody is in and gets everything: people may be on their way from node to node all the time. */
	look?: "flow";
	/** A node that nobody can tell anything: what it still serves is not looked at. */
	unseen?: string;
}

/** Between two looks, ms. */
const LOOK_MS = 250;
/** Packets of each track that show that it flows. */
const PACKETS = 3;

/**
 * Resolves with how long it took until all was well, ms, and what that took longest; throws when it does not become so.
 */
export async function allWell(
	world: World,
	withinMs: number,
	lasting: Lasting = {},
): Promise<{ ms: number; last: string }> {
	const began = performance.now();
	const flowing = new Map<string, number>();
	for (const bot of world.bots)
		for (const [track, { packets }] of bot.media.received) flowing.set(keyOf(bot, track), packets);
	let last = "nothing";
	for (;;) {
		const wrong = await problems(world, flowing, lasting);
		if (wrong.length === 0) return { ms: performance.now() - began, last };
		last = wrong[0] ?? last;
		if (performance.now() - began > withinMs)
			throw new Error(`${wrong.length} things wrong:\n  ${wrong.slice(0, 12).join("\n  ")}`);
		await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
	}
}

function keyOf(bot: ResilientBot, track: string): string {
	return `${bot.room} ${bot.id} ${track}`;
}

async function problems(
	world: World,
	before: ReadonlyMap<string, number>,
	{ look, unseen }: Lasting,
): Promise<string[]> {
	const wrong: string[] = [];
	const nodes = look === "flow" ? [] : world.nodes.filter(({ id }) => id !== unseen);
	const served = new Map(await Promise.all(nodes.map(async (node) => [node.id, await roomsOn(node)] as const)));
	for (const room of world.rooms) {
		const bots = world.inRoom(room);
		const participants = await participantsOf(world, room);
		if (!participants) {
			wrong.push(`${room}: REST does not answer`);
			continue;
		}
		for (const bot of bots) {
			const it = participants.find(({ id }) => id === bot.id);
			if (bot.closed) wrong.push(`${room}: ${bot.id} is out: ${bot.closed}`);
			else if (it?.state !== "joined") wrong.push(`${room}: ${bot.id} is ${it?.state ?? "no member"}`);
			else if (it.tracks.length !== 2) wrong.push(`${room}: ${bot.id} has ${it.tracks.length} tracks`);
			for (const other of bots) {
				if (other === bot) continue;
				for (const track of [`${other.id}-audio`, `${other.id}-video`]) {
					const packets = bot.media.received.get(track)?.packets ?? 0;
					const came = packets - (before.get(keyOf(bot, track)) ?? 0);
					if (came < PACKETS) wrong.push(`${room}: ${bot.id} gets no ${track}`);
				}
			}
		}
		for (const { id } of participants) if (!bots.some((bot) => bot.id === id)) wrong.push(`${room}: ghost ${id}`);
		if (look !== "flow") wrong.push(...servedOnce(room, participants, served));
	}
	return wrong;
}

/** Each participant has one media side, on the node that the room says; nothing else is on any node. */
function servedOnce(room: string, participants: Participant[], served: ReadonlyMap<string, ServedRoom[]>): string[] {
	const wrong: string[] = [];
	const where = new Map<string, string[]>();
	for (const [node, rooms] of served) {
		const here = rooms.find((it) => it.room === room);
		for (const { participant } of here?.endpoints ?? [])
			where.set(participant, [...(where.get(participant) ?? []), node]);
		const publishedHere = new Set(here?.endpoints.flatMap(({ tracks }) => tracks));
		for (const { track } of here?.received ?? []) {
			if (publishedHere.has(track)) wrong.push(`${room}: ${track} is piped to ${node}, where it is published`);
			if (!here?.endpoints.some(({ subscriptions }) => subscriptions.includes(track))) {
				wrong.push(`${room}: ${track} is piped to ${node} for nobody`);
			}
		}
	}
	for (const { id, node } of participants) {
		const nodes = where.get(id) ?? [];
		if (nodes.length !== 1 || nodes[0] !== node) {
			wrong.push(`${room}: ${id} is to be on ${node ?? "no node"} and is on ${nodes.join(", ") || "none"}`);
		}
	}
	return wrong;
}

async function participantsOf(world: World, room: string): Promise<Participant[] | undefined> {
	try {
		const response = await world.stack.rest(`/v1/rooms/${room}/participants?limit=100`);
		return response.ok ? ((await response.json()) as { items: Participant[] }).items : undefined;
	} catch {
		// The edge is away.
		return undefined;
	}
}

export async function roomsOn(node: MediaNodeProcess): Promise<ServedRoom[]> {
	try {
		const response = await fetch(`${node.http}/rooms`, { signal: AbortSignal.timeout(2_000) });
		return (await response.json()) as ServedRoom[];
	} catch {
		return [];
	}
}
