/** Makes of what a take has written the files that were asked for. Done again after a crash in the middle, it comes to the same. */
import { randomUUID } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import type { Container } from "../../shared/recordings.ts";
import { hashOf } from "./hash.ts";
import { numbered } from "./place.ts";
import type { Manifest, Take, TakeFile } from "./spool.ts";
import { sync } from "./sync.ts";
import { join, probe } from "./tools.ts";

/** `streams` are in it: sound and picture, where these are made of several people's. */
type Track = Manifest["tracks"][number] & { streams: number };

interface Options {
	/** False: each track is kept as it was written. */
	together?: boolean;
	signal?: AbortSignal;
}

/** They lie in the take's folder then, complete and on disk, beside what they were made of; none where nothing was written. */
export async function finish(take: Take, { together = true, signal }: Options = {}): Promise<TakeFile[]> {
	const written: Track[] = [];
	for (const track of take.manifest.tracks) {
		const bytes = await sizeOf(take.file(track.name));
		const found = bytes > 0 ? await probe(take.file(track.name), signal) : undefined;
		if (found) written.push({ ...track, streams: found.streams });
	}
	const split = take.manifest.split || !together;
	const files: TakeFile[] = [];
	const names = new Set<string>();
	for (const tracks of split ? written.map((it) => [it]) : [written]) {
		const [first] = tracks;
		if (!first) continue;
		const extension = together ? containerOf(tracks, take.manifest.container, split) : "mkv";
		const path = nameOf(take.manifest, split ? first.source : undefined, extension, names);
		// One that is left of an earlier try may still be written to, by a process that outlived its node.
		const made = together ? `${randomUUID()}.${extension}` : first.name;
		try {
			const inputs = tracks.map(({ name }) => take.file(name));
			if (together) await join(inputs, take.file(made), signal);
			files.push(await look(take, made, path, tracks, signal));
		} catch (error) {
			if (together)
				for (const it of [made, ...files.map(({ made = "" }) => made)]) await rm(take.file(it), { force: true });
			throw error;
		}
	}
	return files;
}

async function look(
	take: Take,
	made: string,
	path: string,
	tracks: readonly Track[],
	signal: AbortSignal | undefined,
): Promise<TakeFile> {
	const found = await probe(take.file(made), signal);
	if (found?.streams !== sumOf(tracks) && found?.streams !== (await filledOf(take, tracks, signal))) {
		throw new Error(`${path} came out with ${found?.streams ?? 0} tracks`);
	}
	await sync(take.file(made));
	const { bytes, sha256 } = await hashOf(take.file(made));
	const { part } = take.manifest.part;
	// Of all in it, the one that came first is at its zero.
	const first = Math.min(...tracks.map(({ firstAt = Number.POSITIVE_INFINITY }) => firstAt));
	const startedAt = first === Number.POSITIVE_INFINITY ? undefined : first;
	return { file: { path, part, bytes, sha256, durationMs: found.durationMs, startedAt, state: "written" }, made };
}

/** 0 where there is none. */
async function sizeOf(file: string): Promise<number> {
	try {
		return (await stat(file)).size;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
		throw error;
	}
}

/** A picture of everybody that lasted a moment may have no sound: its file says that there is some, what is made of it does not. */
async function filledOf(take: Take, tracks: readonly Track[], signal: AbortSignal | undefined): Promise<number> {
	let sum = 0;
	for (const { name } of tracks) sum += (await probe(take.file(name), signal, { counting: true }))?.streams ?? 0;
	return sum;
}

function sumOf(tracks: readonly Track[]): number {
	return tracks.reduce((sum, { streams }) => sum + streams, 0);
}

/** What was asked for where it holds these tracks; otherwise Matroska, which holds them all. */
function containerOf(tracks: readonly Track[], wish: Container, split: boolean): Container {
	const types = tracks.map(({ mimeType }) => mimeType.toLowerCase());
	const holds = (...held: string[]) => types.every((type) => held.includes(type));
	// Sound by itself, where video goes by itself too.
	if ((wish === "ogg" || (split && wish === "mp4")) && holds("audio/opus")) return "ogg";
	if (wish === "mp4" && holds("audio/opus", "video/h264", "video/vp9")) return "mp4";
	return "mkv";
}

/** `…`, `…-p2` for another part, `…-p2-3` for the third take of that; with the source where each track has its own. */
function nameOf(
	{ path, part, take }: Manifest,
	source: string | undefined,
	extension: string,
	names: Set<string>,
): string {
	const number = part.part > 1 || take > 1 ? `-p${part.part}` : "";
	const base = [path, source && `-${source}`, number, take > 1 && `-${take}`].filter(Boolean).join("");
	let name = `${base}.${extension}`;
	for (let i = 2; names.has(name); i++) name = numbered(`${base}.${extension}`, i);
	names.add(name);
	return name;
}
