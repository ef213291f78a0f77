/** Webhooks: in order, at least once, signed, and not into anybody's network. */
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { newRoom, TestClient, testEnv } from "../edge/support/client.ts";
import { type Answer, FAILING, OK, Receiver } from "./support/receiver.ts";
import { createRoom, feedOf, rest } from "./support/rest.ts";
import { alarm, alarmAt, loseMemory, pending, tables } from "./support/room.ts";

/** Nothing is left to deliver. */
async function drained(room: string): Promise<void> {
	while ((await pending(room)) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe("webhooks of a room", () => {
	it("get every event, in order, and nothing is kept then", async () => {
		const hook = new Receiver();
		const room = await createRoom({ webhooks: [hook.url] });
		const alice = await TestClient.join(room, "alice");
		const bob = await TestClient.join(room, "bob");
		await alice.do("leave", {});
		await bob.do("leave", {});
		expect(await hook.heard(4)).toEqual(["room.join alice", "room.join bob", "room.leave alice", "room.leave bob"]);
		expect((await hook.came(4)).map(({ event }) => event)).toEqual(await feedOf(room, 4));
		await drained(room);
	});

	it("are signed as Standard Webhooks says, so that any of its libraries verifies them", async () => {
		const hook = new Receiver();
		const room = await createRoom({ webhooks: [hook.url] });
		await TestClient.join(room, "alice");
		const [post] = await hook.came(1);
		if (!post) throw new Error("no post");
		const { body, event, headers } = post;
		expect(headers).toMatchObject({ "content-type": "application/json", "webhook-id": event.id });
		const secret = testEnv.WEBHOOK_SECRET as string;
		expect(new Webhook(secret).verify(body, headers)).toEqual(event);
		// Neither another body, nor another key, nor another id, nor another time.
		expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow("No matching signature");
		expect(() => new Webhook(btoa("x".repeat(32))).verify(body, headers)).toThrow("No matching signature");
		for (const header of ["webhook-id", "webhook-timestamp"]) {
			const other = { ...headers, [header]: `${Number(headers["webhook-timestamp"]) + 1}` };
			expect(() => new Webhook(secret).verify(body, other)).toThrow("No matching signature");
		}
		const old = { ...headers, "webhook-timestamp": `${Number(headers["webhook-timestamp"]) - 600}` };
		expect(() => new Webhook(secret).verify(body, old)).toThrow("timestamp too old");
	});

	it("are tried again while their server fails, at longer and longer intervals, and then come in order", async () => {
		const hook = new Receiver();
		await hook.answer(...Array<Answer>(6).fill(FAILING), OK);
		const room = await createRoom({ webhooks: [hook.url] });
		const alice = await TestClient.join(room, "alice");
		await alice.do("leave", {});
		expect(await hook.heard(8)).toEqual([...Array(7).fill("room.join alice"), "room.leave alice"]);
		const posts = await hook.came(8);
		expect(new Set(posts.slice(0, 7).map(({ event }) => event.id)).size).toBe(1);
		const pauses = posts.slice(1, 7).map(({ at }, i) => at - (posts[i]?.at ?? 0));
		// 40 ms doubled up to 200, each between its half and its whole.
		for (const [i, least] of [20, 40, 80, 100, 100, 100].entries()) expect(pauses[i]).toBeGreaterThanOrEqual(least - 1);
		await drained(room);
	});

	it("are tried again after a refused connection, an error and a redirect, which is not followed", async () => {
		const [hook, elsewhere] = [new Receiver(), new Receiver()];
		const redirect = { status: 307, headers: { location: elsewhere.url } };
		await hook.answer({ status: 0, thrown: true }, { status: 404 }, redirect, OK);
		const room = await createRoom({ webhooks: [hook.url] });
		await TestClient.join(room, "alice");
		expect(await hook.heard(4)).toEqual(Array(4).fill("room.join alice"));
		await drained(room);
		expect(await elsewhere.came(0)).toEqual([]);
	});

	it("are tried again when no answer comes in time", async () => {
		const hook = new Receiver();
		await hook.answer({ status: 204, held: true }, OK);
		const room = await createRoom({ webhooks: [hook.url] });
		await TestClient.join(room, "alice");
		const [first, second] = await hook.came(2);
		// WEBHOOK_TIMEOUT_MS of these tests.
		expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(1_500);
	});

	it("wait as long as their server asks", async () => {
		const hook = new Receiver();
		await hook.answer({ status: 429, headers: { "retry-after": "1" } }, OK);
		const room = await createRoom({ webhooks: [hook.url] });
		await TestClient.join(room, "alice");
		const [refused, taken] = await hook.came(2);
		expect((taken?.at ?? 0) - (refused?.at ?? 0)).toBeGreaterThanOrEqual(999);
	});

	it("stop for the room at 410, and hold nothing back for others", async () => {
		const [gone, other] = [new Receiver(), new Receiver()];
		await gone.answer({ status: 410 });
		const room = await createRoom({ webhooks: [gone.url, other.url] });
		const alice = await TestClient.join(room, "alice");
		await other.came(1);
		await gone.came(1);
		await drained(room);
		await loseMemory(room);
		await alice.do("leave", {});
		expect(await other.heard(2)).toEqual(["room.join alice", "room.leave alice"]);
		await drained(room);
		expect(await gone.came(0)).toHaveLength(1);
	});

	it("each go at their own pace", async () => {
		const [slow, fast] = [new Receiver(), new Receiver()];
		await slow.answer({ status: 204, held: true }, OK);
		const room = await createRoom({ webhooks: [slow.url, fast.url] });
		const alice = await TestClient.join(room, "alice");
		await alice.do("leave", {});
		await fast.came(2);
		await slow.came(1);
		expect(await pending(room)).toBe(2);
		await slow.letGo();
		expect(await slow.heard(2)).toEqual(["room.join alice", "room.leave alice"]);
		await drained(room);
		expect(await fast.came(0)).toHaveLength(2);
	});

	it("are given up, event by event, when nobody took them for a day", async () => {
		const hook = new Receiver();
		await hook.answer(FAILING);
		const room = await createRoom({ webhooks: [hook.url] });
		const alice = await TestClient.join(room, "alice");
		await hook.came(1);
		await feedOf(room, 1);
		await write(room, "UPDATE pending_event SET body = json_set(body, '$.at', json_extract(body, '$.at') - 86400000)");
		await alice.do("leave", {});
		// It is not tried any more, while what came after it still is.
		await hook.learned(2);
		expect(await pending(room)).toBe(1);
		await hook.answer(OK);
		await drained(room);
		expect((await hook.heard(0)).at(-1)).toBe("room.leave alice");
	});

	it("keep no more than a room may, and the oldest go", async () => {
		const hook = new Receiver();
		await hook.answer({ status: 503, headers: { "retry-after": "3600" } });
		const room = await createRoom({ webhooks: [hook.url] });
		// MAX_PENDING_EVENTS of these tests is 20.
		for (let i = 0; i < 12; i++) await (await TestClient.join(room, `guest-${i}`)).do("leave", {});
		await feedOf(room, 24);
		expect(await pending(room)).toBe(20);
		await hook.answer(OK);
		await write(room, OVER);
		await alarm(room);
		expect(new Set(await hook.learned(21))).toContain("room.leave guest-11");
		expect((await hook.heard(0)).slice(1, 3)).toEqual(["room.join guest-2", "room.leave guest-2"]);
	});
});

describe("events outlive", () => {
	it("the room's memory, between any two of them", async () => {
		const hook = new Receiver();
		const room = await createRoom({ webhooks: [hook.url] });
		const alice = await TestClient.join(room, "alice");
		const expected = ["room.join alice"];
		for (let i = 0; i < 5; i++) {
			await loseMemory(room);
			await TestClient.join(room, `guest-${i}`);
			expected.push(`room.join guest-${i}`);
		}
		await loseMemory(room);
		await alice.do("leave", {});
		expected.push("room.leave alice");
		expect(await hook.learned(expected.length)).toEqual(expected);
	});

	it("an abort while they are on their way", async () => {
		const hook = new Receiver();
		await hook.answer({ status: 204, held: true }, OK);
		const room = await createRoom({ webhooks: [hook.url] });
		await TestClient.join(room, "alice");
		await TestClient.join(room, "bob");
		await hook.came(1);
		await abortAllDurableObjects();
		// The receiver is an object too, and has forgotten the first. Nobody comes back: the alarm wakes the room.
		await hook.answer(OK);
		expect(await alarm(room)).toBe(true);
		expect(await hook.learned(2)).toEqual(["room.join alice", "room.join bob"]);
	});

	it("a server that fails while memory is lost, with their pauses", async () => {
		const hook = new Receiver();
		await hook.answer({ status: 503, headers: { "retry-after": "3600" } });
		const room = await createRoom({ webhooks: [hook.url] });
		const alice = await TestClient.join(room, "alice");
		await hook.came(1);
		await feedOf(room, 1);
		await loseMemory(room);
		await alice.do("update", { name: "still here" });
		expect(await hook.came(0)).toHaveLength(1);
		await hook.answer(OK);
		await write(room, OVER);
		await alarm(room);
		await hook.came(2);
		await drained(room);
	});

	it("the room itself: those who are thrown out of a deleted room are told of", async () => {
		const hook = new Receiver();
		await hook.answer(FAILING);
		const room = await createRoom({ webhooks: [hook.url] });
		await TestClient.join(room, "alice");
		await TestClient.join(room, "bob");
		await hook.came(1);
		expect((await rest("DELETE", `/rooms/${room}`)).status).toBe(204);
		expect((await rest("GET", `/rooms/${room}`)).status).toBe(404);
		// Also when memory is lost then, and nobody but its alarm comes to a room that is gone.
		await loseMemory(room);
		await hook.answer(OK);
		await alarm(room);
		expect(await hook.learned(4)).toEqual(["room.join alice", "room.join bob", "room.leave alice", "room.leave bob"]);
		expect((await hook.came(0)).at(-1)?.event.data).toMatchObject({ reason: "roomClosed", size: 0 });
		// And then nothing is left of it.
		await drained(room);
		while ((await tables(room)).includes("pending_event")) await new Promise((resolve) => setTimeout(resolve, 5));
		expect(await alarmAt(room)).toBeNull();
	});

	it("a room made anew under its name, whose own events go on above them and elsewhere", async () => {
		const [before, after] = [new Receiver(), new Receiver()];
		await before.answer(FAILING);
		const room = await createRoom({ webhooks: [before.url] });
		await TestClient.join(room, "alice");
		await before.came(1);
		await rest("DELETE", `/rooms/${room}`);
		await createRoom({ webhooks: [after.url] }, room);
		await TestClient.join(room, "bob");
		expect(await after.learned(1)).toEqual(["room.join bob"]);
		await before.answer(OK);
		expect(await before.learned(2)).toEqual(["room.join alice", "room.leave alice"]);
		await drained(room);
		const [own] = await after.came(1);
		expect(own?.event.seq).toBeGreaterThan((await before.came(0)).at(-1)?.event.seq ?? 0);
		expect(await before.learned(2)).toHaveLength(2);
		expect((await rest("GET", `/rooms/${room}`)).status).toBe(200);
	});
});

describe("where a room's webhooks may go", () => {
	it.each([
		["http://hooks.example.com/", "must be an https URL"],
		["https://127.0.0.1/", "must not be a private"],
		["https://[::ffff:10.0.0.1]/", "must not be a private"],
		["https://2130706433/", "must not be a private"],
		["https://localhost:8443/", "must have a public host name"],
		["https://user:secret@hooks.example.com/", "must not have a user"],
	])("not to %s", async (url, reason) => {
		const { status, body } = await rest("POST", "/rooms", { name: newRoom(), settings: { webhooks: [url] } });
		expect({ status, body }).toEqual({
			status: 400,
			body: { error: { code: "bad_request", message: expect.stringContaining(`settings.webhooks.0: ${reason}`) } },
		});
	});
});

/** As if every pause were over. */
const OVER = "UPDATE event_receiver SET value = json_set(value, '$.retryAt', 1)";

/** Changes the room's storage behind its back. */
async function write(room: string, sql: string): Promise<void> {
	await runInDurableObject(testEnv.ROOM.getByName(room), (_, { storage }) => void storage.sql.exec(sql));
	await loseMemory(room);
}
