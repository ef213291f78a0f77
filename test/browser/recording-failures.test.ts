/** Recordings outlive what happens to their process, their node, its disk, the edge and the bucket. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { WAITING } from "../../media-node/gst/messages.ts";
import { launchChromium } from "../support/chromium.ts";
import { complaints, look } from "../support/media-file.ts";
import { type PublisherOptions, PublisherPage } from "../support/publisher-page.ts";
import { median, RecordedRoom, skews } from "../support/recorded.ts";
import { Stack, type StackOptions } from "../support/stack.ts";

const soon = { timeout: 60_000, interval: 200 };

let browser: Browser;
let dir: string;
let scenes = 0;

beforeAll(async () => {
	dir = mkdtempSync(join(tmpdir(), "switchyard-recordings-"));
	browser = await launchChromium(["--autoplay-policy=no-user-gesture-required"]);
});
afterAll(async () => {
	await browser?.close();
	rmSync(dir, { recursive: true, force: true });
});

/** A stack of its own for each, since something of it is broken. */
async function scene(options: StackOptions = {}) {
	const own = join(dir, String(++scenes));
	const recordings = join(own, "node-1");
	mkdirSync(recordings, { recursive: true });
	const nodeEnv = { RECORDINGS_DIR: recordings, LOG_LEVEL: "fatal", ...options.nodeEnv };
	const stack = await Stack.start({ dataDir: join(own, "edge"), ...options, nodeEnv });
	onTestFinished(() => stack.stop());
	const it = new RecordedRoom(stack, `broken-${scenes}`, own);
	const enter = async (options: Partial<PublisherOptions> = {}) => {
		const token = await stack.tokenFor(it.room, "alice");
		const alice = await PublisherPage.join(browser, { url: stack.url, room: it.room, token, ...options });
		onTestFinished(() => alice.leave());
		return alice;
	};
	return { stack, it, enter, recordings };
}

/** Processes that write, of a node; others wait for that. */
function writers(node: number | undefined): number[] {
	const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(node)], { encoding: "utf8" });
	const writing = children.split("\n").filter((line) => line.includes("gst/child.ts") && !line.endsWith(WAITING));
	return writing.map((line) => Number.parseInt(line, 10));
}

/** The one that writes now. */
function writer(node: number | undefined): number {
	return writers(node)[0] ?? expect.fail("nothing is written by this node");
}

async function isFine(file: string): Promise<number> {
	expect(await complaints(file)).toBe("");
	const { codecs, durationMs } = await look(file);
	expect(codecs).toEqual(["opus", "vp8"]);
	return durationMs;
}

describe("a recording", () => {
	it("goes on when its process is killed, and has what was written before, up to the last second", async () => {
		const { stack, it, enter } = await scene();
		await enter();
		const id = await it.record();
		await delay(5_000);
		process.kill(writer(stack.nodes[0]?.process.pid), "SIGKILL");
		await it.reaches(id, ({ files }) => files.length === 1);
		await delay(4_000);
		await it.stop(id);
		const { recording, files } = await it.arrived(id);
		expect(recording.files.map(({ path }) => path)).toEqual([`${recording.path}-p1-2.mkv`, `${recording.path}.mkv`]);
		const [after = "", before = ""] = files;
		expect(await isFine(before)).toBeGreaterThan(4_500);
		expect(await isFine(after)).toBeGreaterThan(3_000);
		expect(Math.abs(median(await skews(before)))).toBeLessThanOrEqual(40);
	});

	it("of a node that is killed is finished and brought away by the next one on its folder", async () => {
		const { stack, it, enter, recordings } = await scene();
		await enter();
		const id = await it.record();
		await delay(5_000);
		// Its process as well, so that nobody is left to close the files.
		const [node] = stack.nodes;
		const pid = writer(node?.process.pid);
		node?.process.kill("SIGKILL");
		process.kill(pid, "SIGKILL");
		await node?.exited;
		await stack.addNode("node-1");
		// Whoever was there comes back to it, and is recorded further.
		const second = await it.reaches(id, ({ state, files }) => {
			return state === "recording" && files.some((file) => file.part === 1 && file.state === "stored");
		});
		const first = await it.fetch(second, 0);
		expect(await isFine(first)).toBeGreaterThan(4_500);
		await delay(3_000);
		await it.stop(id);
		const { recording, files } = await it.arrived(id);
		expect(recording.files.length).toBeGreaterThanOrEqual(2);
		expect(await isFine(files.at(-1) ?? "")).toBeGreaterThan(2_800);
		expect(readdirSync(join(recordings, ".spool"))).toEqual([]);
	}, 120_000);

	it("goes on in another part on the node that its participant moves to, with nothing missing in between", async () => {
		const { stack, it, enter, recordings } = await scene();
		await enter();
		const id = await it.record();
		const began = Date.now();
		await delay(4_000);
		await stack.addNode("node-2", { RECORDINGS_DIR: `${recordings}-2` });
		const drained = await stack.rest("/v1/nodes/node-1/drain", { method: "POST", body: "{}" });
		expect(drained.status).toBe(200);
		await it.reaches(id, ({ files }) => files.some(({ part }) => part === 1));
		await delay(4_000);
		const lasted = Date.now() - began;
		await it.stop(id);
		const { recording, files } = await it.arrived(id);
		expect(recording.files.map(({ part }) => part)).toEqual([1, 2]);
		const durations = await Promise.all(files.map(isFine));
		expect((durations[0] ?? 0) + (durations[1] ?? 0)).toBeGreaterThan(lasted - 1_000);
	}, 120_000);

	it("stays on its node while the edge is away, and arrives when it is back", async () => {
		const { stack, it, enter, recordings } = await scene();
		await enter();
		const id = await it.record();
		await delay(3_000);
		const { path } = await it.stop(id);
		await stack.edge.stop();
		const local = join(recordings, `${path}.mkv`);
		await expect.poll(() => existsSync(local), soon).toBe(true);
		await delay(3_000);
		expect(existsSync(local)).toBe(true);
		await stack.edge.start();
		const { files, recording } = await it.arrived(id);
		expect(await isFine(files[0] ?? "")).toBeGreaterThan(2_800);
		// The bucket is on the disk, and the node that was told so has let go of its own.
		await stack.edge.restart();
		expect(await isFine(await it.fetch(recording, 0))).toBeGreaterThan(2_800);
		await expect.poll(() => existsSync(local), soon).toBe(false);
	}, 120_000);

	it("that finds no room on the disk is told of and tried again; the call goes on", async () => {
		const small = join(dir, "small");
		mkdirSync(small, { recursive: true });
		execFileSync("mount", ["-t", "tmpfs", "-o", "size=200k", "tmpfs", small]);
		onTestFinished(() => void execFileSync("umount", ["-l", small]));
		const { it, enter } = await scene({ nodeEnv: { RECORDINGS_DIR: small, RECORDINGS_MIN_FREE_MB: "0" } });
		const alice = await enter();
		const { id } = await it.start();
		// What is told first may be that its process could not begin.
		const full = await it.reaches(id, ({ error }) => /space|room|full/i.test(error?.message ?? ""));
		expect(full.state).not.toBe("recording");
		await alice.bitrate();
		await expect.poll(() => alice.bitrate(), soon).toBeGreaterThan(10_000);
		execFileSync("mount", ["-o", "remount,size=64m", small]);
		await it.reaches(id, ({ state }) => state === "recording");
		await delay(3_000);
		await it.stop(id);
		const { files } = await it.arrived(id);
		expect(await isFine(files.at(-1) ?? "")).toBeGreaterThan(2_500);
	}, 120_000);
});
