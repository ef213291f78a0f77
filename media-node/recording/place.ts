/** Where finished files lie until they have arrived: at their path below the node's folder, and never over another's. */
import { constants } from "node:fs";
import { copyFile, link, mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { hashOf } from "./hash.ts";
import type { Take, TakeFile } from "./spool.ts";
import { sync } from "./sync.ts";

/** File systems without links have one of these to say, and those that are another one. */
const NO_LINKS: ReadonlySet<unknown> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"]);

/** Puts what a take came to in its place. Done again after a crash in the middle, it comes to the same. */
export async function place(take: Take, root: string): Promise<void> {
	const files = take.manifest.files ?? [];
	const made = files.flatMap(({ made }) => made ?? []);
	for (const it of files) if (it.made !== undefined) await settle(it, take.file(it.made), root);
	for (const it of files) it.made = undefined;
	await take.save();
	for (const name of [...made, ...take.manifest.tracks.map(({ name }) => name)])
		await rm(take.file(name), { force: true });
}

/** Gives a file that lies at its path another one, since that is taken where it is to go. */
export async function moveOn(take: Take, it: TakeFile, root: string): Promise<void> {
	const from = join(root, it.file.path);
	await settle(it, from, root, 2);
	it.upload = undefined;
	await take.save();
	await rm(from, { force: true });
}

/** `…`, and then `….2`, `….3` */
export function numbered(path: string, i: number): string {
	const dot = path.lastIndexOf(".");
	return i < 2 ? path : `${path.slice(0, dot)}.${i}${path.slice(dot)}`;
}

async function settle(it: TakeFile, from: string, root: string, first = 1): Promise<void> {
	const { path } = it.file;
	for (let i = first; ; i++) {
		it.file.path = numbered(path, i);
		const target = join(root, it.file.path);
		await mkdir(dirname(target), { recursive: true });
		if ((await claim(from, target)) || (await isSame(it, target))) return;
	}
}

/** False: something is there. */
async function claim(from: string, target: string): Promise<boolean> {
	try {
		await link(from, target).catch(async (error: NodeJS.ErrnoException) => {
			if (!NO_LINKS.has(error.code)) throw error;
			await copyFile(from, target, constants.COPYFILE_EXCL);
			await sync(target);
		});
		return true;
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
		throw error;
	}
}

async function isSame({ file }: TakeFile, target: string): Promise<boolean> {
	const there = await stat(target);
	return there.isFile() && there.size === file.bytes && (await hashOf(target)).sha256 === file.sha256;
}
