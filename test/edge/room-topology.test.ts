/** Rooms whose people talk directly: when they do, what they may do without a node, and how a room turns. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import type { RequestInput } from "../../shared/native.ts";
import type { Room, RoomSettings } from "../../shared/rest.ts";
import type { Result } from "../../worker/room/rpc.ts";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, type TestLink, TestNode } from "./support/node.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const media = { kind: "audio", rtpParameters } as const;
const meshing: RequestInput<"join"> = { rtpCapabilities: capabilities, mesh: true };
const mic = { track: "mic", source: "audio" } as const;

async function roomOf(topology: RoomSettings["topology"], ...ids: string[]) {
	const room = newRoom();
	const stub = testEnv.ROOM.getByName(room);
	await stub.create({ name: room, settings: { topology } });
	const clients: Awaited<ReturnType<typeof TestClient.join>>[] = [];
	for (const id of ids) clients.push(await TestClient.join(room, id, meshing));
	return { room, stub, clients: clients as [(typeof clients)[0], (typeof clients)[0]] };
}

function meshAtOf(storage: DurableObjectStorage): number | undefined {
	const [row] = storage.sql.exec<{ value: string }>("SELECT value FROM room").toArray();
	return (JSON.parse(row?.value ?? "{}") as { meshAt?: number }).meshAt;
}

/** As if that much time had passed: what is due is due at the next alarm. */
async function later(stub: DurableObjectStub, ms: number): Promise<void> {
	await runInDurableObject(stub, async (_, state) => {
		const [row] = state.storage.sql.exec<{ value: string }>("SELECT value FROM room").toArray();
		const record = JSON.parse(row?.value ?? "{}") as { meshAt?: number; directBy?: number };
		if (record.meshAt !== undefined) record.meshAt -= ms;
		if (record.directBy !== undefined) record.directBy -= ms;
		state.storage.sql.exec("UPDATE room SET value = ?", JSON.stringify(record));
	});
	// What was written is read on waking.
	await evictDurableObject(stub, { webSockets: "hibernate" });
	expect(await runDurableObjectAlarm(stub)).toBe(true);
}

const topologyOf = async (stub: ReturnType<typeof testEnv.ROOM.getByName>) => {
	const described = (await stub.describe()) as Result<Room>;
	return described.ok ? described.value.topology : described.error;
};

/** Two who talked directly, a third that made the room turn, and everybody's endpoints. */
async function turned(rights: Record<string, { effects?: boolean }> = {}) {
	const { room, stub } = await roomOf("auto");
	const a = await TestClient.join(room, "a", { ...meshing, rights: rights.a });
	const b = await TestClient.join(room, "b", meshing);
	await a.do("publish", mic);
	const c = await TestClient.join(room, "c", meshing);
	const link: TestLink = await node.link(room);
	const endpoints: Record<string, string> = {};
	for (const _ of "abc") {
		const { participant, endpoint } = await link.open();
		endpoints[participant] = endpoint;
	}
	for (const client of [a, b, c]) await client.event("endpoint");
	await a.event("topologyChanged");
	const request = a.post("publish", { ...mic, endpoint: endpoints.a, media });
	await link.publish();
	await a.answer(request);
	return { room, stub, a, b, c, link, endpoints };
}

describe("a mesh", () => {
	it("holds tracks on no endpoint: published, muted and moderated as elsewhere, with no node", async () => {
		const { stub, clients } = await roomOf("mesh", "a", "b");
		const [a, b] = clients;
		await a.do("publish", { ...mic, metadata: { is: "mine" } });
		const { track } = await b.event("trackPublished");
		expect(track).toMatchObject({ id: "mic", kind: "audio", source: "audio", metadata: { is: "mine" } });
		await a.do("publish", { track: "chat", source: "data", label: "chat" });
		expect((await b.event("trackPublished")).track).toMatchObject({ kind: "data", label: "chat" });
		await stub.muteParticipant("a");
		expect(await a.event("trackUpdated")).toMatchObject({ track: "mic", muted: true });
		await b.do("subscribe", { tracks: [{ track: "mic", on: false }] });
		expect(await b.refusal("unpublish", { track: "mic" })).toBe("forbidden");
		await a.do("unpublish", { track: "mic" });
		expect((await b.event("trackUnpublished")).track).toBe("mic");
		expect(await stub.describe()).toMatchObject({ value: { topology: "mesh", tracks: 1, nodes: [] } });
	});

	it("has no node that could alter what is sent: effects are refused", async () => {
		const { room } = await roomOf("mesh");
		const a = await TestClient.join(room, "a", { ...meshing, rights: { effects: true } });
		expect(await a.refusal("effects", { audio: "pitch pitch=1.5" })).toBe("unsupported");
		await a.do("effects", {});
	});

	it("says who is to be connected to, and carries what connects them, without a right to send", async () => {
		const { room, clients } = await roomOf("mesh", "a", "b");
		const quiet = await TestClient.join(room, "quiet", { ...meshing, rights: { send: false } });
		const watcher = await TestClient.join(room, "watcher", {});
		const { participants } = watcher.joined;
		expect(participants.map(({ id, mesh }) => [id, mesh])).toEqual([
			["a", true],
			["b", true],
			["quiet", true],
			["watcher", undefined],
		]);
		const signal = { description: { type: "offer" as const, sdp: "v=0" }, tracks: { "0": "mic" } };
		await quiet.do("signal", { to: "a", signal });
		expect(await clients[0].event("signal")).toMatchObject({ from: "quiet", signal });
		expect(await quiet.refusal("signal", { to: "watcher", signal })).toBe("forbidden");
	});

	it("takes only those who can be in one, and not more than they can send to", async () => {
		const { room } = await roomOf("mesh", "1", "2", "3", "4", "5", "6");
		const late = await TestClient.open(room, "7");
		expect(await late.refusal("join", meshing)).toBe("room_full");
		expect(await late.refusal("join", { rtpCapabilities: capabilities })).toBe("unsupported");
		expect((await late.request("join", {})).type).toBe("joined");
		const blind = await TestClient.open(room, "8", { subscribe: false });
		expect(await blind.refusal("join", meshing)).toBe("unsupported");
		// The same person again is no one more.
		expect((await TestClient.join(room, "6", meshing)).joined.room.topology).toBe("mesh");
	});
});

describe("a room with a node", () => {
	it("refuses to publish without an endpoint, and without media on one", async () => {
		const { clients } = await roomOf("sfu", "a");
		expect(clients[0].joined.room.topology).toBe("sfu");
		expect(await clients[0].refusal("publish", mic)).toBe("stale_endpoint");
		expect(await clients[0].refusal("publish", { ...mic, endpoint: "e1" })).toBe("bad_request");
	});

	it("becomes a mesh by its settings, over REST, and nothing there is not", async () => {
		const create = (topology: string) =>
			fetchEdge("/v1/rooms", {
				method: "POST",
				headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" },
				body: JSON.stringify({ settings: { topology } }),
			});
		expect(await (await create("auto")).json()).toMatchObject({ topology: "mesh", settings: { topology: "auto" } });
		expect((await create("ring")).status).toBe(400);
	});

	it("is one unless the settings or the edge say otherwise", async () => {
		const room = newRoom();
		expect((await TestClient.join(room, "a", meshing)).joined.room.topology).toBe("sfu");
	});
});

describe("an auto room", () => {
	it("turns to a node when a third comes, with the tracks there are", async () => {
		const { stub, b, c, link, endpoints } = await turned();
		expect(await topologyOf(stub)).toBe("sfu");
		expect((await b.event("topologyChanged")).topology).toBe("sfu");
		const subscribed = [(await link.subscribe("a")).endpoint];
		expect([endpoints.b, endpoints.c]).toContain(subscribed[0]);
		// It is the track that was there: nobody learns of another.
		for (const client of [b, c]) {
			const untaken = (await client.settled()) as { type: string }[];
			expect(untaken.filter(({ type }) => type === "trackUnpublished")).toEqual([]);
		}
	});

	it("tells the third in the answer to its join, and not again", async () => {
		const { room } = await roomOf("auto", "a", "b");
		const c = await TestClient.join(room, "c", meshing);
		expect(c.joined.room.topology).toBe("sfu");
		expect((await c.settled()).map((frame) => (frame as { type: string }).type)).not.toContain("topologyChanged");
	});

	it("turns to a node for somebody who cannot connect directly", async () => {
		const { room, clients } = await roomOf("auto", "a");
		const old = await TestClient.join(room, "old", { rtpCapabilities: capabilities });
		expect(old.joined.room.topology).toBe("sfu");
		expect((await clients[0].event("topologyChanged")).topology).toBe("sfu");
	});

	it("turns to a node when somebody finds no way", async () => {
		const { stub, clients } = await roomOf("auto", "a", "b");
		await clients[1].do("meshFailed", {});
		expect((await clients[0].event("topologyChanged")).topology).toBe("sfu");
		expect(await topologyOf(stub)).toBe("sfu");
	});

	it("turns to a node for somebody who is to have effects, and stays there until there are none any more", async () => {
		const { room, stub } = await roomOf("auto");
		const a = await TestClient.join(room, "a", { ...meshing, rights: { effects: true } });
		const b = await TestClient.join(room, "b", meshing);
		expect(b.joined.room.topology).toBe("mesh");
		await a.do("effects", { audio: "pitch pitch=1.5" });
		expect(await a.event("effects")).toMatchObject({ state: "dry" });
		expect((await b.event("topologyChanged")).topology).toBe("sfu");
		const link = await node.link(room);
		for (const _ of "ab") await link.open();
		expect(await link.command("effects")).toMatchObject({ audio: [{ element: "pitch", properties: { pitch: 1.5 } }] });
		// Nothing is due.
		await evictDurableObject(stub, { webSockets: "hibernate" });
		await runDurableObjectAlarm(stub);
		expect(await topologyOf(stub)).toBe("sfu");
		await a.do("effects", {});
		await later(stub, 3_000);
		expect(await topologyOf(stub)).toBe("mesh");
	});

	it("with effects does not become a mesh when only two are left", async () => {
		const { stub, a, b, c } = await turned({ a: { effects: true } });
		await a.do("effects", { audio: "pitch pitch=1.5" });
		await c.do("leave", {});
		await evictDurableObject(stub, { webSockets: "hibernate" });
		await runDurableObjectAlarm(stub);
		expect(await runInDurableObject(stub, async (_, { storage }) => meshAtOf(storage))).toBeUndefined();
		await a.do("leave", {});
		await later(stub, 3_000);
		await b.event("topologyChanged");
		expect((await b.event("topologyChanged")).topology).toBe("mesh");
	});

	it("is a mesh again some time after the third has left, and endpoints end when both are ready", async () => {
		const { stub, a, b, c, link, endpoints } = await turned();
		await c.do("leave", {});
		expect((await link.command("close")).endpoint).toBe(endpoints.c);
		expect(await topologyOf(stub)).toBe("sfu");
		await later(stub, 3_000);
		await b.event("topologyChanged");
		expect((await b.event("topologyChanged")).topology).toBe("mesh");
		await a.do("meshReady", { endpoint: endpoints.a ?? "" });
		expect((await a.settled()).some((frame) => (frame as { type: string }).type === "endpointLost")).toBe(false);
		// Eviction between: nothing hangs on memory.
		await evictDurableObject(stub, { webSockets: "hibernate" });
		await b.do("meshReady", { endpoint: endpoints.b ?? "" });
		for (const [client, id] of [[a, "a"] as const, [b, "b"] as const]) {
			expect((await client.event("endpointLost")).endpoint).toBe(endpoints[id]);
		}
		expect((await link.socket.closed).code).toBe(CLOSE.released);
		expect(await stub.describe()).toMatchObject({ value: { topology: "mesh", tracks: 1, nodes: [] } });
		// Said again by one who missed that: told again.
		await a.do("meshReady", { endpoint: endpoints.a ?? "" });
		expect((await a.event("endpointLost")).endpoint).toBe(endpoints.a);
	});

	it("stays with its node when a third comes back in time", async () => {
		const { room, stub, c } = await turned();
		await c.do("leave", {});
		await TestClient.join(room, "d", meshing);
		await runDurableObjectAlarm(stub);
		expect(await topologyOf(stub)).toBe("sfu");
	});

	it("stays with its node when the direct way does not carry everything in time", async () => {
		const { stub, a, c, link, endpoints } = await turned();
		await c.do("leave", {});
		await later(stub, 3_000);
		expect(await topologyOf(stub)).toBe("mesh");
		await a.do("meshReady", { endpoint: endpoints.a ?? "" });
		// Published meanwhile: on no endpoint yet, and given time to be on one.
		await a.do("publish", { track: "late", source: "audio" });
		await later(stub, 15_000);
		expect(await topologyOf(stub)).toBe("sfu");
		expect(await stub.describe()).toMatchObject({ value: { tracks: 2 } });
		a.post("publish", { track: "late", source: "audio", endpoint: endpoints.a, media });
		expect(await link.publish()).toMatchObject({ track: "late" });
	});

	it("lets go of the node when one is left alone and ready", async () => {
		const { stub, a, b, c, link, endpoints } = await turned();
		await c.do("leave", {});
		await b.do("leave", {});
		await later(stub, 3_000);
		await a.do("meshReady", { endpoint: endpoints.a ?? "" });
		expect((await link.socket.closed).code).toBe(CLOSE.released);
	});
});
