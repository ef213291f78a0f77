import { beforeAll, describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import type { Room } from "../../shared/rest.ts";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, TestNode } from "./support/node.ts";
import { makeChannel, OdooClient } from "./support/odoo.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

async function rest<T>(method: string, path: string, authorization = `Bearer ${testEnv.AUTH_KEY}`) {
	const response = await fetchEdge(`/v1${path}`, { method, headers: { authorization } });
	return { status: response.status, body: (await response.json().catch(() => undefined)) as T };
}

const rooms = async () => (await rest<{ items: { name: string }[] }>("GET", "/rooms?limit=500")).body.items.length;

describe("a room whose node asks for its end", () => {
	it("is deleted for everybody, and its nodes are let go of", async () => {
		const room = newRoom();
		const client = await TestClient.join(room, "a", { rtpCapabilities: capabilities });
		const link = await node.link(room);
		await link.open();
		link.report({ type: "endRoom" });
		expect((await client.socket.closed).code).toBe(CLOSE.roomClosed);
		expect((await link.socket.closed).code).toBe(CLOSE.released);
		expect((await rest("GET", `/rooms/${room}`)).status).toBe(404);
		// The same name is another room from then on.
		await TestClient.join(room, "a");
		expect((await rest<Room>("GET", `/rooms/${room}`)).body.participants).toBe(1);
	});
});

describe("deleting all rooms", () => {
	it("has to be meant, and needs the key", async () => {
		for (const path of ["/rooms", "/rooms?all=", "/rooms?all=yes"])
			expect((await rest("DELETE", path)).status).toBe(400);
		expect((await rest("DELETE", "/rooms?all=true", "")).status).toBe(401);
		expect((await rest("DELETE", "/rooms/")).status).toBe(404);
	});

	it("ends channels and native rooms alike, as many at a time as asked for", async () => {
		const { uuid } = await makeChannel({}, "?webRTC=false");
		const odoo = await OdooClient.enter(uuid, 1);
		const clients = await Promise.all(["a", "b", "c"].map((id) => TestClient.join(newRoom(), id)));
		// The directory learns of rooms off everyone's path.
		await expect.poll(rooms).toBeGreaterThanOrEqual(4);
		const there = await rooms();
		const first = await rest<{ deleted: number; more: boolean }>("DELETE", "/rooms?all=true&limit=2");
		expect(first).toEqual({ status: 200, body: { deleted: 2, more: true } });
		const second = await rest("DELETE", "/rooms?all=true");
		expect(second).toEqual({ status: 200, body: { deleted: there - 2, more: false } });
		expect(await odoo.closed).toBe(4108);
		for (const client of clients) expect((await client.socket.closed).code).toBe(CLOSE.roomClosed);
		expect(await rest("DELETE", "/rooms?all=true")).toEqual({ status: 200, body: { deleted: 0, more: false } });
	});
});
