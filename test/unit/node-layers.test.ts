import { describe, expect, it } from "vitest";
import { chooseLayers } from "../../media-node/rtc/layers.ts";

const SIZES = [
	{ width: 320, height: 180 },
	{ width: 640, height: 360 },
	{ width: 1280, height: 720 },
];
const spatial = (settings: Parameters<typeof chooseLayers>[0], sizes = SIZES, count = 3) =>
	chooseLayers(settings, sizes, count).layers?.spatialLayer;
const size = (width: number, height: number) => ({ size: { width, height } });

describe("the layers of a subscription", () => {
	it("are the highest when nothing is asked", () => {
		expect(chooseLayers({}, SIZES, 3)).toEqual({
			paused: false,
			layers: { spatialLayer: 2, temporalLayer: undefined },
		});
	});

	it("are the lowest that fill the element", () => {
		expect(spatial(size(160, 90))).toBe(0);
		expect(spatial(size(320, 180))).toBe(0);
		expect(spatial(size(500, 281))).toBe(1);
		expect(spatial(size(640, 360))).toBe(1);
		expect(spatial(size(1000, 562))).toBe(2);
		expect(spatial(size(3840, 2160))).toBe(2);
	});

	it("count the letterbox: only what the picture fills matters", () => {
		expect(spatial(size(1280, 180))).toBe(0);
		expect(spatial(size(320, 720))).toBe(0);
	});

	it("let an element be slightly larger than its layer", () => {
		expect(spatial(size(360, 202))).toBe(0);
		expect(spatial(size(400, 225))).toBe(1);
	});

	it("never exceed the cap", () => {
		expect(spatial({ layer: { spatial: 1 } })).toBe(1);
		expect(spatial({ layer: { spatial: 1 }, ...size(1280, 720) })).toBe(1);
		expect(spatial({ layer: { spatial: 7 } })).toBe(2);
		expect(chooseLayers({ layer: { spatial: 1, temporal: 0 } }, SIZES, 3).layers?.temporalLayer).toBe(0);
	});

	it("are the highest again when cap and size are lifted", () => {
		expect(spatial({ layer: null, size: null })).toBe(2);
	});

	it("follow only the cap when the sizes are not known", () => {
		expect(spatial(size(160, 90), [])).toBe(2);
		expect(spatial({ ...size(160, 90), layer: { spatial: 0 } }, SIZES.slice(0, 1))).toBe(0);
		expect(spatial(size(160, 90), [{ width: 0, height: 0 }], 1)).toBeUndefined();
	});

	it("are none for an element out of view, a paused one, and of a track without a choice", () => {
		expect(chooseLayers(size(0, 0), SIZES, 3).paused).toBe(true);
		expect(chooseLayers(size(640, 0), SIZES, 3).paused).toBe(true);
		expect(chooseLayers({ paused: true }, SIZES, 3).paused).toBe(true);
		expect(chooseLayers(size(0, 0), [], 1)).toEqual({ paused: true });
		expect(chooseLayers({}, [], 1)).toEqual({ paused: false });
	});
});
