import { abortAllDurableObjects, evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { FLEET_SUBPROTOCOL, type FleetMessage, type NodeLoad, REPORT_MS } from "../../shared/fleet.ts";
import type { Node } from "../../shared/rest.ts";
import { ROUTER_CAPABILITIES_ID } from "../../shared/router-capabilities.ts";
import { AssignmentClaims, AUDIENCE } from "../../shared/tokens.ts";
import { keysOf } from "../../worker/auth/keys.ts";
import { mintNodeToken, verifyRoomLink } from "../../worker/auth/tokens.ts";
import type { Fleet } from "../../worker/fleet/fleet.ts";
import { fleetFor } from "../../worker/fleet/locate.ts";
import type { AssignRequest } from "../../worker/fleet/rpc.ts";
import { fetchEdge, testEnv } from "./support/client.ts";
import { TestSocket } from "./support/socket.ts";

const load: NodeLoad = {
	...{ cpu: 0, rooms: 0, endpoints: 0, producers: 0, consumers: 0, bitrateIn: 0, bitrateOut: 0 },
	...{ workers: 1, workerDeaths: 0 },
};

/** A socket that proved to be this node's, not registered. */
async function dial(node: string, region?: string): Promise<TestSocket> {
	const { token } = await mintNodeToken(testEnv, { node, region });
	const response = await fetchEdge("/v1/fleet", {
		headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": FLEET_SUBPROTOCOL, Authorization: `Bearer ${token}` },
	});
	expect(response.headers.get("sec-websocket-protocol")).toBe(FLEET_SUBPROTOCOL);
	if (!response.webSocket) throw new Error("no socket");
	return new TestSocket(response.webSocket);
}

const registration = (node: string, change: object = {}) => ({
	...{ type: "register", node, region: "eu", version: "1.0.0", capabilities: ROUTER_CAPABILITIES_ID },
	...{ addresses: ["192.0.2.1"], load, ...change },
});

async function register(node: string, change: object = {}): Promise<TestSocket> {
	const socket = await dial(node);
	socket.send(registration(node, change));
	expect(await next(socket, "registered")).toEqual({ type: "registered", node, reportMs: REPORT_MS });
	return socket;
}

function next<T extends FleetMessage["type"]>(
	socket: TestSocket,
	type: T,
): Promise<Extract<FleetMessage, { type: T }>> {
	return socket.take((frame) => (frame as FleetMessage).type === type);
}

function assign(change: Partial<AssignRequest> = {}) {
	const request = {
		room: "r",
		epoch: 1,
		jti: crypto.randomUUID(),
		origin: "https://edge.test",
		near: {},
		exclude: [],
		have: [],
	};
	return fleetFor(testEnv, {}).assign({ ...request, ...change });
}

const chosen = async (change: Partial<AssignRequest> = {}) => {
	const result = await assign(change);
	return result.ok ? result.value.node : result.error.code;
};

async function listed(query = ""): Promise<{ items: Node[]; next?: string }> {
	const response = await fetchEdge(`/v1/nodes${query}`, { headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` } });
	return response.json();
}
const ids = async () => (await listed()).items.map(({ id }) => id);
const fleet = () => testEnv.FLEET.getByName("fleet");

/** Everything this socket sent was handled: its answer to a frame that is refused came. */
async function settled(socket: TestSocket): Promise<void> {
	socket.send("{");
	expect((await next(socket, "refused")).error.code).toBe("bad_json");
}

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
		const alive = await register("n2", { load: { ...load, cpu: 0.8 } });
		expect(await chosen()).toBe("n1");
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * REPORT_MS + 1 });
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
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3 * REPORT_MS - 500 });
		socket.send("ping");
		await socket.take((frame) => frame === "pong");
		expect(await chosen()).toBe("n1");
	});

	it("finds the socket of a node that was silent for very long given up", async () => {
		const socket = await register("n1");
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 120_000 });
		expect(await chosen()).toBe("no_node");
		expect((await socket.closed).code).toBe(CLOSE.silent);
		vi.useRealTimers();
		await register("n1");
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
		expect(nodes.filter((node) => node === "n1")).toHaveLength(5);
	});

	it.each<[string, (instance: Fleet, ws: WebSocket) => void]>([
		["drains", (instance, ws) => instance.webSocketMessage(ws, '{"type":"draining"}')],
		["closes its socket", (instance, ws) => instance.webSocketClose(ws, 1000)],
		["loses its socket", (instance, ws) => instance.webSocketError(ws)],
	])("goes to another node when the chosen one %s while it is signed", async (_, happen) => {
		const first = await register("n1");
		const second = await register("n2", { load: { ...load, cpu: 0.5 } });
		const result = await runInDurableObject(fleet(), async (instance, state) => {
			const asked = instance.assign({
				room: "r",
				epoch: 1,
				jti: crypto.randomUUID(),
				origin: "https://edge.test",
				near: {},
				exclude: [],
				have: [],
			});
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
