import { abortAllDurableObjects, evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { FLEET_SUBPROTOCOL, NODE_SILENT_MS } from "../../shared/fleet.ts";
import { AssignmentClaims, AUDIENCE } from "../../shared/tokens.ts";
import { keysOf } from "../../worker/auth/keys.ts";
import { verifyRoomLink } from "../../worker/auth/tokens.ts";
import type { Fleet } from "../../worker/fleet/fleet.ts";
import { fetchEdge, testEnv } from "./support/client.ts";
import {
	asking,
	assign,
	chosen,
	dial,
	fleet,
	ids,
	listed,
	load,
	next,
	register,
	registration,
	settled,
} from "./support/nodes.ts";
import { TestSocket } from "./support/socket.ts";

afterEach(async () => {
	vi.useRealTimers();
	await reset();
});

describe("a node that registers", () => {
	it("is listed with what it said, until its socket closes", async () => {
		const socket = await register("n1", { maxEndpoints: 10 });
		expect((await listed()).items).toEqual([
			{
				...{ id: "n1", region: "eu", version: "1.0.0", state: "ready", addresses: ["192.0.2.1"], load },
				...{ connectedAt: expect.any(Number), reportedAt: expect.any(Number) },
			},
		]);
		socket.send({ type: "load", load: { ...load, cpu: 0.5, endpoints: 10 } });
		await settled(socket);
		expect((await listed()).items).toMatchObject([{ state: "full", load: { cpu: 0.5 } }]);
		socket.close(1000);
		expect((await socket.closed).code).toBe(1000);
		expect(await ids()).toEqual([]);
	});

	it("is answered its heartbeat without waking the fleet", async () => {
		const socket = await register("n1");
		socket.send("ping");
		expect(await socket.take((frame) => frame === "pong")).toBe("pong");
	});

	it("is refused under an id that is not its own", async () => {
		const socket = await dial("n1");
		socket.send(registration("n2"));
		expect((await next(socket, "refused")).error.code).toBe("unauthorized");
		expect((await socket.closed).code).toBe(CLOSE.unauthorized);
		expect(await ids()).toEqual([]);
	});

	it("is refused in a region that its token is not for", async () => {
		const socket = await dial("n1", "us");
		socket.send(registration("n1"));
		expect((await next(socket, "refused")).error.code).toBe("unauthorized");
		expect((await socket.closed).code).toBe(CLOSE.unauthorized);
		const right = await dial("n1", "us");
		right.send(registration("n1", { region: "us" }));
		await next(right, "registered");
	});

	it("is refused with capabilities that are not the fleet's", async () => {
		const socket = await dial("n1");
		socket.send(registration("n1", { capabilities: "0123456789abcdef" }));
		expect((await next(socket, "refused")).error).toMatchObject({ code: "unsupported" });
		expect((await socket.closed).code).toBe(CLOSE.incompatible);
		expect(await ids()).toEqual([]);
	});

	it("replaces its earlier socket, and the end of that one changes nothing", async () => {
		const first = await register("n1");
		const second = await register("n1", { version: "2.0.0" });
		expect((await first.closed).code).toBe(CLOSE.nodeReplaced);
		first.close();
		await settled(second);
		expect((await listed()).items).toMatchObject([{ id: "n1", version: "2.0.0" }]);
		expect(await chosen()).toBe("n1");
		await next(second, "assignment");
		expect(first.untaken).toEqual([]);
	});

	it("may register again on the same socket", async () => {
		const socket = await register("n1");
		socket.send(registration("n1", { version: "2.0.0" }));
		await next(socket, "registered");
		expect((await listed()).items).toMatchObject([{ version: "2.0.0" }]);
	});

	it("keeps its socket when it sends something bad", async () => {
		const socket = await register("n1");
		const bad: [unknown, string][] = [
			["{", "bad_json"],
			["null", "bad_request"],
			[{ type: "nonsense" }, "bad_request"],
			[{ type: "load", load: { ...load, cpu: 7 } }, "bad_request"],
			[new ArrayBuffer(8), "bad_json"],
			[`"${"x".repeat(70_000)}"`, "too_large"],
		];
		for (const [frame, code] of bad) {
			socket.send(frame);
			expect((await next(socket, "refused")).error.code).toBe(code);
		}
		expect(await chosen()).toBe("n1");
	});

	it("is told to register first when it has not", async () => {
		const socket = await dial("n1");
		for (const frame of [{ type: "load", load }, { type: "draining" }]) {
			socket.send(frame);
			expect((await next(socket, "refused")).error).toEqual({ code: "bad_request", message: "register first" });
		}
		expect(await chosen()).toBe("no_node");
	});
});

describe("an assignment", () => {
	it("is not made when the room has the best node already", async () => {
		const socket = await register("n1");
		await register("n2");
		expect(await assign({ have: ["n1"] })).toEqual({ ok: true, value: { node: "n1", region: "eu", held: true } });
		await settled(socket);
		expect(socket.untaken).toEqual([]);
	});

	it("is made anew when what the room has is full, overloaded or draining", async () => {
		const first = await register("n1", { load: { ...load, cpu: 0.9 } });
		await register("n2");
		expect(await assign({ have: ["n1"] })).toMatchObject({ value: { node: "n2", held: false } });
		first.send({ type: "load", load });
		await settled(first);
		expect(await assign({ have: ["n1"] })).toMatchObject({ value: { node: "n1", held: true } });
		first.send({ type: "draining" });
		await settled(first);
		expect(await assign({ have: ["n1"] })).toMatchObject({ value: { node: "n2", held: false } });
	});

	it("that cannot be made says why", async () => {
		expect(await assign()).toEqual({
			ok: false,
			error: { code: "no_node", message: "no media node is connected" },
		});
		await register("n1", { load: { ...load, cpu: 0.9 } });
		await register("n2", { load: { ...load, capacity: 100, consumers: 100 } });
		await register("n3", { maxEndpoints: 1, load: { ...load, endpoints: 1 } });
		expect(await assign()).toEqual({
			ok: false,
			error: { code: "no_node", message: "no media node is available: 2 overloaded, 1 full" },
		});
	});

	it("is signed for the node and the room, and sent to the node", async () => {
		const socket = await register("n1");
		const jti = crypto.randomUUID();
		const result = await assign({ room: "tea", epoch: 4, jti });
		expect(result).toEqual({ ok: true, value: { node: "n1", region: "eu", held: false } });
		const { room, token } = await next(socket, "assignment");
		expect(room).toBe("tea");
		expect(decodeProtectedHeader(token)).toEqual({
			alg: "EdDSA",
			typ: AUDIENCE.assignment,
			kid: (await keysOf(testEnv)).assignment[0].kid,
		});
		const claims = AssignmentClaims.parse(decodeJwt(token));
		expect(claims).toMatchObject({ aud: "n1", sub: "tea", epoch: 4, jti, edge: "https://edge.test" });
		expect(claims.exp - claims.iat).toBeLessThanOrEqual(60);
		expect(await verifyRoomLink(testEnv, token, "tea")).toEqual({ node: "n1", epoch: 4, jti });
	});

	it("goes to no node when there is none", async () => {
		expect(await chosen()).toBe("no_node");
	});

	it("does not go to a node that is excluded, draining or full", async () => {
		await register("n1");
		expect(await chosen({ exclude: ["n1"] })).toBe("no_node");
		const draining = await register("n2");
		draining.send({ type: "draining" });
		await settled(draining);
		expect((await listed()).items).toMatchObject([{ state: "ready" }, { id: "n2", state: "draining" }]);
		await register("n3", { maxEndpoints: 5, load: { ...load, endpoints: 5 } });
		expect(await chosen({ exclude: ["n1"] })).toBe("no_node");
		expect(await chosen()).toBe("n1");
	});

	it("does not go to a node that has been silent, even while its socket is open", async () => {
		const quiet = await register("n1");
		const alive = await register("n2", { load: { ...load, cpu: 0.7 } });
		expect(await chosen()).toBe("n1");
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + NODE_SILENT_MS + 1 });
		alive.send({ type: "load", load });
		await settled(alive);
		expect(await chosen({ exclude: ["n2"] })).toBe("no_node");
		expect(await ids()).toEqual(["n2"]);
		quiet.send({ type: "load", load });
		await settled(quiet);
		expect(await ids()).toEqual(["n1", "n2"]);
	});

	it("goes on to count a node as alive by its heartbeat alone", async () => {
		const socket = await register("n1");
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + NODE_SILENT_MS - 500 });
		socket.send("ping");
		await socket.take((frame) => frame === "pong");
		expect(await chosen()).toBe("n1");
	});

	it("goes to the node in the region that is asked for", async () => {
		await register("n1");
		await register("n2", { region: "us", load: { ...load, cpu: 0.5 } });
		expect(await chosen({ near: { region: "us" } })).toBe("n2");
		expect(await chosen({ near: { region: "eu" } })).toBe("n1");
	});

	it("spreads over nodes when many are asked for at once", async () => {
		await register("n1");
		await register("n2");
		const nodes = await Promise.all(Array.from({ length: 10 }, () => chosen()));
		// Of equals the room's name decides, and each assignment counts as load until the node reports.
		expect(nodes.filter((node) => node === "n1").length).toBeGreaterThan(2);
		expect(nodes.filter((node) => node === "n2").length).toBeGreaterThan(2);
	});

	it.each<[string, (instance: Fleet, ws: WebSocket) => void]>([
		["drains", (instance, ws) => instance.webSocketMessage(ws, '{"type":"draining"}')],
		["closes its socket", (instance, ws) => instance.webSocketClose(ws, 1000)],
		["loses its socket", (instance, ws) => instance.webSocketError(ws)],
	])("goes to another node when the chosen one %s while it is signed", async (_, happen) => {
		const first = await register("n1");
		const second = await register("n2", { load: { ...load, cpu: 0.5 } });
		const result = await runInDurableObject(fleet(), async (instance, state) => {
			const asked = instance.assignFrom(asking(), []);
			for (const ws of state.getWebSockets()) {
				if (JSON.stringify(ws.deserializeAttachment()).includes('"n1"')) happen(instance, ws);
			}
			return asked;
		});
		expect(result).toMatchObject({ ok: true, value: { node: "n2" } });
		await next(second, "assignment");
		expect(first.untaken).toEqual([]);
	});
});

describe("a fleet that lost its memory", () => {
	it("still has the nodes whose sockets hibernated, with their latest load", async () => {
		const socket = await register("n1", {
			addresses: Array.from({ length: 64 }, (_, i) => `192.0.2.${i}`.padEnd(250, "x")),
		});
		socket.send({ type: "load", load: { ...load, cpu: 0.25, rooms: 3 } });
		await settled(socket);
		const before = await listed();
		await evictDurableObject(fleet());
		expect(await listed()).toEqual(before);
		await evictDurableObject(fleet());
		expect(await chosen()).toBe("n1");
		await next(socket, "assignment");
		await evictDurableObject(fleet());
		socket.send({ type: "draining" });
		await settled(socket);
		await evictDurableObject(fleet());
		expect(await chosen()).toBe("no_node");
	});

	it("lets a socket that had not registered yet do so", async () => {
		const socket = await dial("n1");
		await evictDurableObject(fleet());
		socket.send(registration("n1"));
		await next(socket, "registered");
		expect(await chosen()).toBe("n1");
	});

	it("has no ghosts of nodes whose sockets are gone", async () => {
		const socket = await register("n1");
		await abortAllDurableObjects();
		expect((await socket.closed).code).toBe(1006);
		expect(await ids()).toEqual([]);
		expect(await chosen()).toBe("no_node");
		await register("n1");
		expect(await chosen()).toBe("n1");
	});
});

describe("the list of nodes", () => {
	it("is paged by id", async () => {
		for (const node of ["c", "a", "b"]) await register(node);
		const first = await listed("?limit=2");
		expect(first.items.map(({ id }) => id)).toEqual(["a", "b"]);
		const second = await listed(`?limit=2&cursor=${first.next}`);
		expect(second).toEqual({ items: [expect.objectContaining({ id: "c" })] });
	});

	it("has a credential for a new one, which lets it register as itself only", async () => {
		const response = await fetchEdge("/v1/nodes/n9/token", {
			method: "POST",
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" },
			body: '{"region":"eu","ttl":3600}',
		});
		expect(response.status).toBe(201);
		const { token, expiresAt } = await response.json<{ token: string; expiresAt: number }>();
		expect(Math.abs(expiresAt - Date.now() - 3_600_000)).toBeLessThan(2_000);
		const dialled = await fetchEdge("/v1/fleet", {
			headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": FLEET_SUBPROTOCOL, Authorization: `Bearer ${token}` },
		});
		if (!dialled.webSocket) throw new Error("no socket");
		const socket = new TestSocket(dialled.webSocket);
		socket.send(registration("n9"));
		await next(socket, "registered");
	});
});
