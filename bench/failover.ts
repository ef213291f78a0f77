/**
 * How long nobody hears anything when a node is killed, hangs whole, or drains, and when the edge is away: the longest
 * time between two packets of any track to anybody.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** Everybody is a member with a socket again, served by a node whose link is up. */
async function wholeAgain(stack: Stack, { name, bots }: Room): Promise<void> {
	for (;;) {
		const participants = (await (await stack.rest(`/v1/rooms/${name}/participants`)).json()) as {
			items: { state: string; node?: string }[];
		};
		const room = (await (await stack.rest(`/v1/rooms/${name}`)).json()) as { nodes: { state: string }[] };
		const joined = participants.items.filter(({ state, node }) => state === "joined" && node).length;
		if (joined === bots.length && room.nodes.every(({ state }) => state === "linked")) return;
		await sleep(50);
	}
}

const say = (line: string) => console.error(`failover: ${line}`);

const empty = async (room: Room) => void (await Promise.all(room.bots.map((bot) => bot.leave())));

export async function failover(runs: number): Promise<Figures> {
	// The edge comes back with its storage, as it does after a deploy.
	const dataDir = mkdtempSync(join(tmpdir(), "switchyard-failover-"));
	const stack = await Stack.start({ nodes: 0, dataDir, vars: { HEARTBEAT_MS: "1000" } });
	let nodes = 0;
	const addNode = () => stack.addNode(`eu-${++nodes}`, {}, "eu");
	const gaps = { kill: [] as number[], hang: [] as number[], drain: [] as number[], away: [] as number[] };
	const agreed: number[] = [];
	try {
		await Promise.all([addNode(), addNode()]);
		const room = await fill(stack, "few", PEOPLE);
		for (let i = 0; i < runs * FAILURES; i++) {
			reset(room);
			await serving(stack, room).kill("SIGKILL");
			await flowing(room);
			gaps.kill.push(longestGap(room));
			say(`killed: ${gaps.kill.at(-1)?.toFixed(0)} ms`);
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
			say(`hung: ${gaps.hang.at(-1)?.toFixed(0)} ms`);
			process.kill(group, "SIGKILL");
			await addNode();
		}
		await empty(room);
		for (let run = 0; run < runs; run++) {
			say(`${WATCHERS} people come in to watch`);
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
			say(`drained: ${gaps.drain.at(-1)?.toFixed(0)} ms`);
			await stack.rest(`/v1/nodes/${id}/drain`, { method: "DELETE" });
			await empty(many);
		}
		const few = await fill(stack, "away", PEOPLE);
		say(`the edge is stopped for ${AWAY_MS / 1_000} s`);
		await stack.edge.stop();
		reset(few);
		await sleep(AWAY_MS);
		gaps.away.push(longestGap(few));
		const back = performance.now();
		await stack.edge.start();
		await wholeAgain(stack, few);
		say(`the edge is back, and all agrees, after ${(performance.now() - back).toFixed(0)} ms of starting`);
		agreed.push(performance.now() - back);
		await flowing(few);
		await empty(few);
	} finally {
		await stack.stop();
		rmSync(dataDir, { recursive: true, force: true });
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
			row("edge back: until all agrees, with its start", agreed),
			row(`edge away for ${AWAY_MS / 1_000} s`, gaps.away),
		],
		json: { ...gaps, agreed },
		bars: [
			bar("media back after SIGKILL, p95 at most 2,000 ms", percentile(gaps.kill, 0.95), 2_000),
			bar("media back after SIGSTOP, p95 at most 5,000 ms", percentile(gaps.hang, 0.95), 5_000),
			bar(`a drain with ${WATCHERS} watching: at most 500 ms`, Math.max(...gaps.drain), 500),
			bar("all agrees after the edge's return, at most 5,000 ms", Math.max(...agreed), 5_000),
			bar("the edge away: at most 200 ms, which is what a busy machine does by itself", Math.max(...gaps.away), 200),
		],
	};
}
