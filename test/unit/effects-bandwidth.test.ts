import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Bandwidth } from "../../media-node/effects/bandwidth.ts";
import type { Endpoint } from "../../media-node/rtc/endpoint.ts";
import type { RoomTrack } from "../../media-node/rtc/tracks.ts";

class Transport extends EventEmitter {
	asked: string[] = [];
	enableTraceEvent(types: string[]): Promise<void> {
		this.asked = types;
		return Promise.resolve();
	}
	finds(availableBitrate: number): void {
		this.emit("trace", { type: "bwe", info: { availableBitrate } });
	}
}

const wet = { id: "v", kind: "video" } as RoomTrack;
const endpoints = new Map<string, Endpoint>();
const bandwidth = new Bandwidth(endpoints);
const owner = {};
let told: number[];

/** Somebody who gets these tracks. */
function receiver(id: string, tracks: RoomTrack[], paused = false): Transport {
	const transport = new Transport();
	const subscriptions = new Map(
		tracks.map((published) => [published.id, { published, transport, consumer: { paused } }]),
	);
	endpoints.set(id, { subscriptions } as unknown as Endpoint);
	return transport;
}

function look(): number | undefined {
	vi.advanceTimersByTime(250);
	return told.at(-1);
}

beforeEach(() => {
	vi.useFakeTimers();
	told = [];
	endpoints.clear();
	bandwidth.follow(owner, [wet], (bitrate) => told.push(bitrate));
});
afterEach(() => {
	bandwidth.forget(owner);
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
});

describe("the bit rate of altered video", () => {
	it("is what its weakest receiver can take, within bounds", () => {
		const [a, b] = [receiver("a", [wet]), receiver("b", [wet])];
		expect(look()).toBeUndefined();
		expect(a.asked).toEqual(["bwe"]);
		a.finds(1_200_000);
		expect(look()).toBe(1_200_000);
		b.finds(400_000);
		expect(look()).toBe(400_000);
		b.finds(10_000);
		expect(look()).toBe(150_000);
		b.finds(9e9);
		a.finds(9e9);
		expect(look()).toBe(1_800_000);
		endpoints.delete("b");
		a.finds(500_000);
		expect(look()).toBe(500_000);
	});

	it("does not change for little, and not for who does not get it", () => {
		const a = receiver("a", [wet]);
		const paused = receiver("b", [wet], true);
		const dry = receiver("c", [{ id: "v", kind: "video" } as RoomTrack]);
		look();
		for (const transport of [paused, dry]) transport.finds(200_000);
		a.finds(820_000);
		look();
		a.finds(790_000);
		look();
		expect(told).toEqual([]);
	});

	it("is what receivers on other nodes can take too, for as long as they say so", () => {
		const a = receiver("a", [wet]);
		look();
		a.finds(1_200_000);
		bandwidth.limit("v", 2, 400_000);
		bandwidth.limit("v", 3, 300_000);
		bandwidth.limit("of-nobody", 3, 200_000);
		expect(look()).toBe(300_000);
		vi.advanceTimersByTime(8_000);
		bandwidth.limit("v", 2, 500_000);
		vi.advanceTimersByTime(6_000);
		expect(told.at(-1)).toBe(500_000);
		vi.advanceTimersByTime(8_000);
		expect(told.at(-1)).toBe(1_200_000);
	});

	it("is told to the node that encodes it: a change within a second, anything again after five", () => {
		const relayed: number[] = [];
		const far = { id: "far", kind: "video" as const, closed: false };
		const a = receiver("a", [far as RoomTrack]);
		bandwidth.relay(far as RoomTrack, (bitrate) => relayed.push(bitrate));
		look();
		// What another node told is not passed on by this one.
		bandwidth.limit("far", 4, 160_000);
		a.finds(700_000);
		look();
		a.finds(400_000);
		look();
		expect(relayed).toEqual([700_000]);
		vi.advanceTimersByTime(1_000);
		expect(relayed).toEqual([700_000, 400_000]);
		vi.advanceTimersByTime(4_500);
		expect(relayed).toHaveLength(2);
		vi.advanceTimersByTime(500);
		expect(relayed).toEqual([700_000, 400_000, 400_000]);
		far.closed = true;
		vi.advanceTimersByTime(10_000);
		expect(relayed).toHaveLength(3);
		expect(told).toEqual([]);
	});

	it("is a receiver's share of its bandwidth, where it gets several videos", () => {
		const others = ["w", "x"].map((id) => ({ id, kind: "video" }) as RoomTrack);
		const a = receiver("a", [wet, ...others, { id: "s", kind: "audio" } as RoomTrack]);
		look();
		a.finds(1_200_000);
		expect(look()).toBe(400_000);
	});
});
