import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { readLimits } from "../../shared/limits.ts";
import { dialects } from "../../worker/dialects/index.ts";
import { Core } from "../../worker/room/core.ts";
import type { RoomRpc } from "../../worker/room/rpc.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { bearerFor, device, enterRoom, nobody, TribeClient } from "./support/tribe.ts";

const stubOf = (room: string) => testEnv.ROOM.getByName(room);

/** Its socket is lost without a word, and the room has noticed. */
async function away(room: string, client: TribeClient): Promise<void> {
	client.socket.close(3999);
	const seen = () => (stubOf(room) as unknown as RoomRpc).getParticipant(client.id);
	await expect.poll(seen).toMatchObject({ value: { state: "away" } });
}

async function reconnect(client: TribeClient): Promise<TribeClient> {
	const again = await TribeClient.dial();
	again.joined = client.joined;
	expect(await again.call("reconnect", { socketId: client.id })).toEqual({
		a: "reconnectR",
		s: true,
		d: { roomSize: expect.any(Number) },
	});
	return again;
}

/** Moves a time of each member's row; what is due is due at the next alarm. */
async function later(room: string, change: (member: { awayUntil?: number }) => void): Promise<void> {
	await runInDurableObject(stubOf(room), (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value);
			change(member);
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
	});
	await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
	expect(await runDurableObjectAlarm(stubOf(room))).toBe(true);
}

describe("a client whose socket was lost", () => {
	it("comes back with what it missed, in order, and nothing twice", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		await a.call("sendMessage", { to: b.id, message: "before" });
		await b.settled();
		await away(room, b);
		await a.call("sendMessage", { to: b.id, message: 1 });
		await a.call("orientationChange", { orientation: 0, camera: "back" });
		await a.call("exchangeSdp", { to: b.id, sdp: { type: "offer", sdp: "v=0" } });
		await a.call("exchangeCandidate", { to: b.id, candidate: { candidate: "candidate:1", sdpMid: "0" } });
		const c = await TribeClient.join(room, "c");
		c.socket.close(1000);
		await a.data("eventLeave");
		await a.call("sendMessage", { to: b.id, message: 2 });
		const again = await TribeClient.dial();
		again.send("reconnect", { socketId: b.id });
		again.send("no-such-action");
		await again.answer("no-such-action");
		again.joined = b.joined;
		const frames = again.socket.untaken as { a: string; d: unknown }[];
		expect(frames[0]).toEqual({ a: "reconnectR", s: true, d: { roomSize: 2 } });
		const from = a.session;
		const told = frames.slice(1).filter(({ a: name }) => name !== "eventUserMediaConfiguration");
		expect(told).toEqual([
			{ a: "eventMessage", d: { from, message: 1 } },
			{ a: "eventOrientationChange", d: { from, platform: "iOS", orientation: 0, camera: "back" } },
			{ a: "eventExchangeSdp", d: { from, sdp: { type: "offer", sdp: "v=0" } } },
			{ a: "eventExchangeCandidate", d: { from, candidate: { candidate: "candidate:1", sdpMid: "0" } } },
			{ a: "eventOrientationChange", d: expect.objectContaining({ from: c.session }) },
			{ a: "eventLeave", d: { roomId: room, roomSize: 2, ...c.session } },
			{ a: "eventMessage", d: { from, message: 2 } },
		]);
		// Taken: not sent once more.
		await away(room, again);
		expect((await (await reconnect(b)).settled()).filter(({ a: name }) => name === "eventMessage")).toEqual([]);
	});

	it("is who it was", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b", { platform: "Android" });
		await away(room, b);
		const again = await reconnect(b);
		await again.call("sendMessage", { to: a.id, message: "back" });
		expect(await a.data("eventMessage")).toEqual({ from: b.session, message: "back" });
		await again.call("orientationChange", { orientation: 180, camera: "front" });
		await a.settled();
		expect(await again.call("join", { roomId: room, bearer: await bearerFor("b") })).toMatchObject({ e: 0x523 });
	});

	it("has thirty seconds, then it has left", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		await away(room, b);
		await later(room, (member) => {
			if (member.awayUntil !== undefined) member.awayUntil -= 29_000;
		});
		const again = await reconnect(b);
		await away(room, again);
		await a.settled();
		await later(room, (member) => {
			if (member.awayUntil !== undefined) member.awayUntil -= 30_000;
		});
		expect(await a.data("eventLeave")).toEqual({ roomId: room, roomSize: 1, ...b.session });
		const late = await TribeClient.dial();
		expect(await late.call("reconnect", { socketId: b.id })).toEqual({ a: "reconnectR", s: false, e: 0x525 });
		expect(await late.join(room, "b")).toMatchObject({ roomSize: 2 });
	});

	it("may be there again before its loss was noticed: the newest socket counts", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		const again = await reconnect(b);
		expect((await b.socket.closed).code).toBe(4009);
		await again.call("sendMessage", { to: a.id, message: 1 });
		expect(await a.data("eventMessage")).toEqual({ from: b.session, message: 1 });
		expect((await a.settled()).filter(({ a: name }) => name === "eventLeave")).toEqual([]);
	});

	it("is not anybody's to take by a wrong socketId", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const native = await TestClient.join(room, "nina");
		const b = await TribeClient.join(room, "b");
		const nina = b.joined.sessions.find(({ userId }) => userId === "nina");
		const stranger = await TribeClient.dial();
		const wrong = [nobody(a.id), a.id.toLowerCase(), "0".repeat(32), "F".repeat(32), "x", nina?.socketId];
		for (const socketId of wrong) {
			expect([socketId, await stranger.call("reconnect", { socketId })]).toEqual([
				socketId,
				{ a: "reconnectR", s: false, e: 0x525 },
			]);
		}
		for (const d of [undefined, {}, { socketId: "" }, { socketId: null }]) {
			expect(await stranger.call("reconnect", d)).toMatchObject({ e: 0x503 });
		}
		expect(await stranger.call("reconnect", { socketId: a.id, bearer: "x" })).toMatchObject({ e: 0x506 });
		const bearer = await bearerFor("another");
		expect(await stranger.call("reconnect", { socketId: a.id, bearer })).toMatchObject({ e: 0x525 });
		expect(await stranger.call("reconnect", { socketId: a.id, bearer: await bearerFor("a") })).toMatchObject({
			s: true,
		});
		native.socket.close();
	});
});

describe("an edge that asks for more than the protocol", () => {
	it("takes a session over only for who shows its user's bearer", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		await away(room, a);
		const again = await TribeClient.dial({ TRIBE_RECONNECT_BEARER: "true" });
		const socketId = a.id;
		expect(await again.call("reconnect", { socketId })).toEqual({ a: "reconnectR", s: false, e: 0x506 });
		const another = await bearerFor("another");
		expect(await again.call("reconnect", { socketId, bearer: another })).toMatchObject({ e: 0x525 });
		expect(await again.call("reconnect", { socketId, bearer: await bearerFor("a") })).toMatchObject({ s: true });
	});

	it("lets nobody into a room that was not made before", async () => {
		const room = newRoom();
		const told = await runInDurableObject(stubOf(room), async (_, state) => {
			const core = new Core(state, { ...testEnv, AUTO_CREATE: "false" }, readLimits(testEnv), dialects);
			const guest = enterRoom(core, room, "a");
			while (guest.told.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
			return guest.told;
		});
		expect(told.map((text) => JSON.parse(text))).toEqual([{ a: "joinR", s: false, e: 0x522 }]);
	});
});

describe("a room", () => {
	it("that forgot everything goes on, with what waits for those away", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		const c = await TribeClient.join(room, "c");
		await away(room, b);
		await a.call("sendMessage", { to: b.id, message: "kept" });
		await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
		await a.call("sendMessage", { to: c.id, message: "on" });
		expect(await c.data("eventMessage")).toEqual({ from: a.session, message: "on" });
		const again = await reconnect(b);
		expect(await again.data("eventMessage")).toEqual({ from: a.session, message: "kept" });
		await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
		c.socket.close(1000);
		expect(await a.data("eventLeave")).toEqual({ roomId: room, roomSize: 2, ...c.session });
		expect(await again.data("eventLeave")).toEqual({ roomId: room, roomSize: 2, ...c.session });
	});

	it("whose object was lost with all sockets keeps its sessions for who comes back", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		await a.settled();
		await abortAllDurableObjects();
		await a.socket.closed;
		const again = await reconnect(a);
		const other = await reconnect(b);
		await again.call("sendMessage", { to: b.id, message: 1 });
		expect(await other.data("eventMessage")).toEqual({ from: a.session, message: 1 });
	});

	it("has nobody in it who only left the page, or closed without a code", async () => {
		for (const close of [1000, 1001, undefined]) {
			const room = newRoom();
			const a = await TribeClient.join(room, "a");
			const b = await TribeClient.join(room, "b");
			b.socket.close(close);
			expect(await a.data("eventLeave")).toMatchObject(b.session);
			const late = await TribeClient.dial();
			expect(await late.call("reconnect", { socketId: b.id })).toMatchObject({ e: 0x525 });
		}
	});

	it("does not take who says nothing for one that does not read, unless very much comes at once", async () => {
		const outcome = await runInDurableObject(stubOf(newRoom()), async (_, state) => {
			const limits = { ...readLimits(testEnv), maxBufferedBytes: 1_000, heartbeatMs: 100 };
			const core = new Core(state, testEnv, limits, dialects);
			const cut: string[] = [];
			let sends = 0;
			const text = "x".repeat(900);
			for (const dialect of ["tribe", "native"]) {
				const { 0: client, 1: server } = new WebSocketPair();
				core.sockets.onSlow = () => cut.push(`${dialect} ${sends}`);
				const who = { kind: "member", dialect, participant: dialect, session: dialect, since: 0 } as const;
				core.sockets.accept(server, who);
				client.accept();
				for (sends = 1; sends <= 10; sends++) {
					core.sockets.send(server, text);
					if (sends === 1) await new Promise((resolve) => setTimeout(resolve, 200));
					if (cut.some((it) => it.startsWith(dialect))) break;
				}
				server.close(1000);
			}
			return cut;
		});
		expect(outcome).toEqual(["tribe 10", "native 2"]);
	});

	it("does not cut who says nothing: there is no heartbeat to be had of them", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		await runInDurableObject(stubOf(room), (_, state) => {
			for (const ws of state.getWebSockets()) {
				const attachment = ws.deserializeAttachment();
				ws.serializeAttachment({ ...attachment, since: Date.now() - 3_600_000 });
			}
		});
		await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
		await runDurableObjectAlarm(stubOf(room));
		expect(await a.call("join", { roomId: room, bearer: await bearerFor("a"), ...device })).toMatchObject({ e: 0x523 });
	});
});
