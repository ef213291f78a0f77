/** What back ends are told, and when. */
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { readLimits } from "../../shared/limits.ts";
import { dialects } from "../../worker/dialects/index.ts";
import { recordEvent } from "../../worker/events/record.ts";
import { Core } from "../../worker/room/core.ts";
import { newRoom, TestClient, testEnv } from "../edge/support/client.ts";
import { feedOf, rest } from "./support/rest.ts";
import { alarm, alarmAt, loseMemory, record, tables } from "./support/room.ts";

describe("a room's events", () => {
	it("tell who joined and left, with how many are there, in order and numbered one by one", async () => {
		const room = newRoom();
		const before = Date.now();
		const alice = await TestClient.join(room, "alice", { name: "Alice" });
		const bob = await TestClient.join(room, "bob");
		await alice.do("leave", {});
		await bob.do("leave", {});
		const events = await feedOf(room, 4);
		expect(events.map(({ type, room: of, data }) => ({ type, of, ...data }))).toEqual([
			{
				...{ type: "room.join", of: room, size: 1, participant: "alice", name: "Alice", dialect: "native" },
				session: alice.welcome.session.id,
			},
			{
				...{ type: "room.join", of: room, size: 2, participant: "bob", dialect: "native" },
				session: bob.welcome.session.id,
			},
			expect.objectContaining({ type: "room.leave", size: 1, participant: "alice", reason: "left" }),
			expect.objectContaining({ type: "room.leave", size: 0, participant: "bob", reason: "left" }),
		]);
		const [first] = events;
		if (!first) throw new Error("no event");
		expect(events.map(({ seq }) => seq - first.seq)).toEqual([0, 1, 2, 3]);
		for (const { id, seq, at } of events) {
			expect(id).toBe(`${room}/${seq}`);
			expect(at).toBeGreaterThanOrEqual(before);
			expect(at).toBeLessThanOrEqual(Date.now());
		}
	});

	it("go on in number after memory was lost", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		await feedOf(room, 1);
		await loseMemory(room);
		await alice.do("leave", {});
		const [join, leave] = await feedOf(room, 2);
		expect(leave?.seq).toBe((join?.seq ?? 0) + 1);
	});

	it("tell of a replaced join as a leave and a join", async () => {
		const room = newRoom();
		await TestClient.join(room, "alice");
		await TestClient.join(room, "alice");
		expect((await feedOf(room, 3)).map(({ type, data }) => [type, data.size, data.reason])).toEqual([
			["room.join", 1, undefined],
			["room.leave", 0, "replaced"],
			["room.join", 1, undefined],
		]);
	});

	it("do not tell of a socket that drops and comes back", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		const bob = await TestClient.join(room, "bob");
		alice.socket.close(4999);
		await bob.event("participantUpdated");
		const back = await alice.again(room);
		await back.resume(alice);
		await back.do("leave", {});
		expect((await feedOf(room, 3)).map(({ type, data }) => `${type} ${data.participant}`)).toEqual([
			"room.join alice",
			"room.join bob",
			"room.leave alice",
		]);
	});

	it("carry what a dialect knows, and its own events", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		await feedOf(room, 1);
		// What a dialect does, in a room whose memory is lost before anything is delivered.
		await runInDurableObject(testEnv.ROOM.getByName(room), (_, state) => {
			const core = new Core(state, testEnv, readLimits(testEnv), dialects);
			const member = core.members.get("alice");
			if (!member) throw new Error("alice is not there");
			member.details = { platform: "iOS", networkType: "wifi" };
			core.members.touch("alice");
			recordEvent(core, { type: "device.hot", member, details: { degrees: 40 } });
			core.commit();
		});
		await loseMemory(room);
		await alice.do("leave", {});
		const [, hot, leave] = await feedOf(room, 3);
		expect(hot).toMatchObject({
			type: "device.hot",
			data: { size: 1, participant: "alice", session: alice.welcome.session.id, details: { degrees: 40 } },
		});
		expect(leave?.data.details).toEqual({ platform: "iOS", networkType: "wifi" });
	});
});

describe("room.live", () => {
	it("tells who is there, a minute after the first came and each minute from then on", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		const bob = await TestClient.join(room, "bob");
		await feedOf(room, 2);
		const { liveAt } = (await record(room)) as { liveAt: number };
		const sinceFirst = liveAt - (alice.joined.participants[0]?.joinedAt ?? 0);
		expect(sinceFirst).toBeGreaterThanOrEqual(60_000);
		expect(sinceFirst).toBeLessThan(60_500);
		// Its time comes.
		await record(room, { liveAt: Date.now() });
		expect(await alarm(room)).toBe(true);
		expect((await feedOf(room, 3))[2]).toMatchObject({
			type: "room.live",
			data: {
				size: 2,
				participants: [
					{ id: "alice", session: alice.welcome.session.id },
					{ id: "bob", session: bob.welcome.session.id },
				],
			},
		});
		const next = ((await record(room)) as { liveAt: number }).liveAt - Date.now();
		expect(next).toBeGreaterThan(55_000);
		expect(next).toBeLessThanOrEqual(60_000);
	});

	it("costs nothing where nobody is: no time, no row, no alarm of its own", async () => {
		const room = newRoom();
		await rest("POST", "/rooms", { name: room });
		expect(await record(room)).not.toHaveProperty("liveAt");
		expect(await tables(room)).not.toContain("pending_event");
		const empty = await alarmAt(room);

		const alice = await TestClient.join(room, "alice");
		expect(await record(room)).toHaveProperty("liveAt");
		await alice.do("leave", {});
		await feedOf(room, 2);
		const { emptySince, liveAt } = (await record(room)) as { emptySince: number; liveAt?: number };
		expect(liveAt).toBeUndefined();
		// The one alarm is that of any empty room: five minutes, and it goes.
		expect(empty).toBeGreaterThan(0);
		expect(await alarmAt(room)).toBe(emptySince + 300_000);
		await alarm(room);
		expect(await feedOf(room, 2)).toHaveLength(2);
	});
});
