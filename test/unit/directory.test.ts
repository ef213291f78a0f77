import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { directoryShard } from "../../worker/directory/listing.ts";

describe("the share of the directory that a room is in", () => {
	it("never changes, or rooms would be lost from the list", () => {
		expect(["a", "demo", "room-1", "room-2", "x".repeat(128)].map(directoryShard)).toEqual([4, 6, 4, 5, 5]);
	});

	it("is one of eight", () => {
		fc.assert(
			fc.property(fc.string(), (name) => {
				expect([0, 1, 2, 3, 4, 5, 6, 7]).toContain(directoryShard(name));
			}),
		);
	});

	it("is as likely as any other for names that differ in a number", () => {
		const shards = Array.from({ length: 8_000 }, (_, i) => directoryShard(`room-${i}`));
		for (let shard = 0; shard < 8; shard++) {
			expect(shards.filter((found) => found === shard).length).toBeGreaterThan(800);
		}
	});
});
