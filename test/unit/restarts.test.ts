import { expect, it } from "vitest";
import { Restarts } from "../../scripts/lib/restarts.ts";

const HOUR = 3_600_000;

it("starts a process that died again at once", () => {
	expect(new Restarts().pauseAfter(HOUR)).toBe(0);
	expect(new Restarts().pauseAfter(100)).toBe(0);
});

it("starts one that keeps dying young later and later, and at once again when it has lived", () => {
	const restarts = new Restarts();
	const young = () => Array.from({ length: 8 }, () => restarts.pauseAfter(100) / 1_000);
	expect(young()).toEqual([0, 1, 2, 4, 8, 16, 30, 30]);
	expect(restarts.pauseAfter(HOUR)).toBe(0);
	expect(restarts.pauseAfter(HOUR)).toBe(0);
	expect(restarts.pauseAfter(100)).toBe(1_000);
});
