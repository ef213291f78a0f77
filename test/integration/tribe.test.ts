/** Sockets of tribe's protocol as a network has them: pings at the level of WebSocket, and ends without a word. */
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { type Edge, startEdge } from "../../scripts/lib/edge.ts";
import { signOdoo } from "../support/odoo.ts";

const authKey = randomBytes(32).toString("base64");
const soon = { timeout: 10_000, interval: 50 };

let edge: Edge;
beforeAll(async () => {
	edge = await startEdge({ port: 0, vars: { AUTH_KEY: authKey, RESUME_GRACE_MS: "1000" } });
});
afterAll(() => edge?.dispose());

interface Frame {
	a: string;
	d: { socketId: string };
}

async function dial() {
	const socket = new WebSocket(`${edge.url.replace("http", "ws")}/api`);
	onTestFinished(() => socket.terminate());
	const frames: Frame[] = [];
	socket.on("message", (data) => frames.push(JSON.parse(String(data)) as Frame));
	await once(socket, "open");
	return { socket, frames };
}

async function join(room: string, userId: string) {
	const client = await dial();
	const d = {
		...{ roomId: room, bearer: signOdoo({ userId }, authKey), platform: "Web", deviceName: "", networkType: "wifi" },
		...{ version: "1", appVersion: "1", orientation: 0, camera: "front" },
	};
	client.socket.send(JSON.stringify({ a: "join", d }));
	await expect.poll(() => client.frames.some(({ a }) => a === "joinR"), soon).toBe(true);
	return { ...client, socketId: client.frames.find(({ a }) => a === "joinR")?.d.socketId };
}

it("pings of a client are answered, before it has joined and afterwards", async () => {
	for (const { socket } of [await dial(), await join(`pings-${randomUUID()}`, "ada")]) {
		const answered = once(socket, "pong");
		socket.ping("are you there");
		expect(String((await answered)[0])).toBe("are you there");
	}
});

it("one who calls another directly and dies without a word has left for the other after the grace time", async () => {
	const room = `direct-${randomUUID()}`;
	const [ada, ben] = [await join(room, "ada"), await join(room, "ben")];
	// They have exchanged descriptions, and then neither has anything to say to the edge.
	const sdp = { type: "offer", sdp: "v=0" };
	ben.socket.send(JSON.stringify({ a: "exchangeSdp", d: { to: ada.socketId, sdp } }));
	await expect.poll(() => ada.frames.some(({ a }) => a === "eventExchangeSdp"), soon).toBe(true);
	ben.socket.terminate();
	const left = () => ada.frames.filter(({ a }) => a === "eventLeave").map(({ d }) => d);
	await expect.poll(left, soon).toEqual([{ roomId: room, roomSize: 1, socketId: ben.socketId, userId: "ben" }]);
});
