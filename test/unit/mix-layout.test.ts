import * as fc from "fast-check";
import { expect, it } from "vitest";
import { grid } from "../../media-node/mixing/layout.ts";

const picture = { width: 1280, height: 720 };

it("one picture has all of the place, two share it side by side", () => {
	expect(grid(1, picture)).toEqual([{ x: 0, y: 0, width: 1280, height: 720 }]);
	expect(grid(2, picture).map(({ x, width }) => [x, width])).toEqual([
		[0, 640],
		[640, 640],
	]);
});

it("a last row that is not full is in the middle", () => {
	expect(grid(3, picture).map(({ x, y }) => [x, y])).toEqual([
		[0, 0],
		[640, 0],
		[320, 360],
	]);
});

it("pictures lie within the whole, beside each other, at even places", () => {
	void fc.assert(
		fc.property(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 100, max: 2_000 }), (count, width) => {
			const tiles = grid(count, { width, height: 720 });
			expect(tiles).toHaveLength(count);
			for (const [i, a] of tiles.entries()) {
				expect(Math.min(a.x, a.y)).toBeGreaterThanOrEqual(0);
				expect(a.x + a.width).toBeLessThanOrEqual(width);
				expect(a.y + a.height).toBeLessThanOrEqual(720);
				for (const length of [a.x, a.width, a.height]) expect(length % 2).toBe(0);
				for (const b of tiles.slice(i + 1)) {
					const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
					expect(apart).toBe(true);
				}
			}
		}),
	);
});
