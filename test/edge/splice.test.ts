import { expect, it, vi } from "vitest";
import { acceptSocket, type Reader } from "../../worker/api/sockets/splice.ts";
import { TestSocket } from "./support/socket.ts";

function dial(read: Reader["read"]): TestSocket {
	const { webSocket } = acceptSocket({ read, patienceMs: 60_000, lateCode: 4005 });
	if (!webSocket) throw new Error("not upgraded");
	return new TestSocket(webSocket);
}
/** A room that does not answer. */
const never = () => new Promise<undefined>(() => {});

it("what waits for a room is bounded by its size, not by its count alone", async () => {
	const long = dial(never);
	// The first is being read, and waits no more.
	for (let sent = 0; sent < 4; sent++) long.send("x".repeat(400_000));
	expect((await long.closed).code).toBe(1009);
	const many = dial(never);
	for (let sent = 0; sent < 258; sent++) many.send("x");
	expect((await many.closed).code).toBe(4006);
	const few = dial(never);
	for (let sent = 0; sent < 3; sent++) few.send("x".repeat(400_000));
	const late = new Promise((resolve) => setTimeout(resolve, 100, "open"));
	expect(await Promise.race([few.closed, late])).toBe("open");
	few.close(1000);
});

it("a client that says nothing is told something now and then, before it has a room and after", async () => {
	const { 0: room, 1: inside } = new WebSocketPair();
	inside.accept();
	const heard: unknown[] = [];
	inside.addEventListener("message", ({ data }) => heard.push(data));
	const keepAlive = { frame: '{"kind":"ping"}', everyMs: 20 };
	const { webSocket } = acceptSocket({ read: async () => ({ room }), patienceMs: 60_000, lateCode: 4005, keepAlive });
	if (!webSocket) throw new Error("not upgraded");
	const socket = new TestSocket(webSocket);
	const ping = () => socket.take((frame) => (frame as { kind?: string }).kind === "ping");
	await ping();
	socket.send("hello");
	await vi.waitFor(() => expect(heard).toEqual(["hello"]));
	await ping();
	await ping();
	expect(heard).toEqual(["hello"]);
	socket.close(1000);
	await socket.closed;
	const { length } = socket.untaken;
	await new Promise((resolve) => setTimeout(resolve, 80));
	expect(socket.untaken.length).toBe(length);
});

it("one that never says what it has to is sent away, which is told", async () => {
	let late = 0;
	const { webSocket } = acceptSocket({ read: never, patienceMs: 30, lateCode: 4005, late: () => late++ });
	if (!webSocket) throw new Error("not upgraded");
	expect((await new TestSocket(webSocket).closed).code).toBe(4005);
	expect(late).toBe(1);
});

it("what comes after a socket was closed is read by nobody", async () => {
	const failed = vi.spyOn(console, "error").mockImplementation(() => {});
	let read = 0;
	const socket = dial(async (client) => {
		read++;
		client.send('"refused"');
		client.close(1000);
		return undefined;
	});
	for (let sent = 0; sent < 5; sent++) socket.send("x");
	expect((await socket.closed).code).toBe(1000);
	expect(read).toBe(1);
	expect(failed.mock.calls).toEqual([]);
	failed.mockRestore();
});
