import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Carried, PeerWatch } from "../../media-node/rtc/peer-watch.ts";
import type { Peers } from "../../media-node/rtc/peers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A node that sends to another, seen each second: what it has sent and got by then, of one step each. */
function watching(carried: Carried | undefined, steps: { sent?: number; received?: number }) {
	const stats = { rtpBytesSent: 1_000, bytesReceived: 1_000 };
	const transport = {
		getStats: async () => {
			stats.rtpBytesSent += steps.sent ?? 0;
			stats.bytesReceived += steps.received ?? 0;
			return [{ ...stats }];
		},
	};
	const lost: number[] = [];
	const peers = { connected: new Map([[7, transport]]) } as unknown as Peers;
	const watch = new PeerWatch(
		peers,
		() => carried,
		(peer) => lost.push(peer),
	);
	return { lost, watch, steps };
}

it("what is sent and never answered is lost, and told again until it is answered", async () => {
	const { lost, watch, steps } = watching("video", { sent: 500 });
	await vi.advanceTimersByTimeAsync(5_000);
	expect(lost).toEqual([]);
	await vi.advanceTimersByTimeAsync(3_000);
	expect(lost).toEqual([7, 7, 7]);
	steps.received = 20;
	await vi.advanceTimersByTimeAsync(10_000);
	expect(lost).toHaveLength(3);
	watch.close();
});

it.each([
	["sound alone is answered more rarely", "audio", { sent: 100 }],
	["what is answered is reached", "video", { sent: 100, received: 10 }],
	["where nothing is sent, nothing is missed", "video", {}],
	["where nothing is to be sent, nobody looks", undefined, { sent: 100 }],
] as const)("%s", async (_, carried, steps) => {
	const { lost, watch } = watching(carried, steps);
	await vi.advanceTimersByTimeAsync(9_000);
	expect(lost).toEqual([]);
	watch.close();
});
