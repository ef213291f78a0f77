import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { channelUuid } from "../../worker/api/odoo/uuid.ts";
import { decodeLenient } from "../../worker/auth/lenient-jwt.ts";
import edge from "../../worker/index.ts";
import { EDGE, fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
import { makeChannel, OdooClient, sign } from "./support/odoo.ts";

const silent = () => makeChannel({}, "?webRTC=false");
const stubOf = (uuid: string) => testEnv.ROOM.getByName(uuid);

/** As if that much time had passed for a row's times: what is due is due at the next alarm. */
async function later(uuid: string, ms: number): Promise<void> {
	await runInDurableObject(stubOf(uuid), (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value) as { dueAt?: number; own: Record<string, unknown> };
			if (member.dueAt !== undefined) member.dueAt -= ms;
			for (const time of ["connectBy", "transportsBy", "pingAt", "pongBy"]) {
				const at = member.own[time];
				if (typeof at === "number") member.own[time] = at - ms;
			}
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
	});
	await evictDurableObject(stubOf(uuid), { webSockets: "hibernate" });
	expect(await runDurableObjectAlarm(stubOf(uuid))).toBe(true);
}

function recordIn(state: DurableObjectState) {
	const [row] = state.storage.sql.exec<{ value: string }>("SELECT value FROM room").toArray();
	return JSON.parse(row?.value ?? "{}") as { listed: boolean; endsAt?: number };
}

const memberCount = (uuid: string) =>
	runInDurableObject(
		stubOf(uuid),
		(_, state) => state.storage.sql.exec("SELECT COUNT(*) AS count FROM participant").one().count,
	);

/** When the channel ends if nobody comes, as it is written. */
const endOf = (uuid: string) => runInDurableObject(stubOf(uuid), (_, state) => recordIn(state).endsAt);

describe("credentials", () => {
	it("are taken in both forms on every path", async () => {
		const { uuid } = await silent();
		const current = JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1 }) });
		const legacy = JSON.stringify(await sign({ session_id: 1, sfu_channel_uuid: uuid }));
		const mixed = JSON.stringify({ jwt: await sign({ session_id: 1, sfu_channel_uuid: uuid }) });
		for (const frame of [current, legacy, mixed]) {
			for (const path of [`/odoo/${uuid}`, "/", "/some/where?x=1"]) {
				const client = await OdooClient.dial(path);
				client.raw(frame);
				await client.authenticated;
				client.close();
				await client.closed;
			}
		}
	});

	it("may be a binary frame", async () => {
		const { uuid } = await silent();
		const client = await OdooClient.dial("/");
		const text = JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1 }) });
		client.raw(new TextEncoder().encode(text).buffer as ArrayBuffer);
		await client.authenticated;
	});

	it("are signed with the channel's own key where it has one, which may be the text of a UUID", async () => {
		const text = "7f3c2a10-9b1e-4c55-8d2f-0a1b2c3d4e5f";
		const key = decodeLenient(text);
		expect(Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(
			"edfddcd9ad74fbd6f57bee1ce79fbc7767fed1ad5bd9cddde1ee5f",
		);
		const { uuid } = await makeChannel({ key: text }, "?webRTC=false");
		await OdooClient.enter(uuid, 1, { key });
		await OdooClient.enter(uuid, 2, { key, alphabet: "standard" }, "/");
		const refused = async (frame: unknown) => {
			const client = await OdooClient.dial("/");
			client.raw(JSON.stringify(frame));
			return client.closed;
		};
		expect(await refused({ channelUUID: uuid, jwt: await sign({ session_id: 3 }) })).toBe(4106);
		// Such a channel must be named outside the token.
		expect(await refused(await sign({ session_id: 3, sfu_channel_uuid: uuid }))).toBe(4106);
		expect(await refused(await sign({ session_id: 3, sfu_channel_uuid: uuid }, { key }))).toBe(4106);
	});

	it("that will not do close the socket by their fault, on every path", async () => {
		const { uuid } = await silent();
		const past = Math.floor(Date.now() / 1000) - 1;
		const cases: [string, number][] = [
			["{}", 4106],
			["5", 4106],
			["null", 1011],
			["garbage", 1011],
			["", 1011],
			[JSON.stringify({ channelUUID: uuid, jwt: "x.y.z" }), 4106],
			[JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 0 }) }), 4106],
			[JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: "" }) }), 4106],
			[JSON.stringify({ channelUUID: uuid, jwt: await sign({}) }), 4106],
			[JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1, exp: past }) }), 4106],
			[JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1 }, { key: new Uint8Array(32) }) }), 4106],
			[JSON.stringify({ channelUUID: crypto.randomUUID(), jwt: await sign({ session_id: 1 }) }), 4106],
			[JSON.stringify(await sign({ session_id: 1 })), 4106],
		];
		for (const [frame, code] of cases) {
			for (const path of [`/odoo/${uuid}`, "/"]) {
				const client = await OdooClient.dial(path);
				client.raw(frame);
				expect([frame, path, await client.closed]).toEqual([frame, path, code]);
			}
		}
	});

	it("of no room of that name, and a channel that is gone, are refused", async () => {
		const { uuid } = await silent();
		await stubOf(uuid).destroy();
		const client = await OdooClient.dial(`/odoo/${uuid}`);
		client.raw(JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1 }) }));
		expect(await client.closed).toBe(4106);
		const native = newRoom();
		const stranger = await OdooClient.dial(`/odoo/${native}`);
		stranger.raw(JSON.stringify({ channelUUID: native, jwt: await sign({ session_id: 1 }) }));
		expect(await stranger.closed).toBe(4106);
	});

	it("are awaited for ten seconds", async () => {
		const { uuid } = await silent();
		const client = await OdooClient.dial(`/odoo/${uuid}`);
		await runInDurableObject(stubOf(uuid), (_, state) => {
			const [ws] = state.getWebSockets();
			const guest = ws?.deserializeAttachment() as { openedAt: number };
			ws?.serializeAttachment({ ...guest, openedAt: guest.openedAt - 10_000 });
		});
		await evictDurableObject(stubOf(uuid), { webSockets: "hibernate" });
		await runDurableObjectAlarm(stubOf(uuid));
		expect(await client.closed).toBe(4107);
	});
});

describe("credentials at a path that names no channel", () => {
	it("are awaited for as long", async () => {
		const { uuid } = await silent();
		const ms = 300;
		const hasty = async (path: string, init?: RequestInit) =>
			edge.fetch(new Request(EDGE + path, init), { ...testEnv, JOIN_TIMEOUT_MS: String(ms) });
		const began = Date.now();
		const [silentOne, inTime] = [await OdooClient.dial("/", hasty), await OdooClient.dial("/any", hasty)];
		inTime.raw(JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1 }) }));
		await inTime.authenticated;
		const later = await OdooClient.dial("/", hasty);
		expect(await silentOne.closed).toBe(4107);
		expect(Date.now() - began).toBeGreaterThanOrEqual(ms);
		expect(await later.closed).toBe(4107);
		// The other is in, however long ago it dialed.
		const other = await OdooClient.enter(uuid, 2);
		other.tell("BROADCAST", "still here?");
		expect(await inTime.payload("BROADCAST")).toEqual({ senderId: 2, message: "still here?" });
	});
});

describe("a session", () => {
	it("tells its info, and everything set so far each time", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, "bob")];
		a.tell("C_INFO_CHANGE", { info: { isTalking: 1, isDeaf: null, nonsense: true, constructor: true } });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isTalking: true, isDeaf: false } });
		a.tell("C_INFO_CHANGE", { info: { isRaisingHand: true } });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isTalking: true, isDeaf: false, isRaisingHand: true } });
		b.tell("C_INFO_CHANGE", { info: { isSelfMuted: true }, needRefresh: true });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isTalking: true, isDeaf: false, isRaisingHand: true } });
		expect(await a.payload("S_INFO_CHANGE")).toEqual({ bob: { isSelfMuted: true } });
		const c = await OdooClient.enter(uuid, 3);
		c.tell("C_INFO_CHANGE", { info: {}, needRefresh: true });
		expect(Object.keys((await c.payload("S_INFO_CHANGE")) as object)).toEqual(["1", "bob"]);
		expect(await a.payload("S_INFO_CHANGE")).toEqual({ 3: {} });
		expect(c.untaken).toEqual([]);
	});

	it("is not refreshed when it is alone", async () => {
		const { uuid } = await silent();
		const a = await OdooClient.enter(uuid, 1);
		a.tell("C_INFO_CHANGE", { info: {}, needRefresh: true });
		const b = await OdooClient.enter(uuid, 2);
		b.tell("BROADCAST", 1);
		await a.payload("BROADCAST");
		expect(a.untaken).toEqual([]);
	});

	it("broadcasts to all others, with its id's own type", async () => {
		const { uuid } = await silent();
		const [a, b, c] = [
			await OdooClient.enter(uuid, 1),
			await OdooClient.enter(uuid, "1"),
			await OdooClient.enter(uuid, "c"),
		];
		a.tell("BROADCAST", { any: ["thing"] });
		for (const other of [b, c]) {
			expect(await other.payload("BROADCAST")).toEqual({ senderId: 1, message: { any: ["thing"] } });
		}
		a.send({ message: { name: "BROADCAST" } }, { message: { name: "BROADCAST", payload: null } });
		for (const other of [b, c]) {
			expect(Object.keys((await other.payload("BROADCAST")) as object)).toEqual(["senderId"]);
			expect(await other.payload("BROADCAST")).toEqual({ senderId: 1, message: null });
		}
		b.tell("BROADCAST", "text");
		expect(await a.payload("BROADCAST")).toEqual({ senderId: "1", message: "text" });
		expect(a.untaken).toEqual([]);
	});

	it("leaves, and the others are told", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		a.close();
		expect(await b.payload("SESSION_LEAVE")).toEqual({ sessionId: 1 });
		const c = await OdooClient.enter(uuid, 3, {}, "/");
		c.close(4999);
		expect(await b.payload("SESSION_LEAVE")).toEqual({ sessionId: 3 });
	});

	it("is replaced by a newer one of its id, and keeps what lasts of its info", async () => {
		const { uuid } = await silent();
		const [first, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		first.tell("C_INFO_CHANGE", { info: { isSelfMuted: true, isCameraOn: true } });
		await b.payload("S_INFO_CHANGE");
		const second = await OdooClient.enter(uuid, 1);
		expect(await first.closed).toBe(4108);
		expect(await b.payload("SESSION_LEAVE")).toEqual({ sessionId: 1 });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isSelfMuted: true } });
		await OdooClient.enter(uuid, 1);
		expect(await second.closed).toBe(4108);
	});

	it("whose socket was lost is still muted when it is back", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		a.tell("C_INFO_CHANGE", { info: { isSelfMuted: true } });
		await b.payload("S_INFO_CHANGE");
		a.close(4000);
		await b.payload("SESSION_LEAVE");
		await OdooClient.enter(uuid, 1);
		b.tell("C_INFO_CHANGE", { info: {}, needRefresh: true });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isSelfMuted: true } });
	});

	it("finds a full channel closed after the empty frame, and one that comes back finds its place", async () => {
		const iss = newRoom();
		const name = await channelUuid(testEnv, "unknown", iss);
		await stubOf(name).create({ name, settings: { maxParticipants: 1 } });
		const { uuid } = await makeChannel({ iss }, "?webRTC=false");
		expect(uuid).toBe(name);
		const a = await OdooClient.enter(uuid, 1);
		expect(await (await OdooClient.enter(uuid, 2)).closed).toBe(4109);
		await OdooClient.enter(uuid, 1);
		expect(await a.closed).toBe(4108);
	});

	it("of a channel that is closed is told nothing but 4108", async () => {
		const { uuid } = await silent();
		const clients = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		await stubOf(uuid).destroy();
		for (const client of clients) {
			expect(await client.closed).toBe(4108);
			expect(client.untaken).toEqual([]);
		}
	});

	it("is pinged each minute, and cut when it does not answer in ten seconds", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		for (const n of [1, 2]) {
			await later(uuid, 60_000);
			const ping = await a.named("PING");
			expect(ping).toEqual({ message: { name: "PING" }, needResponse: expect.any(String) });
			if (n === 2) break;
			for (const client of [a, b]) client.respond(client === a ? ping : await b.named("PING"));
			// What was said before has been heard when this arrives.
			a.tell("BROADCAST", n);
			b.tell("BROADCAST", n);
			await Promise.all([a.named("BROADCAST"), b.named("BROADCAST")]);
		}
		b.respond(await b.named("PING"));
		b.tell("BROADCAST", "alive");
		await a.named("BROADCAST");
		await later(uuid, 10_000);
		expect(await a.closed).toBe(4107);
		expect(await b.payload("SESSION_LEAVE")).toEqual({ sessionId: 1 });
	});

	it("that was removed over our own API is not let in again by an older token", async () => {
		const { uuid } = await silent();
		const client = await OdooClient.enter(uuid, 1);
		await stubOf(uuid).removeParticipant("1");
		expect(await client.closed).toBe(4108);
		const again = await OdooClient.dial("/");
		again.raw(JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1 }) }));
		expect(await again.closed).toBe(4106);
		const iat = Math.floor(Date.now() / 1000) + 2;
		const newer = await OdooClient.dial("/");
		newer.raw(JSON.stringify({ channelUUID: uuid, jwt: await sign({ session_id: 1, iat }) }));
		await newer.authenticated;
	});

	it("that is alone for an hour is closed with its channel", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		b.close();
		await a.named("SESSION_LEAVE");
		expect(await endOf(uuid)).toBeLessThanOrEqual(Date.now() + 3_600_000);
		await endNow(uuid);
		expect(await a.closed).toBe(4108);
		expect(a.untaken).toEqual([]);
		expect(await stubOf(uuid).describe()).toMatchObject({ ok: false });
	});

	it("lives on after frames that cannot be read, and across a lost memory", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		for (const junk of ["nonsense", "{}", "[null,{},5]", '[{"message":{"name":"WHAT"}}]', "[]"]) a.raw(junk);
		await evictDurableObject(stubOf(uuid), { webSockets: "hibernate" });
		a.send({ message: { name: "BROADCAST", payload: 1 }, needResponse: "", responseTo: "" });
		expect(await b.payload("BROADCAST")).toEqual({ senderId: 1, message: 1 });
	});

	it("gets what comes in one window together, in order", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		for (const n of [1, 2, 3, 4]) a.tell("BROADCAST", n);
		for (const n of [1, 2, 3, 4]) expect(await b.payload("BROADCAST")).toEqual({ senderId: 1, message: n });
		const [first, ...rest] = b.log.map(({ at }) => at);
		for (const at of rest) expect(at - (first ?? 0)).toBeGreaterThan(250);
	});
});

/** As if its hour were over. */
async function endNow(uuid: string): Promise<void> {
	// Written when the directory has it, which is off everyone's path.
	await expect.poll(() => runInDurableObject(stubOf(uuid), (_, state) => recordIn(state).listed)).toBe(true);
	await runInDurableObject(stubOf(uuid), (_, state) => {
		const record = recordIn(state);
		expect(record.endsAt).toBeTypeOf("number");
		state.storage.sql.exec("UPDATE room SET value = ?", JSON.stringify({ ...record, endsAt: Date.now() }));
	});
	await evictDurableObject(stubOf(uuid), { webSockets: "hibernate" });
	expect(await runDurableObjectAlarm(stubOf(uuid))).toBe(true);
}

describe("the hour of a channel", () => {
	it("runs from its making, whoever is alone in it meanwhile, and stops while there are two", async () => {
		const { uuid } = await silent();
		const made = await endOf(uuid);
		expect(Math.abs((made ?? 0) - Date.now() - 3_600_000)).toBeLessThan(10_000);
		const a = await OdooClient.enter(uuid, 1);
		expect(await endOf(uuid)).toBe(made);
		// Back at once: one is one.
		const again = await OdooClient.enter(uuid, 1);
		await a.closed;
		expect(await endOf(uuid)).toBe(made);
		const native = await TestClient.join(uuid, "native");
		expect(await endOf(uuid)).toBeUndefined();
		again.close();
		await native.event("participantLeft");
		expect(await endOf(uuid)).toBeGreaterThanOrEqual(made ?? 0);
	});

	it("does not begin anew when the last one leaves", async () => {
		const { uuid } = await silent();
		const [a, b] = [await OdooClient.enter(uuid, 1), await OdooClient.enter(uuid, 2)];
		a.close();
		await b.named("SESSION_LEAVE");
		const end = await endOf(uuid);
		b.close();
		await expect.poll(async () => memberCount(uuid)).toBe(0);
		expect(await endOf(uuid)).toBe(end);
		await endNow(uuid);
		expect(await stubOf(uuid).describe()).toMatchObject({ ok: false });
	});
});

describe("a full channel", () => {
	it("of a hundred hears each leave once", async () => {
		const { uuid } = await silent();
		const sessions = Array.from({ length: 99 }, (_, i) => i + 1);
		const clients = await Promise.all(sessions.map((session) => OdooClient.enter(uuid, session)));
		const native = await TestClient.join(uuid, "native");
		expect(await (await OdooClient.enter(uuid, 100)).closed).toBe(4109);
		const [first, second, third] = clients as [OdooClient, OdooClient, OdooClient];
		second.close();
		await second.closed;
		// Told ahead of the others, since something for it alone follows.
		native.post("message", { to: ["1"], payload: "you" });
		await first.payload("BROADCAST");
		third.tell("BROADCAST", "all");
		for (const client of clients) {
			if (client === second || client === third) continue;
			expect(await client.payload("BROADCAST")).toEqual({ senderId: 3, message: "all" });
			expect(await client.payload("SESSION_LEAVE")).toEqual({ sessionId: 2 });
			expect(client.untaken).toEqual([]);
		}
	});
});

it("no other path of the API takes sockets of this kind", async () => {
	expect((await fetchEdge("/v1/nothing", { headers: { Upgrade: "websocket" } })).status).toBe(401);
});
