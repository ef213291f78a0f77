import { describe, expect, it } from "vitest";
import { planVideo } from "../../client/sdk/encodings.ts";

const HD = { width: 1280, height: 720 };

describe("how a video track is sent", () => {
	it("is in three sizes for a camera, lowest first", () => {
		const { encodings, layers } = planVideo(HD, { source: "camera" });
		expect(layers).toEqual([
			{ width: 320, height: 180 },
			{ width: 640, height: 360 },
			{ width: 1280, height: 720 },
		]);
		expect(encodings?.map((encoding) => encoding.scaleResolutionDownBy)).toEqual([4, 2, 1]);
		const bitrates = encodings?.map((encoding) => encoding.maxBitrate ?? 0) ?? [];
		expect(bitrates).toEqual([...bitrates].sort((a, b) => a - b));
		expect(bitrates.at(-1)).toBe(1_700_000);
	});

	it("has no layer too small to be of use", () => {
		expect(planVideo({ width: 640, height: 360 }, { source: "camera" }).layers).toHaveLength(2);
		expect(planVideo({ width: 320, height: 180 }, { source: "camera" })).toMatchObject({ layers: undefined });
		expect(planVideo({ width: 320, height: 180 }, { source: "camera" }).encodings).toHaveLength(1);
	});

	it("is one size for a screen, or when asked so", () => {
		expect(planVideo(HD, { source: "screen" }).encodings).toHaveLength(1);
		expect(planVideo(HD, { source: "camera", simulcast: false }).encodings).toHaveLength(1);
	});

	it("is one stream with layers in VP9 and AV1", () => {
		expect(planVideo(HD, { source: "camera", codec: "vp9" })).toMatchObject({
			encodings: [{ scalabilityMode: "L3T3_KEY" }],
			layers: [{ width: 320 }, { width: 640 }, { width: 1280 }],
		});
		expect(planVideo(HD, { source: "screen", codec: "av1", svc: "L1T3" }).layers).toBeUndefined();
	});

	it("is as the application says when it says", () => {
		const encodings = [{ scaleResolutionDownBy: 2 }, { maxBitrate: 1 }];
		expect(planVideo(HD, { source: "camera", encodings })).toEqual({
			encodings,
			layers: [{ width: 640, height: 360 }, HD],
		});
	});
});
