import { evictDurableObject, reset } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Node } from "../../shared/rest.ts";
import { Room } from "../../worker/room/room.ts";
import { fetchEdge, testEnv } from "./support/client.ts";
import { assign, chosen, fleet, listed, next, register, settled } from "./support/nodes.ts";

const draining = vi.spyOn(Room.prototype, "nodeDraining");
const stays = vi.spyOn(Room.prototype, "nodeStays");

async function rest(method: "POST" | "DELETE", node: string, body?: object) {
	const response = await fetchEdge(`/v1/nodes/${node}/drain`, {
		method,
		headers: {
			Authorization: `Bearer ${testEnv.AUTH_KEY}`,
			...(body && { "Content-Type": "application/json" }),
		},
		body: body && JSON.stringify(body),
	});
	return { status: response.status, body: await response.json<Node & { error?: { code: string } }>() };
}

afterEach(async () => {
	draining.mockReset();
	stays.mockReset();
	await reset();
});

describe("a drain over REST", () => {
	it("takes the node out of the choice, tells it and its rooms until when, and is called off again", async () => {
		const socket = await register("n1");
		await assign({ epoch: 4 });
		const { status, body } = await rest("POST", "n1", { deadlineSeconds: 60 });
		expect(status).toBe(200);
		expect(body).toMatchObject({ id: "n1", state: "draining", drainDeadline: expect.any(Number) });
		expect(Math.abs((body.drainDeadline ?? 0) - Date.now() - 60_000)).toBeLessThan(2_000);
		const deadline = body.drainDeadline ?? 0;
		expect(await next(socket, "drain")).toEqual({ type: "drain", deadline, exit: false });
		await vi.waitFor(() => expect(draining).toHaveBeenCalledWith({ node: "n1", epoch: 4, deadline }));
		expect((await listed()).items).toMatchObject([{ state: "draining", drainDeadline: deadline }]);
		expect(await chosen()).toBe("no_node");

		expect((await rest("DELETE", "n1")).body).toMatchObject({ state: "ready" });
		await next(socket, "undrain");
		await vi.waitFor(() => expect(stays).toHaveBeenCalledWith({ node: "n1", epoch: 4 }));
		expect(await chosen()).toBe("n1");
		expect(draining).toHaveBeenCalledTimes(1);
	});

	it("has five minutes unless it says so, and refuses what does not fit", async () => {
		await register("n1");
		const { body } = await rest("POST", "n1");
		expect(Math.abs((body.drainDeadline ?? 0) - Date.now() - 300_000)).toBeLessThan(2_000);
		expect(await rest("POST", "n1", { deadlineSeconds: 0 })).toMatchObject({
			status: 400,
			body: { error: { code: "bad_request" } },
		});
	});

	it("of a node that is not there is not found", async () => {
		for (const method of ["POST", "DELETE"] as const) {
			expect(await rest(method, "n1")).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
		}
	});

	it("is told to every room once", async () => {
		await register("n1");
		for (let i = 1; i <= 25; i++) await assign({ room: `r${i}`, epoch: i });
		await rest("POST", "n1");
		await vi.waitFor(() => expect(draining).toHaveBeenCalledTimes(25));
		expect(new Set(draining.mock.calls.map(([{ epoch }]) => epoch)).size).toBe(25);
	});

	it("outlives the fleet's memory and the node's registration", async () => {
		const socket = await register("n1", { instance: "one" });
		await rest("POST", "n1");
		await next(socket, "drain");
		await evictDurableObject(fleet());
		expect((await listed()).items).toMatchObject([{ state: "draining" }]);
		const again = await register("n1", { instance: "one" });
		await next(again, "drain");
		const anew = await register("n1", { instance: "two" });
		await next(anew, "drain");
		expect(await chosen()).toBe("no_node");
	});

	it("to exit is over when the process has exited", async () => {
		const socket = await register("n1", { instance: "one" });
		await rest("POST", "n1", { exit: true });
		expect(await next(socket, "drain")).toMatchObject({ exit: true });
		await register("n1", { instance: "two" });
		expect(await chosen()).toBe("n1");
	});

	it("cannot be called off when the node stops by itself", async () => {
		const socket = await register("n1");
		const deadline = Date.now() + 20_000;
		socket.send({ type: "draining", deadline });
		await settled(socket);
		expect((await listed()).items).toMatchObject([{ state: "draining", drainDeadline: deadline }]);
		expect(await rest("DELETE", "n1")).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
	});
});

describe("a node that stops by itself", () => {
	it("has its rooms told until when", async () => {
		const socket = await register("n1");
		await assign({ epoch: 2 });
		const deadline = Date.now() + 20_000;
		socket.send({ type: "draining", deadline });
		await vi.waitFor(() => expect(draining).toHaveBeenCalledWith({ node: "n1", epoch: 2, deadline }));
	});
});
