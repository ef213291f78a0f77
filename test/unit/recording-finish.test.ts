/** What becomes of the files that a take has written: real FFmpeg on real files. */
import { execFileSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	renameSync,
	rmSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { finish } from "../../media-node/recording/finish.ts";
import { place } from "../../media-node/recording/place.ts";
import { type Manifest, Spool, type Take } from "../../media-node/recording/spool.ts";

const root = mkdtempSync(join(tmpdir(), "switchyard-finish-"));
const sound = join(root, "sound.mkv");
let dirs = 0;
/** Of a machine that does other things too. */
vi.setConfig({ testTimeout: 60_000 });

beforeAll(() => {
	execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "libopus", sound]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A take of a folder of its own, with a track for each source. */
async function scene(sources: readonly ("audio" | "camera")[] = ["audio"], more: Partial<Manifest> = {}) {
	const dir = join(root, String(++dirs));
	const spool = new Spool(dir);
	const take = await spool.create({
		...{ part: { room: "room", recording: "it", part: 1 }, take: 1, path: "there/it" },
		...{ container: "mkv", split: false, startedAt: Date.now() },
		tracks: sources.map((source, i) => ({ name: `${i}.mkv`, source, mimeType: "audio/opus" })),
		...more,
	});
	for (const { name } of take.manifest.tracks) execFileSync("cp", [sound, take.file(name)]);
	return { dir, spool, take };
}

/** In the place of FFmpeg's programs, for one test. */
function instead(name: "ffmpeg" | "ffprobe", script: string): () => void {
	const bin = join(root, `bin-${++dirs}`);
	mkdirSync(bin);
	writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
	chmodSync(join(bin, name), 0o755);
	const before = process.env.PATH;
	const restore = () => {
		process.env.PATH = before;
	};
	process.env.PATH = `${bin}:${before}`;
	onTestFinished(restore);
	return restore;
}

describe("what a take has written", () => {
	it("is not taken for nothing when it could not be looked into", async () => {
		const { take } = await scene();
		for (const script of ["kill -9 $$", "exit 127", "echo 'x: Cannot allocate memory' >&2; exit 1"]) {
			const restore = instead("ffprobe", script);
			await expect(finish(take)).rejects.toThrow();
			restore();
		}
		expect(existsSync(take.file("0.mkv"))).toBe(true);
		expect(await finish(take)).toHaveLength(1);
	});

	it("is nothing where no frame came that can be played", async () => {
		for (const bytes of [0, 30, 300]) {
			const { take } = await scene();
			truncateSync(take.file("0.mkv"), bytes);
			expect(await finish(take)).toEqual([]);
		}
		const { take } = await scene();
		rmSync(take.file("0.mkv"));
		expect(await finish(take)).toEqual([]);
	});

	it("is whole without the sound that it announces and never had", async () => {
		const { take } = await scene(["camera"], { container: "mp4" });
		const picture = ["-f", "lavfi", "-i", "testsrc=d=1:s=64x64", "-f", "lavfi", "-i", "sine=d=1"];
		const silent = ["-c:v", "libx264", "-c:a", "libopus", "-frames:a", "0", take.file("0.mkv")];
		execFileSync("ffmpeg", ["-v", "error", "-y", ...picture, ...silent]);
		take.manifest.tracks = [{ name: "0.mkv", source: "camera", mimeType: "video/h264" }];
		expect((await finish(take)).map(({ file }) => file.path)).toEqual(["there/it.mp4"]);
	});
});

/** Finished and put in its place. */
async function complete({ dir, take }: { dir: string; take: Take }): Promise<string[]> {
	take.manifest.files ??= await finish(take);
	await place(take, dir);
	return take.manifest.files.map(({ file }) => file.path);
}

describe("a finished file", () => {
	it("takes the place of no other, and nothing else is left in its folder", async () => {
		const first = await scene();
		expect(await complete(first)).toEqual(["there/it.mkv"]);
		const before = readFileSync(join(first.dir, "there/it.mkv"));
		const second = { dir: first.dir, take: await first.spool.create({ ...first.take.manifest, files: undefined }) };
		execFileSync("cp", [sound, second.take.file("0.mkv")]);
		expect(await complete(second)).toEqual(["there/it.2.mkv"]);
		expect(readFileSync(join(first.dir, "there/it.mkv"))).toEqual(before);
		expect(existsSync(join(first.dir, "there/it.2.mkv"))).toBe(true);
		expect(readdirSync(second.take.dir)).toEqual(["take.json"]);
	});

	it("has a name that no other take of its part comes to", async () => {
		const two = await scene(["camera", "camera"], { part: { room: "room", recording: "it", part: 2 }, split: true });
		expect(await complete(two)).toEqual(["there/it-camera-p2.mkv", "there/it-camera-p2.2.mkv"]);
		const again = await scene(["camera"], { part: two.take.manifest.part, split: true, take: 2 });
		expect(await complete(again)).toEqual(["there/it-camera-p2-2.mkv"]);
	});

	it("says when the first of what is in it came", async () => {
		const tracks = (["audio", "camera"] as const).map((source, i) => {
			return { name: `${i}.mkv`, source, mimeType: "audio/opus", firstAt: 2_000 - i };
		});
		const whole = await finish((await scene(undefined, { tracks })).take);
		expect(whole.map(({ file }) => file.startedAt)).toEqual([1_999]);
		const each = await finish((await scene(undefined, { tracks, split: true })).take);
		expect(each.map(({ file }) => file.startedAt)).toEqual([2_000, 1_999]);
	});

	it("is put in its place again after a break in the middle, and is there once", async () => {
		const { dir, spool, take } = await scene(["audio", "camera"], { split: true });
		take.manifest.files = await finish(take, { together: false });
		await take.save();
		// The second cannot be put there; the first is.
		mkdirSync(join(dir, "there"), { recursive: true });
		const [, second] = take.manifest.files;
		if (second?.made) renameSync(take.file(second.made), take.file("away"));
		await expect(place(take, dir)).rejects.toThrow();
		renameSync(take.file("away"), take.file(second?.made ?? ""));
		// By another process, which knows what is on the disk.
		const [left] = await spool.leftover();
		if (!left) throw new Error("nothing is left");
		await place(left, dir);
		expect(readdirSync(join(dir, "there")).toSorted()).toEqual(["it-audio.mkv", "it-camera.mkv"]);
		expect(left.manifest.files?.map(({ file }) => file.path)).toEqual(["there/it-audio.mkv", "there/it-camera.mkv"]);
	});

	it("is not waited for when its node ends", async () => {
		const { take } = await scene();
		instead("ffmpeg", "exec sleep 60");
		const ended = new AbortController();
		setTimeout(() => ended.abort(), 300);
		await expect(finish(take, { signal: ended.signal })).rejects.toThrow();
		expect(readdirSync(take.dir).toSorted()).toEqual(["0.mkv", "take.json"]);
	});
});
