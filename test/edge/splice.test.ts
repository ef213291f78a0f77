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
