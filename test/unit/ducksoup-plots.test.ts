import { describe, expect, it } from "vitest";
import { Courses } from "../../worker/dialects/ducksoup/plots/courses.ts";
import { pictureOf } from "../../worker/dialects/ducksoup/plots/picture.ts";
import { linesOf, stepsOf, ticksTo, timesBetween } from "../../worker/dialects/ducksoup/plots/scale.ts";

/** The start is 5 s after the interaction was made. */
const START = 5_000;

function line(at: number, message: string, fields: object): string {
	const sinceStart = at >= START ? { sinceStart: `${at - START}ms` } : {};
	return JSON.stringify({
		level: "debug",
		message,
		context: "track",
		sinceCreation: `${at}ms`,
		...sinceStart,
		...fields,
	});
}

const rate = (at: number, value: number) => line(at, "video_in_bitrate", { from: "ann", unit: "kbit/s", value });
const out = (at: number, value: number, target: number) =>
	line(at, "video_out_bitrate", { from: "ann", value, target });
const client = (at: number, message: string, value: unknown) =>
	line(at, message, { user: "ann", source: "client", value });

function read(lines: readonly string[]): Courses {
	const courses = new Courses();
	for (const text of lines) courses.add(text);
	return courses;
}

const about = { namespace: "lab", interaction: "hall", createdAt: Date.UTC(2026, 0, 2, 3, 4, 5), started: true };

describe("the lines of a log", () => {
	it("are put together to what went on of each, in seconds since the start", () => {
		const courses = read([
			rate(4_000, 100),
			out(4_000, 90, 800),
			line(START, "interaction_started", {}),
			rate(6_000, 300),
			line(6_100, "loss_threshold_exceeded", { from: "ann", toUser: "ben", kind: "video", value: 0.3 }),
			client(6_200, "client_video_resolution_updated", "640x480"),
			client(6_300, "client_video_fps_updated", 24.5),
			client(6_400, "client_keyframe_encoded_count_updated", 1),
			client(6_500, "client_keyframe_encoded_count_updated", 1),
			line(7_000, "audio_in_bitrate", { from: "ann", value: 40 }),
			rate(8_000, 500),
			// Cut off when the file was full.
			rate(9_000, 700).slice(0, 50),
		]);
		const gap = { lossy: [], width: [], framerate: [], keyFrames: [] };
		expect(courses.started).toBe(true);
		expect(courses.all()).toEqual([
			{ ...gap, user: "ann", kind: "audio", received: [{ at: 2, value: 40 }], sent: [], target: [] },
			{
				...{ user: "ann", kind: "video" },
				received: [
					{ at: -1, value: 100 },
					{ at: 1, value: 300 },
					{ at: 3, value: 500 },
				],
				...{ sent: [{ at: -1, value: 90 }], target: [{ at: -1, value: 800 }] },
				...{ lossy: [1.1], keyFrames: [1.4] },
				width: [
					{ at: 1.2, value: 640 },
					{ at: 3, value: 640 },
				],
				framerate: [
					{ at: 1.3, value: 24.5 },
					{ at: 3, value: 24.5 },
				],
			},
		]);
	});

	it("that clients wrote are taken for what they may be, and count until their connection ends", () => {
		const [ann, ...others] = read([
			rate(6_000, 100),
			client(6_100, "client_video_resolution_updated", "9".repeat(400)),
			client(6_200, "client_video_resolution_updated", "99999x1"),
			client(6_300, "client_video_fps_updated", "many"),
			client(6_400, "client_video_fps_updated", 1e9),
			client(6_500, "client_video_resolution_updated", "320x240"),
			// Not its own, and not in the log's words.
			client(6_600, "video_in_bitrate", 7),
			line(7_000, "peer_server_ended", { user: "ann", cause: "ws_read_error" }),
			rate(9_000, 100),
			line(9_100, "client_video_fps_updated", { user: "eve", source: "client", value: 25 }),
		]).all();
		expect(others).toEqual([]);
		expect(ann).toMatchObject({
			...{ user: "ann", framerate: [] },
			width: [
				{ at: 1.5, value: 320 },
				{ at: 2, value: undefined },
			],
		});
	});
});

describe("a plot", () => {
	it("has a line for each rate, with a gap where nothing was measured", () => {
		const lines = [rate(5_000, 0), rate(6_000, 500), rate(25_000, 1_000), line(START, "interaction_started", {})];
		const [course] = read(lines).all();
		const svg = course && pictureOf(course, about);
		// 20 s are 824 wide, and 1250 kbit/s 260 high.
		expect(svg).toContain('<path class="received" d="M70 364L111.2 260M894 156h.01"/>');
		expect(svg).toContain(">received, mean 500 kbit/s</text>");
		expect(svg).toContain("interaction hall · namespace lab · run of 2026-01-02 03:04:05 UTC");
		expect(svg).toContain(">seconds since the start</text>");
		for (const text of ["kbit/s", "0", "250", "1,250", "20"]) expect(svg).toContain(`>${text}</text>`);
		expect(svg).not.toContain("frames/s");
	});

	it("shows below it what the client reports, with axes of their own", () => {
		const lines = [
			...[rate(5_000, 100), line(START, "interaction_started", {}), rate(9_000, 100)],
			...[client(5_000, "client_video_resolution_updated", "640x480"), client(5_000, "client_video_fps_updated", 25)],
			...[client(7_000, "client_video_resolution_updated", "320x240"), rate(13_000, 100)],
			client(9_000, "client_keyframe_encoded_count_updated", 2),
		];
		const [course] = read(lines).all();
		const svg = course ? pictureOf(course, about) : "";
		// 8 s across; 750 px are 130 high, and so are 30 frames.
		expect(svg).toContain('<path class="width" d="M70 445.1L276 445.1L276 500.5L894 500.5"/>');
		expect(svg).toContain('<path class="framerate" d="M70 447.7L894 447.7"/>');
		expect(svg).toContain('<path class="keyFrames" d="M482 555v-7"/>');
		for (const text of ["px", "frames/s", "frame rate", "key frame", "30"]) expect(svg).toContain(`>${text}</text>`);
	});

	it("of hours is no larger than it can show, and a name does nothing to it", () => {
		const lines = Array.from({ length: 20_000 }, (_, i) => rate(START + i * 1_000, i % 1_000));
		const [course] = read(lines).all();
		const svg = course ? pictureOf({ ...course, user: '<script>"&' }, about) : "";
		expect(svg.length).toBeLessThan(20_000);
		expect(svg).not.toContain("<script");
		expect(svg).toContain("Video of &#60;script&#62;&#34;&#38;");
	});
});

describe("axes and lines", () => {
	it("have round steps", () => {
		expect(ticksTo(0, 5)).toEqual([0, 1]);
		expect(ticksTo(64, 5)).toEqual([0, 20, 40, 60, 80]);
		expect(ticksTo(1_800, 5)).toEqual([0, 500, 1_000, 1_500, 2_000]);
		expect(timesBetween(-3.2, 61, 10)).toEqual([0, 10, 20, 30, 40, 50, 60]);
		expect(timesBetween(0, 7_200, 10)).toEqual([0, 900, 1_800, 2_700, 3_600, 4_500, 5_400, 6_300, 7_200]);
	});

	it("are means where many samples fall on one point, and the last of what counts until the next", () => {
		const samples = [0, 1, 2, 3].map((at) => ({ at, value: at * 10 }));
		expect(linesOf(samples, 0, 4, 2)).toEqual([
			[
				{ at: 0.5, value: 5 },
				{ at: 2.5, value: 25 },
			],
		]);
		expect(stepsOf(samples, 0, 4, 2)).toEqual([
			[
				{ at: 1, value: 10 },
				{ at: 3, value: 10 },
				{ at: 3, value: 30 },
			],
		]);
	});
});
