import { describe, expect, it } from "vitest";
import { RoomLeft } from "../../media-node/link/room-left.ts";
import type { NodeLoad } from "../../shared/fleet.ts";

const load = (change: Partial<NodeLoad>): NodeLoad => ({
	...{ cpu: 0, rooms: 1, endpoints: 1, producers: 1, consumers: 10, bitrateIn: 0, bitrateOut: 0 },
	...{ workers: 1, workerDeaths: 0 },
	...change,
});

describe("a node", () => {
	it("takes nobody more before its CPU or capacity is used up, and again well below that", () => {
		const left = new RoomLeft();
		expect(left.look(load({ cpu: 0.84 }))).toBe(true);
		expect(left.look(load({ cpu: 0.86 }))).toBe(false);
		expect(left.look(load({ cpu: 0.75 }))).toBe(false);
		expect(left.look(load({ cpu: 0.6 }))).toBe(true);
		expect(left.look(load({ consumers: 90, capacity: 100 }))).toBe(false);
		expect(left.look(load({ consumers: 60, capacity: 100 }))).toBe(true);
	});

	it("keeps the cap that its operator set", () => {
		const left = new RoomLeft(10);
		expect(left.look(load({ endpoints: 9 }))).toBe(true);
		expect(left.look(load({ endpoints: 10 }))).toBe(false);
		expect(left.look(load({ endpoints: 9 }))).toBe(false);
		expect(left.look(load({ endpoints: 8 }))).toBe(true);
	});
});
