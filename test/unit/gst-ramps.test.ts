import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Scalar, Setting } from "../../media-node/gst/messages.ts";
import { Ramps } from "../../media-node/gst/ramps.ts";

let value: Scalar = 0;
let refused: [Setting, string][] = [];
const never = "never";
const ramps = new Ramps(
	{
		get: () => value,
		set: (_element, property, to) => {
			if (property === never) throw new Error("it cannot be set");
			value = to;
		},
	},
	(...told) => refused.push(told),
);

beforeEach(() => {
	vi.useFakeTimers();
	[value, refused] = [0, []];
});
afterEach(() => {
	expect(vi.getTimerCount()).toBe(0);
	vi.useRealTimers();
});

describe("a property set over some time", () => {
	it("goes to its value in steps", () => {
		ramps.set({ element: "e", property: "p", value: 10 }, 100);
		vi.advanceTimersByTime(60);
		expect(value).toBeGreaterThan(5);
		expect(value).toBeLessThan(7);
		vi.advanceTimersByTime(60);
		expect(value).toBe(10);
		expect(refused).toEqual([]);
	});

	it("that cannot be is refused once, as one that is set at once", () => {
		const setting = { element: "e", property: never, value: 10 };
		ramps.set(setting, 1_000);
		vi.advanceTimersByTime(1_000);
		expect(refused).toEqual([[setting, "it cannot be set"]]);
		ramps.set(setting);
		expect(refused).toHaveLength(2);
	});
});
