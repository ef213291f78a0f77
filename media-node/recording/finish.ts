/** Makes of what a take has written the files that were asked for. Done again after a crash in the middle, it comes to the same. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, stat } from "node:fs/promises";
import { dirname, join as joinPath } from "node:path";
import type { Container } from "../../shared/recordings.ts";
import type { Manifest, Take, TakeFile } from "./spool.ts";
import { join, probe } from "./tools.ts";

/** `streams` are in it: sound and picture, where these are made of several people's. */
type Track = Manifest["tracks"][number] & { streams: number };

/** The files lie below the root then, complete and on disk; none where nothing was written. */
export async function finish(take: Take, root: string, together = true): Promise<TakeFile[]> {
	const written: Track[] = [];
	for (const track of take.manifest.tracks) {
		const bytes = await sizeOf(take.file(track.name));
		const found = bytes > 0 ? await probe(take.file(track.name)) : undefined;
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
		const made = together ? take.file(`finished.${extension}`) : take.file(first.name);
		if (together) {
			const inputs = tracks.map(({ name }) => take.file(name));
			await join(inputs, made);
		}
		files.push(await place(take, made, root, path, sumOf(tracks)));
	}
	return files;
}

async function place(take: Take, made: string, root: string, path: string, tracks: number): Promise<TakeFile> {
	const found = await probe(made);
	if (found?.streams !== tracks) throw new Error(`${path} came out with ${found?.streams ?? 0} tracks`);
	const target = joinPath(root, path);
	await mkdir(dirname(target), { recursive: true });
	await sync(made);
	const { bytes, sha256 } = await hashOf(made);
	await rename(made, target);
	const { part } = take.manifest.part;
	return { file: { path, part, bytes, sha256, durationMs: found.durationMs, state: "written" } };
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
	for (let i = 2; names.has(name); i++) name = `${base}-${i}.${extension}`;
	names.add(name);
	return name;
}

export async function hashOf(file: string): Promise<{ bytes: number; sha256: string }> {
	const hash = createHash("sha256");
	let bytes = 0;
	for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
		hash.update(chunk);
		bytes += chunk.length;
	}
	return { bytes, sha256: hash.digest("hex") };
}

async function sync(file: string): Promise<void> {
	const handle = await open(file, "r+");
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}
