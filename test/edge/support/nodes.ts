/** Media nodes as their fleet sees them: a socket and what is said on it. */

import { expect } from "vitest";
import { FLEET_SUBPROTOCOL, type FleetMessage, type NodeLoad, REPORT_MS } from "../../../shared/fleet.ts";
import type { Node } from "../../../shared/rest.ts";
import { ROUTER_CAPABILITIES_ID } from "../../../shared/router-capabilities.ts";
import { mintNodeToken } from "../../../worker/auth/tokens.ts";
import { fleetFor } from "../../../worker/fleet/locate.ts";
import type { AssignRequest } from "../../../worker/fleet/rpc.ts";
import { fetchEdge, testEnv } from "./client.ts";
import { TestSocket } from "./socket.ts";

export const load: NodeLoad = {
	...{ cpu: 0, rooms: 0, endpoints: 0, producers: 0, consumers: 0, bitrateIn: 0, bitrateOut: 0 },
	...{ workers: 1, workerDeaths: 0 },
};

/** A socket that proved to be this node's, not registered. */
export async function dial(node: string, region?: string): Promise<TestSocket> {
	const { token } = await mintNodeToken(testEnv, { node, region });
	const response = await fetchEdge("/v1/fleet", {
		headers: { Upgrade: "websocket", "Sec-WebSocket-Protocol": FLEET_SUBPROTOCOL, Authorization: `Bearer ${token}` },
	});
	expect(response.headers.get("sec-websocket-protocol")).toBe(FLEET_SUBPROTOCOL);
	if (!response.webSocket) throw new Error("no socket");
	return new TestSocket(response.webSocket);
}

export const registration = (node: string, change: object = {}) => ({
	...{ type: "register", node, region: "eu", version: "1.0.0", capabilities: ROUTER_CAPABILITIES_ID },
	...{ addresses: ["192.0.2.1"], load, ...change },
});

export async function register(node: string, change: object = {}): Promise<TestSocket> {
	const socket = await dial(node);
	socket.send(registration(node, change));
	expect(await next(socket, "registered")).toEqual({
		type: "registered",
		node,
		reportMs: REPORT_MS,
		hub: expect.any(String),
	});
	return socket;
}

export function next<T extends FleetMessage["type"]>(
	socket: TestSocket,
	type: T,
): Promise<Extract<FleetMessage, { type: T }>> {
	return socket.take((frame) => (frame as FleetMessage).type === type);
}

/** What a room asks with. */
export function asking(change: Partial<AssignRequest> = {}): AssignRequest {
	return {
		...{ room: "r", epoch: 1, jti: crypto.randomUUID(), origin: "https://edge.test" },
		...{ near: {}, exclude: [], have: [] },
		...change,
	};
}

export function assign(change: Partial<AssignRequest> = {}) {
	return fleetFor(testEnv, {}).assign(asking(change));
}

export const chosen = async (change: Partial<AssignRequest> = {}) => {
	const result = await assign(change);
	return result.ok ? result.value.node : result.error.code;
};

export async function listed(query = ""): Promise<{ items: Node[]; next?: string }> {
	const response = await fetchEdge(`/v1/nodes${query}`, { headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` } });
	return response.json();
}
export const ids = async () => (await listed()).items.map(({ id }) => id);
export const fleet = () => testEnv.FLEET.getByName("weur");

/** Everything this socket sent was handled: its answer to a frame that is refused came. */
export async function settled(socket: TestSocket): Promise<void> {
	socket.send("{");
	expect((await next(socket, "refused")).error.code).toBe("bad_json");
}
