/** What becomes of the files that a take has written: real FFmpeg on real files. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { finish } from "../../media-node/recording/finish.ts";
import { type Manifest, Spool } from "../../media-node/recording/spool.ts";

const root = mkdtempSync(join(tmpdir(), "switchyard-finish-"));
const sound = join(root, "sound.mkv");
let dirs = 0;

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
		const { dir, take } = await scene();
		for (const script of ["kill -9 $$", "exit 127", "echo 'x: Cannot allocate memory' >&2; exit 1"]) {
			const restore = instead("ffprobe", script);
			await expect(finish(take, dir)).rejects.toThrow();
			restore();
		}
		expect(existsSync(take.file("0.mkv"))).toBe(true);
		expect(await finish(take, dir)).toHaveLength(1);
	});

	it("is nothing where no frame came that can be played", async () => {
		for (const bytes of [0, 30, 300]) {
			const { dir, take } = await scene();
			truncateSync(take.file("0.mkv"), bytes);
			expect(await finish(take, dir)).toEqual([]);
		}
		const { dir, take } = await scene();
		rmSync(take.file("0.mkv"));
		expect(await finish(take, dir)).toEqual([]);
	});
});
