/** The feed: each event once, in the order of its room, to consumers whose place the edge keeps. */
import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { EVENT_SHARDS, EVENT_WINDOW } from "../../shared/events.ts";
import { feedShard } from "../../worker/events/feed/locate.ts";
import type { FeedRpc } from "../../worker/events/feed/rpc.ts";
import { newRoom, TestClient, testEnv } from "../edge/support/client.ts";
import { dial, TestConsumer } from "./support/consumer.ts";
import { consumers, feedOf, readFeed, rest } from "./support/rest.ts";

const SHARD = 0;
const stub = () => testEnv.FEED.getByName(`events-${SHARD}`);

let name = "";
/** Position of the last event before the test. */
let start = 0;
beforeEach(async () => {
	name = `consumer-${crypto.randomUUID()}`.slice(0, 60);
	start = (await (stub() as unknown as FeedRpc).consumers()).last;
});

/** What a room would have brought; `room` need not be one of this share. */
async function append(room: string, from: number, to: number): Promise<void> {
	const events = Array.from({ length: to - from + 1 }, (_, i) => ({
		seq: from + i,
		body: JSON.stringify({
			...{ id: `${room}/${from + i}`, seq: from + i, room, type: "room.live", at: Date.now() },
			data: { size: 1 },
		}),
	}));
	await (stub() as unknown as FeedRpc).append(room, events);
}

async function loseMemory(): Promise<void> {
	await evictDurableObject(stub(), { webSockets: "hibernate" });
}

describe("a consumer", () => {
	it("that is new gets what is there, then what comes, each room's in its order", async () => {
		await append("a", 1, 2);
		await append("b", 7, 7);
		const consumer = await TestConsumer.open(SHARD, name);
		expect(consumer.hello.position).toBe(0);
		const before = await consumer.take(start + 3);
		expect(before.slice(-3).map(({ room, seq }) => `${room}${seq}`)).toEqual(["a1", "a2", "b7"]);
		await append("a", 3, 3);
		expect((await consumer.take(1)).map(({ room, seq }) => `${room}${seq}`)).toEqual(["a3"]);
	});

	it("may begin with what comes", async () => {
		await append(newRoom(), 1, 3);
		const consumer = await TestConsumer.open(SHARD, name, "now");
		const room = newRoom();
		await append(room, 1, 1);
		expect(await consumer.take(1)).toEqual([{ room, seq: 1, position: start + 4 }]);
	});

	it("gets an event once, however often its room brings it", async () => {
		const room = newRoom();
		const consumer = await TestConsumer.open(SHARD, name, "now");
		await append(room, 1, 3);
		await append(room, 1, 3);
		await loseMemory();
		await append(room, 2, 5);
		await append(room, 1, 1);
		await append(room, 6, 6);
		expect((await consumer.take(6)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
		expect(await consumer.rest()).toBe(0);
	});

	it("gets again what it has not acknowledged, and nothing else, when it comes back", async () => {
		const room = newRoom();
		const consumer = await TestConsumer.open(SHARD, name, "now");
		await append(room, 1, 5);
		const [, , third] = await consumer.take(5);
		await consumer.ack(third?.position ?? 0);
		expect(await consumer.rest()).toBe(0);
		consumer.socket.close(1000);
		await consumer.socket.closed;
		const back = await TestConsumer.open(SHARD, name);
		expect(back.hello).toMatchObject({ position: third?.position, log: consumer.hello.log });
		expect((await back.take(2)).map(({ seq }) => seq)).toEqual([4, 5]);
	});

	it("is sent a window ahead of its acknowledgements, and no further", async () => {
		const room = newRoom();
		const consumer = await TestConsumer.open(SHARD, name, "now");
		for (let i = 0; i < 6; i++) await append(room, i * 100 + 1, i * 100 + 100);
		const sent = await consumer.take(EVENT_WINDOW);
		expect(sent).toHaveLength(EVENT_WINDOW);
		expect(await consumer.rest()).toBe(0);
		await loseMemory();
		await consumer.ack(sent[49]?.position ?? 0);
		expect((await consumer.take(50)).at(-1)?.seq).toBe(EVENT_WINDOW + 50);
		expect(await consumer.rest()).toBe(0);
		await consumer.ack(start + EVENT_WINDOW + 50);
		expect((await consumer.take(38)).at(-1)?.seq).toBe(600);
	});

	it("keeps its socket while the object's memory is lost, and gets what comes then", async () => {
		const room = newRoom();
		const consumer = await TestConsumer.open(SHARD, name, "now");
		await append(room, 1, 1);
		await consumer.take(1);
		await loseMemory();
		await append(room, 2, 2);
		expect((await consumer.take(1)).map(({ seq }) => seq)).toEqual([2]);
	});

	it("loses nothing to an abort", async () => {
		const room = newRoom();
		const consumer = await TestConsumer.open(SHARD, name, "now");
		await append(room, 1, 3);
		const [first] = await consumer.take(3);
		await consumer.ack(first?.position ?? 0);
		await abortAllDurableObjects();
		await append(room, 3, 4);
		const back = await TestConsumer.open(SHARD, name);
		expect((await back.take(3)).map(({ seq }) => seq)).toEqual([2, 3, 4]);
	});

	it("that comes a second time takes the place of the first", async () => {
		const first = await TestConsumer.open(SHARD, name, "now");
		const second = await TestConsumer.open(SHARD, name);
		expect((await first.socket.closed).code).toBe(CLOSE.replaced);
		await append(newRoom(), 1, 1);
		expect(await second.take(1)).toHaveLength(1);
		expect((await consumers()).find((it) => it.name === name)).toMatchObject({ behind: 1, connected: false });
	});

	it.each([["nonsense"], ['{"type":"ack"}'], ['{"type":"ack","position":999999999}']])(
		"that says %s is closed",
		async (frame) => {
			const consumer = await TestConsumer.open(SHARD, name, "now");
			consumer.socket.send(frame);
			expect((await consumer.socket.closed).code).toBe(CLOSE.abuse);
		},
	);

	it.each([
		["without a key", "consumer=a&shard=0", { Authorization: "" }, 401],
		["with a wrong key", "consumer=a&shard=0", { Authorization: `Bearer ${btoa("x".repeat(32))}` }, 401],
		["without a socket", "consumer=a&shard=0", { Upgrade: "" }, 426],
		["of another protocol", "consumer=a&shard=0", { "Sec-WebSocket-Protocol": "switchyard.v1" }, 400],
		["without a name", "shard=0", {}, 400],
		["with a bad name", "consumer=a%20b&shard=0", {}, 400],
		["of no share", `consumer=a&shard=${EVENT_SHARDS}`, {}, 400],
	])("is refused %s", async (_, query, headers, status) => {
		expect((await dial(query, headers)).status).toBe(status);
	});
});

describe("over REST", () => {
	it("rooms' events are read page by page, and again from the last one's cursor", async () => {
		const rooms = Array.from({ length: 8 }, newRoom);
		const from = await tail();
		await Promise.all(rooms.map((room) => joinAndLeave(room, 3)));
		for (const room of rooms) await feedOf(room, 6);
		const read: string[] = [];
		let cursor = from;
		for (let page = await readFeed(undefined, cursor, 10); page.items.length > 0; ) {
			read.push(...page.items.map(({ id }) => id));
			cursor = page.cursor;
			page = await readFeed(undefined, cursor, 10);
		}
		expect(read).toHaveLength(48);
		expect(new Set(read).size).toBe(48);
		for (const room of rooms) {
			const own = read.filter((id) => id.startsWith(`${room}/`));
			expect(own).toEqual((await readFeed(room)).items.map(({ id }) => id));
			expect(own).toHaveLength(6);
		}
		// What comes later is on the next page of the same cursor.
		const late = newRoom();
		await joinAndLeave(late, 1);
		await feedOf(late, 2);
		expect((await readFeed(undefined, cursor)).items.map(({ room, type }) => `${room} ${type}`)).toEqual([
			`${late} room.join`,
			`${late} room.leave`,
		]);
	});

	it("one room's events come page by page as well", async () => {
		const room = newRoom();
		await joinAndLeave(room, 3);
		const all = await feedOf(room, 6);
		const first = await readFeed(room, undefined, 4);
		const second = await readFeed(room, first.cursor, 4);
		expect([...first.items, ...second.items]).toEqual(all);
		expect((await readFeed(room, second.cursor)).items).toEqual([]);
	});

	it("consumers are listed with how far behind they are, and forgotten", async () => {
		const room = newRoom();
		await append(room, 1, 4);
		const sockets = await Promise.all(
			Array.from({ length: EVENT_SHARDS }, (_, shard) => TestConsumer.open(shard, name, "now")),
		);
		await append(room, 5, 7);
		expect((await consumers()).find((it) => it.name === name)).toMatchObject({ behind: 3, connected: true });
		await sockets[SHARD]?.ack(start + 6);
		expect((await consumers()).find((it) => it.name === name)).toMatchObject({ behind: 1, connected: true });
		expect((await rest("DELETE", `/events/consumers/${name}`)).status).toBe(204);
		for (const { socket } of sockets) expect((await socket.closed).code).toBe(CLOSE.removed);
		expect((await consumers()).some((it) => it.name === name)).toBe(false);
		expect((await rest("DELETE", `/events/consumers/${name}`)).status).toBe(404);
	});

	it.each(["after=nonsense", "limit=0", "limit=501", "room=%20"])("a bad %s is refused", async (query) => {
		expect((await rest("GET", `/events?${query}`)).status).toBe(400);
	});
});

describe("old events", () => {
	it("go after three days, unread ones with a word in the log, and positions go on", async () => {
		const room = newRoom();
		const consumer = await TestConsumer.open(SHARD, name, "now");
		await append(room, 1, 3);
		await consumer.take(3);
		await consumer.ack(start + 1);
		await runInDurableObject(stub(), async (_, { storage }) => {
			storage.sql.exec("UPDATE event SET at = at - 259200001");
			storage.sql.exec("UPDATE room SET at = at - 259200001");
			expect(await storage.getAlarm()).toBeLessThanOrEqual(Date.now() + 3_600_000);
		});
		const log = vi.spyOn(console, "error").mockImplementation(() => {});
		await runDurableObjectAlarm(stub());
		expect(log.mock.calls.map(([entry]) => entry as { consumer: string }).find((it) => it.consumer === name)).toEqual({
			event: "events dropped for their age, unread",
			consumer: name,
			most: 2,
		});
		log.mockRestore();
		expect((await readFeed()).items.filter((event) => event.room === room)).toEqual([]);
		// Nothing is left, so nothing wakes it.
		expect(await runInDurableObject(stub(), (_, { storage }) => storage.getAlarm())).toBeNull();
		await loseMemory();
		await append(room, 4, 4);
		expect(await consumer.take(1)).toEqual([{ room, seq: 4, position: start + 4 }]);
	});
});

async function joinAndLeave(room: string, times: number): Promise<void> {
	for (let i = 0; i < times; i++) await (await TestClient.join(room, `guest-${i}`)).do("leave", {});
}

/** The cursor after all there is. */
async function tail(): Promise<string> {
	let page = await readFeed(undefined, undefined, 500);
	while (page.items.length > 0) page = await readFeed(undefined, page.cursor, 500);
	return page.cursor;
}

it("rooms are spread over the shares, and each always has the same", () => {
	const shards = Array.from({ length: 4_000 }, (_, i) => feedShard(`room-${i}`));
	for (let shard = 0; shard < EVENT_SHARDS; shard++) {
		const share = shards.filter((it) => it === shard).length;
		expect(share).toBeGreaterThan(900);
		expect(share).toBeLessThan(1_100);
	}
	// As they are in storage: these must never change.
	expect(["a", "demo", "room-1", "room-2", "x".repeat(128)].map(feedShard)).toEqual([0, 2, 0, 1, 1]);
});
