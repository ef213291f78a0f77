/** What is in a recorded file, as FFmpeg sees it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as z from "zod";

const run = promisify(execFile);
const MOST = 268_435_456;

const Probe = z.object({
	streams: z.array(
		z.object({
			codec_type: z.enum(["audio", "video"]),
			codec_name: z.string(),
			width: z.number().optional(),
			height: z.number().optional(),
		}),
	),
	format: z.object({ format_name: z.string(), duration: z.coerce.number() }),
});

export interface MediaFile {
	/** Codec names, sound first. */
	codecs: string[];
	format: string;
	durationMs: number;
	/** Of the first picture. */
	size?: { width: number; height: number };
}

export async function look(file: string): Promise<MediaFile> {
	const args = ["-v", "error", "-of", "json", "-show_entries"];
	const wanted = "stream=codec_type,codec_name,width,height:format=format_name,duration";
	const { stdout } = await run("ffprobe", [...args, wanted, file]);
	const { streams, format } = Probe.parse(JSON.parse(stdout));
	const sorted = streams.toSorted((a, b) => (a.codec_type < b.codec_type ? -1 : 1));
	return {
		codecs: sorted.map(({ codec_name }) => codec_name),
		format: format.format_name,
		durationMs: Math.round(format.duration * 1_000),
		size: sorted.flatMap(({ width, height }) => (width && height ? [{ width, height }] : []))[0],
	};
}

/** What demuxer and decoders complain of: nothing. That frames do not come at an even rate is not theirs to say. */
export async function complaints(file: string): Promise<string> {
	const { stderr } = await run("ffmpeg", ["-nostdin", "-v", "repeat+error", "-i", file, "-f", "null", "-"], {
		maxBuffer: MOST,
	});
	const lines = stderr.split("\n").filter((line) => line !== "" && !/^\[null @ .*non monotonically/.test(line));
	return lines.join("\n");
}

const RATE = 8_000;

/** Of its sound, with silence where nothing was received and at the beginning: the place of a sample is its time. */
async function samplesOf(file: string): Promise<Int16Array> {
	const filter = ["-af", "aresample=async=1:first_pts=0", "-ac", "1", "-ar", String(RATE)];
	const { stdout } = await run("ffmpeg", ["-nostdin", "-v", "error", "-i", file, ...filter, "-f", "s16le", "-"], {
		encoding: "buffer",
		maxBuffer: MOST,
	});
	return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
}

/** When sound begins after silence, s. */
export async function beeps(file: string): Promise<number[]> {
	const onsets: number[] = [];
	let quietSince = 0;
	for (const [i, sample] of (await samplesOf(file)).entries()) {
		if (Math.abs(sample) < 2_000) continue;
		// A tone is below that in each of its periods.
		if (i - quietSince > RATE * 0.2) onsets.push(i / RATE);
		quietSince = i;
	}
	return onsets;
}

/** Its loudest sample. */
export async function loudest(file: string): Promise<number> {
	return (await samplesOf(file)).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

/** When the picture turns bright, s. */
export async function flashes(file: string): Promise<number[]> {
	const brightness = await frames(file);
	return brightness.flatMap(({ at, level }, i) => {
		const before = brightness[i - 1];
		return before && before.level < 100 && level >= 100 ? [at] : [];
	});
}

/** Of each frame, its time and mean level; of a part of it, as FFmpeg's `crop` has it. */
export async function frames(file: string, part?: string): Promise<{ at: number; level: number }[]> {
	const filter = [...(part ? [`crop=${part}`] : []), "scale=1:1:flags=area", "format=gray"].join(",");
	const [levels, times] = await Promise.all([
		run(
			"ffmpeg",
			[
				...["-nostdin", "-v", "error", "-i", file, "-map", "0:v:0", "-vf", filter],
				...["-vsync", "passthrough", "-f", "rawvideo", "-"],
			],
			{ encoding: "buffer", maxBuffer: MOST },
		),
		run("ffprobe", [
			...["-v", "error", "-select_streams", "v:0", "-of", "csv=p=0"],
			...["-show_entries", "frame=best_effort_timestamp_time", file],
		]),
	]);
	const at = times.stdout.split(/\s+/).flatMap((text) => (text === "" ? [] : [Number.parseFloat(text)]));
	return [...levels.stdout].map((level, i) => ({ at: at[i] ?? Number.NaN, level }));
}
