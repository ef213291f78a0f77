import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { MediaDevice } from "../../client/sdk/device.ts";
import { Endpoint } from "../../client/sdk/endpoint.ts";
import type { EventOf } from "../../client/sdk/wire.ts";

/** A transport whose connection is what the test says. */
class FakeTransport {
	connectionState = "new";
	#onState: (state: string) => void = () => {};

	on(event: string, listener: (state: string) => void): void {
		if (event === "connectionstatechange") this.#onState = listener;
	}
	become(state: string): void {
		this.connectionState = state;
		this.#onState(state);
	}
	close(): void {}
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Its receiving transport, and the requests it makes; they are answered as `reached` says. */
function receiving() {
	const transport = new FakeTransport();
	const asked: string[] = [];
	const room = { reached: true };
	const endpoint = new Endpoint(
		{ seq: 1, type: "endpoint", endpoint: "e1", node: { id: "n", region: "r" }, recv: {} } as EventOf<"endpoint">,
		{
			device: { device: { createRecvTransport: () => transport } } as unknown as MediaDevice,
			iceServers: () => [],
			request: (type) => {
				asked.push(type);
				return room.reached ? Promise.resolve() : new Promise(() => {});
			},
			onState: () => {},
		},
	);
	return { transport, asked, room, endpoint };
}

it("a broken path gets time, then an ICE restart, and what that does not mend in time is lost", async () => {
	const { transport, asked } = receiving();
	transport.become("connected");
	transport.become("disconnected");
	await vi.advanceTimersByTimeAsync(1_900);
	expect(asked).toEqual([]);
	await vi.advanceTimersByTimeAsync(200);
	expect(asked).toEqual(["restartIce"]);
	await vi.advanceTimersByTimeAsync(2_000);
	expect(asked).toContain("mediaLost");
});

it("restarts ICE at once in a network that came back, and leaves alone what works when only the page did", async () => {
	const { transport, asked, endpoint } = receiving();
	endpoint.check(true);
	transport.become("connected");
	endpoint.check();
	expect(asked).toEqual([]);
	endpoint.check(true);
	expect(asked).toEqual(["restartIce"]);
	await vi.advanceTimersByTimeAsync(60_000);
	expect(asked).toEqual(["restartIce"]);
});

it("a path that the restart mended, or an endpoint that was closed, is not lost", async () => {
	for (const end of ["connected", "closed"] as const) {
		const { transport, asked, endpoint } = receiving();
		transport.become("failed");
		await vi.advanceTimersByTimeAsync(500);
		if (end === "connected") transport.become("connected");
		else endpoint.close();
		await vi.advanceTimersByTimeAsync(60_000);
		expect(asked).toEqual(["restartIce"]);
	}
});

it("a node is not blamed while the room is not reached either", async () => {
	const { transport, asked, room } = receiving();
	room.reached = false;
	transport.become("failed");
	await vi.advanceTimersByTimeAsync(60_000);
	expect(asked).not.toContain("mediaLost");
});
