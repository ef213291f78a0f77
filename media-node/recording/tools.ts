/** FFmpeg, which puts written tracks together and looks into files. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import * as z from "zod";

const run = promisify(execFile);
/** A long recording is copied at the pace of its disk. */
const LONGEST_MS = 3_600_000;
const MOST_OUTPUT = 4_194_304;

const Probe = z.object({
	streams: z.array(z.object({ codec_type: z.string(), codec_name: z.string().optional() })),
	format: z.object({ duration: z.coerce.number().optional() }),
});

/** Undefined: there is nothing in it that can be played. */
export async function probe(file: string): Promise<{ streams: number; durationMs: number } | undefined> {
	try {
		const { stdout } = await run(
			"ffprobe",
			["-v", "error", "-of", "json", "-show_entries", "stream=codec_type,codec_name:format=duration", file],
			{ timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT },
		);
		const { streams, format } = Probe.parse(JSON.parse(stdout));
		if (streams.length === 0) return undefined;
		return { streams: streams.length, durationMs: Math.round((format.duration ?? 0) * 1_000) };
	} catch (error) {
		if (isMissing(error)) throw error;
		return undefined;
	}
}

/** Puts files of one track each into one, as they are and with their times towards each other, from zero. */
export async function join(files: readonly string[], output: string): Promise<void> {
	// Each input's own times: otherwise each would begin at zero.
	const inputs = files.flatMap((file) => ["-copyts", "-i", file]);
	const maps = files.flatMap((_, i) => ["-map", `${i}`]);
	const settings = ["-c", "copy", "-avoid_negative_ts", "make_zero", "-movflags", "+faststart"];
	const args = ["-nostdin", "-v", "error", "-y", ...inputs, ...maps, ...settings, output];
	await run("ffmpeg", args, { timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT });
}

function isMissing(error: unknown): boolean {
	return error instanceof Error && (error as NodeJS.ErrnoException).code === "ENOENT";
}
