import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FLEET_SUBPROTOCOL } from "../../shared/fleet.ts";
import { BEARER_PREFIX, SUBPROTOCOL } from "../../shared/native.ts";
import { Rights } from "../../shared/tokens.ts";
import { mintNodeToken, mintParticipantToken } from "../../worker/auth/tokens.ts";
import { Fleet } from "../../worker/fleet/fleet.ts";
import { HUBS, type Hub } from "../../worker/fleet/hubs.ts";
import { fleetFor } from "../../worker/fleet/locate.ts";
import app from "../../worker/index.ts";
import { Room } from "../../worker/room/room.ts";
import { EDGE, fetchEdge, newRoom, testEnv } from "./support/client.ts";
import { asking, dial, listed, load, next, registration } from "./support/nodes.ts";
import { TestSocket } from "./support/socket.ts";

/** A node whose token is for a region by the name of a hub. */
async function registerAt(hub: Hub, node: string, change: object = {}): Promise<TestSocket> {
	const socket = await dial(node, hub);
	socket.send(registration(node, { region: hub, ...change }));
	expect((await next(socket, "registered")).hub).toBe(hub);
	return socket;
}

let epoch = 0;

async function assignFrom(hub: Hub, change: { room?: string; have?: string[]; exclude?: string[] } = {}) {
	const near = HUBS[hub];
	const result = await fleetFor(testEnv, near).assign(asking({ near, epoch: ++epoch, ...change }));
	return result.ok ? result.value.node : result.error.message;
}

/** Where each node is, by its own hub's word. */
const at = (hub: Hub) => testEnv.FLEET.getByName(hub).listNodes();

afterEach(async () => {
	vi.restoreAllMocks();
	await reset();
});

describe("hubs", () => {
	it("have their own nodes, and the list has all", async () => {
		await registerAt("weur", "b");
		await registerAt("apac", "a");
		expect((await at("weur")).map(({ id }) => id)).toEqual(["b"]);
		expect((await listed()).items.map(({ id }) => id)).toEqual(["a", "b"]);
	});

	it("keep a node that dials again and names where it was", async () => {
		await registerAt("sam", "n1");
		const { token } = await mintNodeToken(testEnv, { node: "n1" });
		const headers = {
			...{ Upgrade: "websocket", "Sec-WebSocket-Protocol": FLEET_SUBPROTOCOL },
			Authorization: `Bearer ${token}`,
		};
		const response = await fetchEdge("/v1/fleet?hub=sam", { headers });
		if (!response.webSocket) throw new Error("no socket");
		const again = new TestSocket(response.webSocket);
		again.send(registration("n1", { region: "sam" }));
		expect((await next(again, "registered")).hub).toBe("sam");
		expect(await at("sam")).toHaveLength(1);
	});

	it("ask the next nearest when they have no node, and then the others", async () => {
		await registerAt("eeur", "near");
		await registerAt("oc", "far");
		expect(await assignFrom("weur")).toBe("near");
		expect(await assignFrom("weur", { exclude: ["near"] })).toBe("far");
	});

	it("ask one that had no node before when no other has any", async () => {
		expect(await assignFrom("weur")).toBe("no media node is connected");
		await registerAt("sam", "n1");
		expect(await assignFrom("weur")).toBe("n1");
	});

	it("ask for a better one when theirs is full", async () => {
		await registerAt("weur", "full", { maxEndpoints: 1, load: { ...load, endpoints: 1 } });
		await registerAt("enam", "free");
		expect(await assignFrom("weur")).toBe("free");
	});

	it("prefer what the room has in another hub to nothing", async () => {
		const socket = await registerAt("weur", "n1");
		expect(await assignFrom("weur")).toBe("n1");
		await next(socket, "assignment");
		expect(await assignFrom("eeur", { have: ["n1"] })).toBe("n1");
		expect(socket.untaken).toEqual([]);
	});

	it("give somebody far away a node of their own", async () => {
		await registerAt("weur", "here");
		await registerAt("apac", "there");
		expect(await assignFrom("weur")).toBe("here");
		expect(await assignFrom("apac", { have: ["here"] })).toBe("there");
	});

	it("say together why there is none, and each wakes the room when it has one", async () => {
		const woken = vi.spyOn(Room.prototype, "nodeAvailable");
		await registerAt("weur", "a", { load: { ...load, cpu: 1 } });
		await registerAt("apac", "b", { load: { ...load, cpu: 1 } });
		expect(await assignFrom("enam")).toBe("no media node is available: 2 overloaded");
		await registerAt("me", "c");
		await vi.waitFor(() => expect(woken).toHaveBeenCalledTimes(1));
	});

	it("stop asking others when a node comes to them meanwhile", async () => {
		const asked = vi.spyOn(Fleet.prototype, "assignBelow").mockImplementationOnce(async () => {
			await registerAt("weur", "back");
			return { nodes: 0, ruledOut: {} };
		});
		expect(await assignFrom("weur")).toBe("back");
		expect(asked).toHaveBeenCalledTimes(1);
		asked.mockRestore();
	});

	it("find a room's node wherever it is, to let go of it or to drain it", async () => {
		const draining = vi.spyOn(Room.prototype, "nodeDraining");
		const socket = await registerAt("oc", "n1");
		expect(await assignFrom("weur", { room: "left" })).toBe("n1");
		await fleetFor(testEnv, HUBS.weur).release({ room: "left", node: "n1", epoch });
		expect(await assignFrom("weur", { room: "stays" })).toBe("n1");
		expect(await fleetFor(testEnv, {}).drain("n1", { deadlineMs: 1_000 })).toMatchObject({ value: { id: "n1" } });
		await next(socket, "drain");
		await vi.waitFor(() => expect(draining).toHaveBeenCalledWith(expect.objectContaining({ node: "n1", epoch })));
		expect(draining).toHaveBeenCalledTimes(1);
		expect(await fleetFor(testEnv, {}).undrain("n1")).toMatchObject({ value: { state: "ready" } });
		expect(await fleetFor(testEnv, {}).drain("n2", { deadlineMs: 1_000 })).toMatchObject({
			error: { code: "not_found" },
		});
	});
});

describe("a participant", () => {
	async function connect(claims: { region?: string }, query = "", variables: object = {}): Promise<void> {
		const room = newRoom();
		const { token } = await mintParticipantToken(testEnv, {
			...{ room, identity: "a", rights: Rights.parse({}), ttl: 60 },
			...claims,
		});
		const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": `${SUBPROTOCOL}, ${BEARER_PREFIX}${token}` };
		const request = new Request(`${EDGE}/v1/rooms/${room}/connect${query}`, { headers });
		const response = await app.fetch(request, { ...testEnv, ...variables });
		if (!response.webSocket) throw new Error("no socket");
		await new TestSocket(response.webSocket).take((frame) => (frame as { type: string }).type === "welcome");
	}

	it("is served in the region that its token names", async () => {
		await registerAt("weur", "here");
		const there = await registerAt("sam", "there");
		await connect({ region: "sam" });
		await next(there, "assignment");
	});

	it("may name a region in the address only where that is allowed", async () => {
		const here = await registerAt("weur", "here");
		const there = await registerAt("sam", "there");
		await connect({}, "?region=sam");
		await next(here, "assignment");
		await connect({}, "?region=sam", { ALLOW_REGION_QUERY: "true" });
		await next(there, "assignment");
	});
});
