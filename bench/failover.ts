/**
 * How long nobody hears anything when a node is killed, hangs whole, or drains, and when the edge is away: the longest
 * time between two packets of any track to anybody.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { MediaNodeProcess } from "../scripts/lib/media-node.ts";
import type { SenderOptions } from "../test/support/bot/peer.ts";
import { ResilientBot } from "../test/support/bot/resilient.ts";
import { Stack } from "../test/support/stack.ts";
import { type Figures, percentile } from "./lib/figures.ts";

const PEOPLE = 4;
const WATCHERS = 20;
const AWAY_MS = 120_000;
const SENT: SenderOptions = { packetsPerSecond: 30, bytes: 300 };
/** Each run has so many of the first two. */
const FAILURES = 4;

type Room = { name: string; bots: ResilientBot[] };

async function fill(stack: Stack, name: string, publishers: number, watchers = 0): Promise<Room> {
	const bots = await Promise.all(
		Array.from({ length: publishers + watchers }, (_, i) => {
			const id = `p${i}`;
			const token = () => stack.tokenFor(name, id, {}, "eu");
			return ResilientBot.join(stack.url, name, id, token, i < publishers ? SENT : undefined);
		}),
	);
	const room = { name, bots };
	await flowing(room, publishers);
	return room;
}

/** Everybody gets everything again. */
async function flowing({ bots }: Room, publishers = bots.length): Promise<void> {
	for (const to of bots) {
		for (const from of bots.slice(0, publishers)) {
			if (from !== to) await Promise.all(["audio", "video"].map((kind) => to.media.receives(`${from.id}-${kind}`)));
		}
	}
}

function reset({ bots }: Room): void {
	for (const { media } of bots) for (const it of media.received.values()) it.longestGap = 0;
}

function longestGap({ bots }: Room): number {
	return Math.max(...bots.flatMap(({ media }) => [...media.received.values()].map((it) => it.longestGap)));
}

function serving(stack: Stack, { bots }: Room): MediaNodeProcess {
	const node = stack.nodes.find(({ id }) => id === bots[0]?.media.node);
	if (!node) throw new Error("served by no node");
	return node;
}

const empty = async (room: Room) => void (await Promise.all(room.bots.map((bot) => bot.leave())));

export async function failover(runs: number): Promise<Figures> {
	const stack = await Stack.start({ nodes: 0, vars: { HEARTBEAT_MS: "1000" } });
	let nodes = 0;
	const addNode = () => stack.addNode(`eu-${++nodes}`, {}, "eu");
	const gaps = { kill: [] as number[], hang: [] as number[], drain: [] as number[], away: [] as number[] };
	try {
		await Promise.all([addNode(), addNode()]);
		const room = await fill(stack, "few", PEOPLE);
		for (let i = 0; i < runs * FAILURES; i++) {
			reset(room);
			await serving(stack, room).kill("SIGKILL");
			await flowing(room);
			gaps.kill.push(longestGap(room));
			await addNode();

			const node = serving(stack, room);
			const group = -(node.process.pid ?? 0);
			reset(room);
			process.kill(group, "SIGSTOP");
			await room.bots[0]?.media.until(() =>
				room.bots.every(({ media }) => media.node !== undefined && media.node !== node.id),
			);
			await flowing(room);
			gaps.hang.push(longestGap(room));
			process.kill(group, "SIGKILL");
			await addNode();
		}
		await empty(room);
		for (let run = 0; run < runs; run++) {
			const many = await fill(stack, `many-${run}`, 1, WATCHERS);
			const { id } = serving(stack, many);
			reset(many);
			await stack.rest(`/v1/nodes/${id}/drain`, { method: "POST", body: "{}" });
			// One that receives: packets are what has the condition looked at again.
			await many.bots.at(-1)?.media.until(() => many.bots.every(({ media }) => media.node !== id));
			// The former media sides end two seconds after the new ones carry everything.
			await sleep(4_000);
			await flowing(many, 1);
			gaps.drain.push(longestGap(many));
			await stack.rest(`/v1/nodes/${id}/drain`, { method: "DELETE" });
			await empty(many);
		}
		const few = await fill(stack, "away", PEOPLE);
		await stack.edge.stop();
		reset(few);
		await sleep(AWAY_MS);
		gaps.away.push(longestGap(few));
		await stack.edge.start();
		await flowing(few);
		await empty(few);
	} finally {
		await stack.stop();
	}
	const row = (name: string, values: number[]) => [
		name,
		String(values.length),
		percentile(values, 0.5).toFixed(0),
		percentile(values, 0.95).toFixed(0),
		Math.max(...values).toFixed(0),
	];
	const bar = (name: string, value: number, most: number) => ({ bar: name, value, held: value <= most });
	return {
		name: "failover",
		what: `longest time without a packet of any track, ms; ${PEOPLE} people who send and receive, or one who sends to ${WATCHERS}`,
		head: ["", "times", "p50", "p95", "most"],
		rows: [
			row("node killed (SIGKILL)", gaps.kill),
			row("node and workers stopped (SIGSTOP)", gaps.hang),
			row(`node drained, ${WATCHERS} watching`, gaps.drain),
			row(`edge away for ${AWAY_MS / 1_000} s`, gaps.away),
		],
		json: gaps,
		bars: [
			bar("media back after SIGKILL, p95 at most 2,000 ms", percentile(gaps.kill, 0.95), 2_000),
			bar("media back after SIGSTOP, p95 at most 5,000 ms", percentile(gaps.hang, 0.95), 5_000),
			bar(`a drain with ${WATCHERS} watching: at most 500 ms`, Math.max(...gaps.drain), 500),
			bar("the edge away: at most 200 ms, which is what a busy machine does by itself", Math.max(...gaps.away), 200),
		],
	};
}
