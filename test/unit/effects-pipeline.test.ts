import { describe, expect, it } from "vitest";
import { Restarts } from "../../media-node/effects/restarts.ts";
import { effectsPipeline, encoderOf, type Flow } from "../../media-node/effects/text.ts";
import type { EffectsWish } from "../../shared/effects.ts";

const flow = (kind: "audio" | "video", mimeType: string, name: string = kind): Flow => ({
	...{ name, kind, mimeType, clockRate: kind === "audio" ? 48_000 : 90_000, payloadType: 100, ssrc: 1_111 },
	altered: { payloadType: 96, ssrc: 2_222 },
	keys: { theirs: "aa".repeat(30), ours: "bb".repeat(30) },
	ports: { rtp: 5_000, rtcp: 5_001 },
});
const settings = { latencyMs: 150, hardware: new Set<string>() };
const options: EffectsWish["options"] = { codec: "H264", overlay: false, hardware: false };

describe("a pipeline's text", () => {
	it("has elements by name alone: what is set on them is apart", () => {
		const wish: EffectsWish = {
			audio: [
				{ element: "pitch", name: "fx", properties: { pitch: 1.5 }, controlled: { pitch: 2, pich: 3 } },
				{ element: "volume", name: "fx", properties: { mute: true } },
			],
			options,
		};
		const { text, settings: set, named } = effectsPipeline([flow("audio", "audio/opus")], wish, settings);
		expect(text).toContain("pitch name=audio_effect_0 ! audioconvert ! volume name=audio_effect_1 ! audioconvert");
		expect(text).not.toContain("1.5");
		expect(set).toEqual([
			{ element: "audio_effect_0", property: "pitch", value: 1.5 },
			// What a control set may be anything.
			{ element: "audio_effect_0", property: "pitch", value: 2, optional: true },
			{ element: "audio_effect_0", property: "pich", value: 3, optional: true },
			{ element: "audio_effect_1", property: "mute", value: true },
		]);
		expect([...named]).toEqual([["fx", ["audio_effect_0", "audio_effect_1"]]]);
	});

	it("passes what has no effects through unaltered, and encodes the rest as asked", () => {
		const flows = [flow("audio", "audio/opus"), flow("video", "video/VP8")];
		const wish: EffectsWish = {
			video: [{ element: "fisheye", properties: {} }],
			options: { ...options, framerate: 20, overlay: true },
		};
		const { text, encoders } = effectsPipeline(flows, wish, settings);
		expect(text).toContain("rtpopusdepay ! rtpopuspay");
		expect(text).not.toContain("opusdec");
		expect(text).toContain("framerate=20/1");
		expect(text).toContain("timeoverlay");
		expect(text).toContain("x264enc");
		expect(encoders.get("video")?.bitrate?.(512_345)).toEqual({ property: "bitrate", value: 512 });
		const vp8 = effectsPipeline(flows, { ...wish, options: { ...options, codec: "VP8" } }, settings);
		expect(vp8.encoders.get("video")?.bitrate?.(512_345)).toEqual({ property: "target-bitrate", value: 512_345 });
		expect(vp8.text).not.toMatch(/x264enc|timeoverlay|videorate/);
		expect(effectsPipeline(flows, { options }, settings).encoders.size).toBe(0);
	});

	it("has the same effects for each of several tracks, by names of their own", () => {
		const flows = ["video0", "video1"].map((name) => flow("video", "video/VP8", name));
		const wish: EffectsWish = { video: [{ element: "fisheye", name: "fx", properties: { qos: false } }], options };
		const { text, settings: set, named, encoders, sockets } = effectsPipeline(flows, wish, settings);
		expect(set?.map(({ element }) => element)).toEqual(["video0_effect_0", "video1_effect_0"]);
		expect([...named]).toEqual([["fx", ["video0_effect_0", "video1_effect_0"]]]);
		expect([...encoders.keys()].map((name) => encoderOf({ name }))).toEqual(["video0_encoder", "video1_encoder"]);
		const names = [...text.matchAll(/ name=(\S+)/g)].map(([, name]) => name);
		expect(names).toEqual([...new Set(names)]);
		for (const { of, also } of sockets ?? []) expect(names).toEqual(expect.arrayContaining([of, also]));
	});

	it("uses what a graphics card can do where that is asked for and there", () => {
		const flows = [flow("video", "video/H264")];
		const wish: EffectsWish = {
			video: [{ element: "fisheye", properties: {} }],
			options: { ...options, hardware: true },
		};
		const text = (wish: EffectsWish, ...hardware: string[]) =>
			effectsPipeline(flows, wish, { latencyMs: 0, hardware: new Set(hardware) }).text;
		expect(text(wish)).toMatch(/avdec_h264.*x264enc/);
		expect(text(wish, "nvh264enc", "nvh264dec")).toMatch(/nvh264dec.*nvh264enc/);
		expect(text(wish, "vah264enc")).toMatch(/avdec_h264.*vah264enc/);
		expect(text({ ...wish, options }, "nvh264enc", "nvh264dec")).toMatch(/avdec_h264.*x264enc/);
	});

	it("cannot be of a codec that GStreamer cannot take out of RTP", () => {
		expect(() => effectsPipeline([flow("video", "video/AV1")], { options }, settings)).toThrow(
			"no effects on video/AV1",
		);
	});
});

describe("restarts", () => {
	it("come slower and slower, and end when there were too many in a minute", () => {
		const restarts = new Restarts();
		expect([0, 1, 2, 3, 4].map((at) => restarts.next(at))).toEqual([250, 500, 1_000, 2_000, 4_000]);
		expect(restarts.givenUp).toBe(false);
		expect(restarts.next(5)).toBeUndefined();
		expect(restarts.givenUp).toBe(true);
		restarts.forget();
		expect(restarts.next(6)).toBe(250);
		// What was long ago does not count.
		expect(restarts.next(100_000)).toBe(250);
	});
});
