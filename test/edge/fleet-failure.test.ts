import { abortAllDurableObjects, evictDurableObject, reset, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { NODE_RETURN_MS, NODE_SILENT_MS } from "../../shared/fleet.ts";
import { Fleet } from "../../worker/fleet/fleet.ts";
import { fleetFor } from "../../worker/fleet/locate.ts";
import { Room } from "../../worker/room/room.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, TestLink } from "./support/node.ts";
import { assign, chosen, fleet, ids, load, next, register, settled } from "./support/nodes.ts";

const BEGIN_GRACE_MS = 5_000;
const failed = vi.spyOn(Room.prototype, "nodeFailed");

/** The clock stands still but for this. */
function pass(ms: number): void {
	vi.setSystemTime(Date.now() + ms);
}

/** Fleet looks at its nodes. */
async function look(): Promise<void> {
	await runDurableObjectAlarm(fleet());
}

/** Rooms were told so often, and of these. */
async function told(...services: string[]): Promise<void> {
	await vi.waitFor(() => expect(failed.mock.calls).toHaveLength(services.length));
	expect(failed.mock.calls.map(([{ node, epoch }]) => `${node} ${epoch}`).sort()).toEqual(services);
}

beforeEach(async () => {
	vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 60_000 });
	// An object that began just now gives its nodes more time.
	await ids();
	pass(BEGIN_GRACE_MS);
});

afterEach(async () => {
	failed.mockClear();
	vi.useRealTimers();
	await reset();
});

describe("a node that is silent", () => {
	it("has failed: its socket is closed and its rooms are told, each of its own epoch", async () => {
		const socket = await register("n1");
		for (const epoch of [1, 2, 3]) await assign({ room: `r${epoch}`, epoch });
		pass(NODE_SILENT_MS);
		await look();
		expect((await socket.closed).code).toBe(CLOSE.silent);
		await told("n1 1", "n1 2", "n1 3");
		expect(await ids()).toEqual([]);
		await look();
		expect(failed).toHaveBeenCalledTimes(3);
	});

	it("has not failed as long as its heartbeat comes", async () => {
		const socket = await register("n1");
		await assign();
		pass(NODE_SILENT_MS);
		// The platform notes the time of a heartbeat by a clock of its own.
		vi.useRealTimers();
		socket.send("ping");
		await socket.take((frame) => frame === "pong");
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + NODE_SILENT_MS - 500 });
		await look();
		expect(failed).not.toHaveBeenCalled();
		expect(await chosen()).toBe("n1");
	});

	it("is chosen last for a while after it registered anew", async () => {
		await register("n1");
		pass(NODE_SILENT_MS);
		await look();
		await register("n1");
		expect(await chosen()).toBe("n1");
		await register("n2", { load: { ...load, cpu: 0.7 } });
		expect(await chosen()).toBe("n2");
		const again = await register("n1");
		const other = await register("n2", { load: { ...load, cpu: 0.7 } });
		pass(31_000);
		for (const socket of [again, other]) socket.send({ type: "load", load });
		await settled(again);
		await settled(other);
		await look();
		other.send({ type: "load", load: { ...load, cpu: 0.7 } });
		await settled(other);
		expect(await chosen()).toBe("n1");
	});
});

describe("a node whose socket was lost", () => {
	it("has not failed when it is back at once", async () => {
		const socket = await register("n1", { instance: "one" });
		await assign();
		socket.close(1011);
		await socket.closed;
		expect(await chosen()).toBe("no_node");
		await register("n1", { instance: "one" });
		pass(NODE_RETURN_MS);
		await look();
		expect(failed).not.toHaveBeenCalled();
		expect(await chosen()).toBe("n1");
	});

	it("has failed when it is not", async () => {
		const socket = await register("n1");
		await assign({ epoch: 7 });
		socket.close(1011);
		await socket.closed;
		pass(NODE_RETURN_MS);
		await look();
		await told("n1 7");
	});

	it("has failed when another process comes in its place", async () => {
		const socket = await register("n1", { instance: "one" });
		await assign({ epoch: 7 });
		socket.close(1011);
		await socket.closed;
		await register("n1", { instance: "two" });
		await told("n1 7");
		expect(await chosen()).toBe("n1");
	});

	it("is not waited for when it said before that it stops", async () => {
		const socket = await register("n1");
		await assign({ epoch: 7 });
		socket.send({ type: "draining" });
		await settled(socket);
		socket.close(1001);
		await told("n1 7");
	});
});

describe("a room without a node", () => {
	/** Somebody in it has been told that there is none. The clock stands still, so its pause is never over. */
	async function waiting(): Promise<{ room: string; client: TestClient }> {
		const room = newRoom();
		const client = await TestClient.join(room, "a", { rtpCapabilities: capabilities });
		expect((await client.event("endpointLost")).reason.code).toBe("no_node");
		return { room, client };
	}

	it("gets one as soon as it registers, however long its pause", async () => {
		const { room } = await waiting();
		expect((await next(await register("n1"), "assignment")).room).toBe(room);
	});

	it("gets its own back as soon as another process of it registers, though it failed just now", async () => {
		const socket = await register("n1", { instance: "one" });
		const room = newRoom();
		const client = await TestClient.join(room, "a", { rtpCapabilities: capabilities });
		const link = await TestLink.dial(room, (await next(socket, "assignment")).token);
		await link.open();
		await client.event("endpoint");
		socket.close(1011);
		await socket.closed;
		pass(NODE_RETURN_MS);
		await look();
		expect((await client.event("endpointLost")).reason.code).toBe("node_failed");
		expect((await client.event("endpointLost")).reason.code).toBe("no_node");
		const again = await register("n1", { instance: "two" });
		const next2 = await TestLink.dial(room, (await next(again, "assignment")).token);
		await next2.open();
		await client.event("endpoint");
	});

	it("gets one that came while it was being told that there is none", async () => {
		const asked = vi.spyOn(Fleet.prototype, "assignFrom").mockImplementationOnce(async ({ room }) => {
			await testEnv.ROOM.getByName(room).nodeAvailable();
			return { ok: false, error: { code: "no_node", message: "none when it was looked for" } };
		});
		const socket = await register("n1");
		const room = newRoom();
		const client = await TestClient.join(room, "a", { rtpCapabilities: capabilities });
		expect((await next(socket, "assignment")).room).toBe(room);
		expect(asked).toHaveBeenCalledTimes(2);
		asked.mockRestore();
		// It was never told of a want that was over by then.
		expect(await client.settled()).toEqual([]);
	});

	it("asks again when it has lost its memory, and with it when it was to ask", async () => {
		const { room, client } = await waiting();
		await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" });
		const asked = vi.spyOn(Fleet.prototype, "assignFrom");
		await client.settled();
		await vi.waitFor(() => expect(asked).toHaveBeenCalled());
		asked.mockRestore();
	});

	it("is woken by a report only when that shows room on a node that had none", async () => {
		const woken = vi.spyOn(Room.prototype, "nodeAvailable");
		const socket = await register("n1", { load: { ...load, cpu: 1 } });
		const { room } = await waiting();
		socket.send({ type: "load", load: { ...load, cpu: 0.9 } });
		await settled(socket);
		expect(woken).not.toHaveBeenCalled();
		socket.send({ type: "load", load });
		expect((await next(socket, "assignment")).room).toBe(room);
		woken.mockRestore();
	});
});

describe("rooms", () => {
	it("that let go of the node, or got it anew, are not told", async () => {
		await register("n1");
		await assign({ room: "left", epoch: 1 });
		await assign({ room: "again", epoch: 2 });
		await assign({ room: "again", epoch: 5 });
		await fleetFor(testEnv, {}).release({ room: "left", node: "n1", epoch: 1 });
		pass(NODE_SILENT_MS);
		await look();
		await told("n1 5");
	});

	it("that cannot be told are told again, until they are", async () => {
		await register("n1");
		await assign();
		failed.mockRejectedValueOnce(new Error("not now"));
		pass(NODE_SILENT_MS);
		await look();
		await vi.waitFor(async () => {
			await look();
			expect(failed).toHaveBeenCalledTimes(2);
		});
		await look();
		expect(failed).toHaveBeenCalledTimes(2);
	});
});

describe("a fleet that lost its memory", () => {
	it("gives nodes time to be back, and still knows whom they served", async () => {
		await register("n1");
		await register("n2");
		await assign({ room: "a", epoch: 1, exclude: ["n2"] });
		await assign({ room: "b", epoch: 2, exclude: ["n1"] });
		await abortAllDurableObjects();
		expect(await ids()).toEqual([]);
		pass(BEGIN_GRACE_MS - 1);
		await look();
		expect(failed).not.toHaveBeenCalled();
		const back = await register("n2");
		pass(1);
		await look();
		await told("n1 1");
		await assign({ room: "c", epoch: 1 });
		await next(back, "assignment");
	});

	it("tells rooms what it had not told them yet", async () => {
		await register("n1");
		await assign({ epoch: 3 });
		failed.mockRejectedValueOnce(new Error("not now"));
		pass(NODE_SILENT_MS);
		await look();
		await evictDurableObject(fleet());
		failed.mockClear();
		await ids();
		await told("n1 3");
	});
});
