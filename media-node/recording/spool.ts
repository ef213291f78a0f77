/**
 * What is being written and what is still to be done with it, on disk: a folder for each take, with its files and a
 * manifest that tells all that a process which never heard of it needs to complete it.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import {
	Container,
	RecordedFile,
	RecordedSource,
	RecordingPart,
	RecordingPath,
	UploadedPart,
} from "../../shared/recordings.ts";

/** Beside the finished files; no path of a recording begins with a dot. */
const FOLDER = ".spool";
const MANIFEST = "take.json";

const Upload = z.object({ id: z.string(), parts: z.array(UploadedPart) });
export type Upload = z.infer<typeof Upload>;

const TakeFile = z.object({
	file: RecordedFile,
	/** Its name in the take's folder, until it lies at its path. */
	made: z.string().optional(),
	/** How far it has been brought. */
	upload: Upload.optional(),
});
export type TakeFile = z.infer<typeof TakeFile>;

/** What one pipeline writes. */
export const Manifest = z.object({
	part: RecordingPart,
	/** Counts pipelines of the part, from 1: one that crashed is followed by another. */
	take: z.number().int().positive(),
	path: RecordingPath,
	container: Container,
	split: z.boolean(),
	startedAt: z.number().int(),
	tracks: z.array(
		z.object({
			name: z.string(),
			source: RecordedSource,
			mimeType: z.string(),
			/** When the first of it came, ms since 1970. */
			firstAt: z.number().int().optional(),
		}),
	),
	/** Of the process that writes it. */
	pid: z.number().int().optional(),
	/** The last of its part. */
	over: z.boolean().optional(),
	/** Finished: what came of it. What was written first is deleted when that is in its place. */
	files: z.array(TakeFile).optional(),
	/** The room has been told. */
	reported: z.boolean().optional(),
});
export type Manifest = z.infer<typeof Manifest>;

export class Take {
	readonly dir: string;
	readonly manifest: Manifest;
	#saving: Promise<void> = Promise.resolve();

	constructor(dir: string, manifest: Manifest) {
		this.dir = dir;
		this.manifest = manifest;
	}

	/** Absolute, of something in its folder. */
	file(name: string): string {
		return join(this.dir, name);
	}

	/** Writes the manifest as it is now; a reader finds the former or this one, never half of it. */
	save(): Promise<void> {
		const text = JSON.stringify(this.manifest);
		this.#saving = this.#saving.catch(() => {}).then(() => replace(this.file(MANIFEST), text));
		return this.#saving;
	}

	/** Nothing is left to be done with it. */
	async remove(): Promise<void> {
		await rm(this.dir, { recursive: true, force: true });
	}
}

export class Spool {
	/** Of finished files. */
	readonly root: string;
	readonly #dir: string;

	constructor(root: string) {
		this.root = root;
		this.#dir = join(root, FOLDER);
	}

	async create(manifest: Manifest): Promise<Take> {
		const dir = join(this.#dir, randomUUID());
		await mkdir(dir, { recursive: true });
		const take = new Take(dir, manifest);
		await take.save();
		return take;
	}

	/** What an earlier process left, oldest first. Folders without a manifest have nothing in them. */
	async leftover(): Promise<Take[]> {
		await mkdir(this.#dir, { recursive: true });
		const takes: Take[] = [];
		for (const name of await readdir(this.#dir)) {
			const dir = join(this.#dir, name);
			const manifest = await readManifest(join(dir, MANIFEST));
			if (manifest) takes.push(new Take(dir, manifest));
			else await rm(dir, { recursive: true, force: true });
		}
		return takes.toSorted((a, b) => a.manifest.startedAt - b.manifest.startedAt);
	}

	/** Bytes that its disk has room for. */
	async free(): Promise<number> {
		await mkdir(this.#dir, { recursive: true });
		const { bavail, bsize } = await statfs(this.#dir);
		return bavail * bsize;
	}
}

async function readManifest(file: string): Promise<Manifest | undefined> {
	const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
		if (error.code === "ENOENT") return undefined;
		throw error;
	});
	return text === undefined ? undefined : Manifest.parse(JSON.parse(text));
}

async function replace(file: string, text: string): Promise<void> {
	const next = `${file}.next`;
	const handle = await open(next, "w");
	try {
		await handle.writeFile(text);
		await handle.sync();
	} finally {
		await handle.close();
	}
	await rename(next, file);
}
