/** Rooms on several nodes: real workerd, real nodes in two regions, real media between them. */
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { MediaNodeProcess } from "../../scripts/lib/media-node.ts";
import { Bot } from "../support/bot/bot.ts";
import { Stack } from "../support/stack.ts";

let stack: Stack;
const bots: Bot[] = [];
let rooms = 0;
let regions = 0;

beforeAll(async () => {
	stack = await Stack.start({ nodes: 0, vars: { HEARTBEAT_MS: "500" } });
	await Promise.all([stack.addNode("eu-1", {}, "eu"), stack.addNode("us-1", {}, "us")]);
});
afterAll(() => stack.stop());
afterEach(() => {
	for (const bot of bots.splice(0)) bot.destroy();
});

const newRoom = () => `span-${++rooms}`;
const newRegion = (within: string) => `${within}-${++regions}`;

/** For as long as the test lasts: whatever becomes of it, the next finds the fleet as it was. */
async function addNode(id: string, region: string, env: Record<string, string> = {}): Promise<MediaNodeProcess> {
	const node = await stack.addNode(`${region}-${id}`, env, region);
	onTestFinished(async () => void (await node.kill("SIGKILL")));
	return node;
}

async function enter(room: string, id: string, region: string, options?: Parameters<typeof Bot.join>[4]): Promise<Bot> {
	const bot = await Bot.join(stack.url, room, id, await stack.tokenFor(room, id, {}, region), options);
	bots.push(bot);
	return bot;
}

interface Served {
	room: string;
	received: { track: string }[];
	pipes: { track: string }[];
}

/** What a node has of a room. */
async function on(node: string, room: string): Promise<Served | undefined> {
	const http = stack.nodes.find(({ id }) => id === node)?.http;
	const all = (await (await fetch(`${http}/rooms`)).json()) as Served[];
	return all.find((it) => it.room === room);
}

describe("a room on two nodes", () => {
	it("serves each where it is nearest, and media flows between all", async () => {
		const room = newRoom();
		const people = await Promise.all([
			enter(room, "a", "eu"),
			enter(room, "b", "us"),
			enter(room, "c", "us"),
			enter(room, "d", "eu"),
		]);
		expect(people.map(({ node }) => node)).toEqual(["eu-1", "us-1", "us-1", "eu-1"]);
		await Promise.all(people.map((bot) => bot.publish()));
		for (const from of people) {
			for (const to of people) {
				if (from === to) continue;
				await to.receives(`${from.id}-audio`);
				await to.receives(`${from.id}-video`);
			}
		}
		const { nodes } = (await (await stack.rest(`/v1/rooms/${room}`)).json()) as { nodes: { id: string }[] };
		expect(nodes.map(({ id }) => id).sort()).toEqual(["eu-1", "us-1"]);
	});

	it("carries a track to the other node once, when somebody wants it there, and no longer", async () => {
		const room = newRoom();
		const a = await enter(room, "a", "eu");
		await a.publish();
		const b = await enter(room, "b", "us", { subscribe: "none" });
		await enter(room, "near", "eu").then((near) => near.receives("a-video"));
		expect((await on("us-1", room))?.received).toEqual([]);
		await b.signal.request("subscribe", { tracks: [{ track: "a-audio", on: true }] });
		await b.receives("a-audio");
		const c = await enter(room, "c", "us", { subscribe: "none" });
		await c.signal.request("subscribe", { tracks: [{ track: "a-audio", on: true }] });
		await c.receives("a-audio");
		expect((await on("us-1", room))?.received.map(({ track }) => track)).toEqual(["a-audio"]);
		expect((await on("eu-1", room))?.pipes.map(({ track }) => track)).toEqual(["a-audio"]);
		await b.signal.request("subscribe", { tracks: [{ track: "a-audio", on: false }] });
		await c.leave();
		await expect.poll(async () => (await on("eu-1", room))?.pipes).toEqual([]);
		await expect.poll(async () => (await on("us-1", room))?.received).toEqual([]);
	});

	it("counts what arrives of a track once, where it is published", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a", "eu"), await enter(room, "b", "us")];
		await Promise.all([a.publish(), b.publish()]);
		await Promise.all([b.receives("a-video", 90), a.receives("b-video", 90)]);
		const answer = await stack.rest(`/v1/rooms/${room}?bitrates=true`);
		const { bitrates } = (await answer.json()) as { bitrates: Record<string, number> };
		// Each sends 30 packets of 1,012 bytes and 50 of 92 a second.
		expect(bitrates.camera).toBeGreaterThan(0.7 * 2 * 243_000);
		expect(bitrates.camera).toBeLessThan(1.4 * 2 * 243_000);
		expect(bitrates.audio).toBeGreaterThan(0.7 * 2 * 36_800);
		expect(bitrates.audio).toBeLessThan(1.4 * 2 * 36_800);
	});

	it("mutes across, and ends a track everywhere", async () => {
		const room = newRoom();
		const [a, b] = [await enter(room, "a", "eu"), await enter(room, "b", "us")];
		await a.publish();
		await b.receives("a-video");
		const packets = () => b.received.get("a-video")?.packets ?? 0;
		await a.signal.request("mute", { track: "a-video", muted: true });
		await b.receives("a-audio", 20);
		const then = packets();
		await b.receives("a-audio", 25);
		expect(packets()).toBe(then);
		await a.signal.request("mute", { track: "a-video", muted: false });
		await b.receives("a-video");
		const ended = b.signal.event("trackUnpublished");
		await a.signal.request("unpublish", { track: "a-video" });
		expect((await ended).track).toBe("a-video");
		await expect.poll(async () => (await on("us-1", room))?.received.length).toBe(1);
	});
});

describe("a node whose workers are full one by one", () => {
	it("spreads a room over them, and media flows between all", async () => {
		const region = newRegion("asia");
		const node = await addNode("full", region, { WORKERS: "2", WORKER_CONSUMERS: "6" });
		const room = newRoom();
		const people: Bot[] = [];
		for (const id of ["a", "b", "c", "d", "e"]) {
			const bot = await enter(room, id, region);
			await bot.publish();
			for (const other of people) await Promise.all([bot.receives(`${other.id}-video`), other.receives(`${id}-video`)]);
			people.push(bot);
		}
		const metrics = await (await fetch(`${node.http}/metrics`)).text();
		const consumers = [...metrics.matchAll(/^switchyard_worker_consumers\{[^}]*\} (\d+)/gm)].map((it) => Number(it[1]));
		expect(consumers).toHaveLength(2);
		expect(Math.min(...consumers)).toBeGreaterThan(0);
		await people[0]?.signal.request("mute", { track: "a-video", muted: true });
		const last = people.at(-1);
		await last?.receives("a-audio", 20);
		const then = last?.received.get("a-video")?.packets;
		await last?.receives("a-audio", 20);
		expect(last?.received.get("a-video")?.packets).toBe(then);
	});
});

describe("a node that drains", () => {
	it("hands its people over without a gap, and is let go of", async () => {
		const room = newRoom();
		const region = newRegion("eu");
		await Promise.all([addNode("1", region), addNode("2", region)]);
		const people = [await enter(room, "a", region), await enter(room, "b", region), await enter(room, "c", "us")];
		await Promise.all(people.map((bot) => bot.publish()));
		const flowing = async () => {
			for (const to of people) for (const from of people) if (from !== to) await to.receives(`${from.id}-video`);
		};
		await flowing();
		for (const bot of people) bot.resetGaps();
		const first = people[0]?.node ?? "";
		const answer = await stack.rest(`/v1/nodes/${first}/drain`, { method: "POST", body: "{}" });
		expect(answer.status).toBe(200);
		await expect.poll(() => people[0]?.node, { timeout: 10_000 }).not.toBe(first);
		expect(people[0]?.node).toMatch(region);
		await expect.poll(async () => on(first, room), { timeout: 15_000 }).toBeUndefined();
		await flowing();
		const gaps = people.flatMap((bot) => [...bot.received.values()].map(({ longestGap }) => longestGap));
		expect(Math.max(...gaps)).toBeLessThan(500);
	});
});

describe("a rolling restart of the whole fleet", () => {
	it("is not noticed by anybody: each node that is told to stop moves its people away first", async () => {
		const room = newRoom();
		const drained = { DRAIN_SECONDS: "20" };
		const region = newRegion("af");
		let current = await addNode("1", region, drained);
		const people = [await enter(room, "a", region), await enter(room, "b", region), await enter(room, "c", "us")];
		await Promise.all(people.map((bot) => bot.publish()));
		const flowing = async () => {
			for (const to of people) for (const from of people) if (from !== to) await to.receives(`${from.id}-video`);
		};
		await flowing();
		for (const bot of people) bot.resetGaps();
		for (const id of ["2", "3"]) {
			const next = await addNode(id, region, drained);
			expect(await current.kill("SIGTERM")).toBe(0);
			expect(people.slice(0, 2).map(({ node }) => node)).toEqual([next.id, next.id]);
			current = next;
		}
		await flowing();
		const gaps = people.flatMap((bot) => [...bot.received.values()].map(({ longestGap }) => longestGap));
		expect(Math.max(...gaps)).toBeLessThan(500);
	});
});

describe("a node that dies", () => {
	it("loses its people to another; the others hear of nothing but the gap", async () => {
		const room = newRoom();
		const region = newRegion("af");
		const dying = await addNode("dies", region);
		const people = [await enter(room, "a", region), await enter(room, "b", region), await enter(room, "c", "eu")];
		expect(people.map(({ node }) => node)).toEqual([dying.id, dying.id, "eu-1"]);
		await Promise.all(people.map((bot) => bot.publish()));
		for (const to of people) for (const from of people) if (from !== to) await to.receives(`${from.id}-video`);
		for (const bot of people) bot.resetGaps();
		const left: unknown[] = [];
		void people[2]?.signal.event("participantLeft").then((event) => left.push(event));
		await dying.kill("SIGKILL");
		for (const to of people) for (const from of people) if (from !== to) await to.receives(`${from.id}-video`, 10);
		expect(people.map(({ node }) => node)).toEqual(["eu-1", "eu-1", "eu-1"]);
		expect(left).toEqual([]);
		const gaps = people.flatMap((bot) => [...bot.received.values()].map(({ longestGap }) => longestGap));
		expect(Math.max(...gaps)).toBeLessThan(4_000);
	});
});
