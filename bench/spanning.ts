/**
 * What a room on three nodes costs beside the same room on one: the same number of viewers on each node, the same
 * publisher. Were pipes free, three nodes would hold three times what one does at the same CPU of each.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Bot } from "../test/support/bot/bot.ts";
import { Stack } from "../test/support/stack.ts";
import { type Figures, showSpread, spread } from "./lib/figures.ts";
import { childrenOf, cpuMs } from "./lib/process.ts";

const REGIONS = ["eu", "us", "sa"] as const;
const VIEWERS = 15;
const PACKETS_PER_SECOND = 100;
const MEASURE_MS = 8_000;

/** CPU that a node and its media worker used per packet that viewers got from it, µs, by node. */
async function measure(stack: Stack, room: string, regions: readonly string[]): Promise<number[]> {
	const enter = async (id: string, region: string) =>
		Bot.join(stack.url, room, id, await stack.tokenFor(room, id, {}, region), {});
	const publisher = await enter("publisher", regions[0] ?? "");
	const tracks = await publisher.publish({ packetsPerSecond: PACKETS_PER_SECOND });
	const viewers = await Promise.all(
		regions.flatMap((region) => Array.from({ length: VIEWERS }, (_, i) => enter(`${region}-${i}`, region))),
	);
	await Promise.all(viewers.flatMap((viewer) => tracks.map((track) => viewer.receives(track))));
	await sleep(1_500);
	const nodes = stack.nodes.filter(({ id }) => viewers.some(({ node }) => node === id));
	const used = ({ process: { pid = 0 } }: (typeof nodes)[number]) =>
		cpuMs(pid) + childrenOf(pid).reduce((sum, child) => sum + cpuMs(child.pid), 0);
	const packets = (node: string) =>
		viewers
			.filter((viewer) => viewer.node === node)
			.flatMap(({ received }) => [...received.values()])
			.reduce((sum, it) => sum + it.packets, 0);
	const before = nodes.map((node) => ({ cpu: used(node), packets: packets(node.id) }));
	await sleep(MEASURE_MS);
	const cost = nodes.map((node, i) => {
		const then = before[i] ?? { cpu: 0, packets: 0 };
		return ((used(node) - then.cpu) * 1_000) / (packets(node.id) - then.packets);
	});
	await Promise.all([publisher, ...viewers].map((bot) => bot.leave()));
	return cost;
}

export async function spanning(runs: number): Promise<Figures> {
	const stack = await Stack.start({ nodes: 0, nodeEnv: { WORKERS: "1" } });
	const pairs: { one: number; three: number[] }[] = [];
	try {
		for (const region of REGIONS) await stack.addNode(`${region}-1`, {}, region);
		for (let run = 0; run < runs; run++) {
			const [one = Number.NaN] = await measure(stack, `one-${run}`, REGIONS.slice(0, 1));
			pairs.push({ one, three: await measure(stack, `three-${run}`, REGIONS) });
		}
	} finally {
		await stack.stop();
	}
	const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
	const held = spread(pairs.map(({ one, three }) => (3 * one) / mean(three)));
	const of = (pick: (pair: (typeof pairs)[number]) => number) => showSpread(spread(pairs.map(pick)));
	return {
		name: "spanning",
		what: `one publisher (${PACKETS_PER_SECOND} video packets of 1,000 bytes and 50 of audio a second), ${VIEWERS} viewers on each node; CPU of node and media worker per packet to a viewer`,
		head: ["", "µs/packet"],
		rows: [
			["room on one node", of(({ one }) => one)],
			...REGIONS.map((_, i) => [
				i === 0 ? "on three: the publisher's node" : `on three: node ${i + 1}`,
				of(({ three }) => three[i] ?? Number.NaN),
			]),
			["three nodes hold, of one", showSpread(held)],
		],
		json: { viewers: VIEWERS, packetsPerSecond: PACKETS_PER_SECOND, runs: pairs, held },
		bars: [
			{
				bar: "three nodes hold at least 2.8 times one node's subscriptions at equal CPU",
				value: held.median,
				held: held.median >= 2.8,
			},
		],
	};
}
