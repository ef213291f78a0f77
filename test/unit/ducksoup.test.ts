import { describe, expect, it } from "vitest";
import { clean, JoinOptions, type RECORDING_MODES } from "../../shared/ducksoup.ts";
import { RecordingPath } from "../../shared/recordings.ts";
import { typed } from "../../worker/dialects/ducksoup/controls.ts";
import type { Interaction } from "../../worker/dialects/ducksoup/interaction.ts";
import { recordingPath, timestamp } from "../../worker/dialects/ducksoup/names.ts";
import { planRecordings } from "../../worker/dialects/ducksoup/recording.ts";

const whole = { interactionName: "hall", userId: "ann" };

describe("names", () => {
	it.each([
		["ann-1_B", "ann-1_B"],
		["../../etc/passwd", "etcpasswd"],
		["Ä n n!", "nn"],
		["a".repeat(50), "a".repeat(50)],
		["a".repeat(51), "a".repeat(49)],
		[`é${"a".repeat(50)}`, "a".repeat(50)],
	])("are cleaned: %s", (name, cleaned) => {
		expect(clean(name)).toBe(cleaned);
	});

	it("of files are in UTC, and of any length that names can have", () => {
		expect(timestamp(Date.UTC(2026, 0, 2, 3, 4, 5, 67))).toBe("20260102-030405.067");
		const name = "n".repeat(50);
		const interaction = { id: "0".repeat(32), namespace: "s".repeat(50), name } as Interaction;
		const path = recordingPath(interaction, { user: "u".repeat(50), connection: 12, part: "audio-dry", at: 0 });
		expect(RecordingPath.safeParse(path).success).toBe(true);
		expect(path.startsWith(`data/${interaction.namespace}/${name}/recordings/i-${interaction.id}-a-`)).toBe(true);
		expect(path.endsWith(`-n-${name}-u-${"u".repeat(50)}-c-12-audio-dry`)).toBe(true);
	});
});

describe("join options", () => {
	it("have defaults", () => {
		expect(JoinOptions.parse(whole)).toEqual({
			...{ ...whole, namespace: "default", duration: 30, size: 2, audioOnly: false, videoFormat: "H264" },
			...{ recordingMode: "muxed", width: 800, height: 600, framerate: 25, audioFx: "", videoFx: "" },
			...{ gpu: false, overlay: false },
		});
		// What a page left empty is as if it were not there.
		const empty = { duration: null, size: 0, width: 0, framerate: 0, recordingMode: null, videoFormat: null };
		expect(JoinOptions.parse({ ...whole, ...empty, namespace: null, gpu: null })).toEqual(JoinOptions.parse(whole));
	});

	it.each([
		[{ duration: -5 }, { duration: 30 }],
		[{ duration: 1_201 }, { duration: 1_200 }],
		[{ duration: "90.7" }, { duration: 90 }],
		[{ size: 9 }, { size: 8 }],
		[{ size: " 3 " }, { size: 3 }],
		[{ framerate: "30" }, { framerate: 30 }],
		[{ frameRate: 15 }, { framerate: 15 }],
		[{ framerate: 20, frameRate: 15 }, { framerate: 20 }],
		[
			{ audioOnly: "true", overlay: "False" },
			{ audioOnly: true, overlay: false },
		],
		[{ videoFormat: "VP8" }, { videoFormat: "VP8" }],
		[{ videoFormat: "vp8" }, { videoFormat: "H264" }],
		[{ recordingMode: "passthrough" }, { recordingMode: "passthrough" }],
		[{ recordingMode: "everything" }, { recordingMode: "muxed" }],
		[
			{ userId: 17, interactionName: 4 },
			{ userId: "17", interactionName: "4" },
		],
	])("are taken as they are meant: %o", (options, expected) => {
		expect(JoinOptions.parse({ ...whole, ...options })).toMatchObject(expected);
	});

	it.each([
		...[{ size: "two" }, { size: [] }, { size: true }, { duration: "9".repeat(400) }, { frameRate: {} }],
		...[{ overlay: 1 }, { overlay: "" }, { audioFx: 1 }, { videoFormat: 8 }, { userId: "" }, { userId: null }],
		...[{ interactionName: {} }, { namespace: [] }, { recordingMode: 1 }, { audioFx: "x".repeat(5_000) }],
	])("are refused where nobody knows what is meant: %o", (options) => {
		expect(JoinOptions.safeParse({ ...whole, ...options }).success).toBe(false);
	});
});

describe("what is recorded", () => {
	const plan = (mode: (typeof RECORDING_MODES)[number], audioOnly: boolean, audio: boolean, video: boolean) =>
		planRecordings(mode, audioOnly, { audio, video }).map(({ part, sources }) => `${part} ${sources.join("+")}`);
	const both = "audio+camera";

	it.each(["muxed", "forced", "free", "reenc"] as const)("in mode %s is sound and picture together", (mode) => {
		expect(plan(mode, false, false, false)).toEqual([`dry ${both}`]);
		expect(plan(mode, false, true, false)).toEqual([`dry ${both}`, `wet ${both}`]);
		expect(plan(mode, false, false, true)).toEqual([`dry ${both}`, `wet ${both}`]);
		expect(plan(mode, true, true, false)).toEqual(["audio-dry audio", "audio-wet audio"]);
	});

	it("in mode split is each for itself", () => {
		expect(plan("split", false, false, true)).toEqual(["audio-dry audio", "video-dry camera", "video-wet camera"]);
		expect(plan("split", true, false, false)).toEqual(["audio-dry audio"]);
	});

	it("is never altered in mode passthrough, and nothing in the others", () => {
		expect(plan("passthrough", false, true, true)).toEqual([`dry ${both}`]);
		for (const mode of ["none", "direct", "bypass", "rtpbin_only"] as const) {
			expect(plan(mode, false, true, true)).toEqual([]);
		}
	});
});

it("typed values are read by their kind", () => {
	const wish = { name: "fx", property: "p" };
	expect(typed({ ...wish, kind: "int", value: "-2147483648" })).toBe(-2_147_483_648);
	expect(typed({ ...wish, kind: "int", value: "2147483648" })).toBeUndefined();
	expect(typed({ ...wish, kind: "float", value: "Infinity" })).toBeUndefined();
	expect(typed({ ...wish, kind: "uint64", value: "18446744073709551616" })).toBeUndefined();
	expect(typed({ ...wish, kind: "string", value: "" })).toBe("");
});
