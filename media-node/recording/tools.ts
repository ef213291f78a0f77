/** FFmpeg, which puts written tracks together and looks into files. */
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { promisify } from "node:util";
import * as z from "zod";

const run = promisify(execFile);
/** A long recording is copied at the pace of its disk. */
const LONGEST_MS = 3_600_000;
const MOST_OUTPUT = 4_194_304;
/** What FFmpeg ends with where it has looked, and where the machine and not the file was the reason. */
const REFUSED = 1;
const MACHINE = /Cannot allocate memory|Too many open files|Permission denied|No such file|Resource temporarily/;

const Probe = z.object({
	streams: z.array(z.object({ nb_read_packets: z.coerce.number().optional() })),
	format: z.object({ duration: z.coerce.number().optional() }),
});

/**
 * Undefined: there is nothing in it that can be played. Rejects when that cannot be told now: whoever asks may delete
 * the file for it. `counting`: streams that nothing came of are none; the whole file is read for it.
 */
export async function probe(
	file: string,
	signal?: AbortSignal,
	{ counting = false }: { counting?: boolean } = {},
): Promise<{ streams: number; durationMs: number } | undefined> {
	const entries = ["-show_entries", "stream=index,nb_read_packets:format=duration"];
	if (counting) entries.unshift("-count_packets");
	let stdout: string;
	try {
		const args = ["-v", "error", "-of", "json", ...entries, file];
		({ stdout } = await run("ffprobe", args, { timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT, signal }));
	} catch (error) {
		if (!isRefusal(error)) throw error;
		// It calls a file that ends too early unreadable, as it does one on a disk that fails.
		for await (const _ of createReadStream(file));
		return undefined;
	}
	const { streams: all, format } = Probe.parse(JSON.parse(stdout));
	const streams = counting ? all.filter(({ nb_read_packets: packets = 0 }) => packets > 0) : all;
	if (streams.length === 0) return undefined;
	return { streams: streams.length, durationMs: Math.round((format.duration ?? 0) * 1_000) };
}

/** Puts files of one track each into one, as they are and with their times towards each other, from zero. */
export async function join(files: readonly string[], output: string, signal?: AbortSignal): Promise<void> {
	// Each input's own times: otherwise each would begin at zero.
	const inputs = files.flatMap((file) => ["-copyts", "-i", file]);
	const maps = files.flatMap((_, i) => ["-map", `${i}`]);
	const settings = ["-c", "copy", "-avoid_negative_ts", "make_zero", "-movflags", "+faststart"];
	const args = ["-nostdin", "-v", "error", "-y", ...inputs, ...maps, ...settings, output];
	await run("ffmpeg", args, { timeout: LONGEST_MS, maxBuffer: MOST_OUTPUT, signal });
}

/** It ended by itself, with the file as the reason. */
function isRefusal(error: unknown): boolean {
	if (!(error instanceof Error)) return false;
	const { code, killed, signal, stderr } = error as Error & {
		[key in "code" | "killed" | "signal" | "stderr"]?: unknown;
	};
	return code === REFUSED && !killed && !signal && !MACHINE.test(String(stderr));
}
