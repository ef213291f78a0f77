import { describe, expect, it } from "vitest";
import { Seen } from "../../client/sdk/seen.ts";

describe("what came twice", () => {
	it("is known by its sender's own number, of each kind and join", () => {
		const seen = new Seen();
		const isNew = (type: string, id: number, join = 1) => seen.isNew({ type, from: "bob", join, id });
		expect(isNew("message", 5)).toBe(true);
		// Gathered on its way, it comes after a message that was sent later.
		expect(isNew("signal", 4)).toBe(true);
		expect(isNew("signal", 4)).toBe(false);
		expect(isNew("message", 5)).toBe(false);
		expect(isNew("message", 1, 2)).toBe(true);
		expect(isNew("message", 6, 1)).toBe(false);
	});
});
