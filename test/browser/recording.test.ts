/** People in Chromium are recorded; what comes of it is looked at with FFmpeg. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Recording, RecordingCreate } from "../../shared/recordings.ts";
import { launchChromium } from "../support/chromium.ts";
import { beeps, complaints, flashes, look } from "../support/media-file.ts";
import { type PublisherOptions, PublisherPage } from "../support/publisher-page.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 40_000, interval: 200 };

let stack: Stack;
let browser: Browser;
const dir = mkdtempSync(join(tmpdir(), "recordings-"));
let rooms = 0;

beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ nodeEnv: { RECORDINGS_DIR: dir } }),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
	rmSync(dir, { recursive: true, force: true });
});

async function enter(room: string, options: Partial<PublisherOptions> = {}): Promise<PublisherPage> {
	return PublisherPage.join(browser, { url: stack.url, room, token: await stack.tokenFor(room, "alice"), ...options });
}

async function call(method: string, path: string, body?: object): Promise<Recording> {
	const response = await stack.rest(`/v1/rooms/${path}`, { method, body: body && JSON.stringify(body) });
	if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
	return (await response.json()) as Recording;
}

async function record(room: string, wish: Partial<RecordingCreate> = {}): Promise<Recording> {
	const recording = await call("POST", `${room}/recordings`, {
		participant: "alice",
		sources: ["audio", "camera"],
		...wish,
	});
	await expect.poll(() => state(room, recording.id), soon).toBe("recording");
	return recording;
}
const state = async (room: string, id: string) => (await call("GET", `${room}/recordings/${id}`)).state;

/** Stopped, and its files fetched from the edge's bucket into files of ours. */
async function stop(room: string, { id }: Recording): Promise<{ recording: Recording; files: string[] }> {
	await call("POST", `${room}/recordings/${id}/stop`);
	return fetched(room, id);
}

async function fetched(room: string, id: string) {
	const stored = async () => {
		const { state, files } = await call("GET", `${room}/recordings/${id}`);
		return state === "ended" && files.every((file) => file.state === "stored");
	};
	await expect.poll(stored, soon).toBe(true);
	const recording = await call("GET", `${room}/recordings/${id}`);
	const files = await Promise.all(
		recording.files.map(async ({ path }, i) => {
			const response = await stack.rest(`/v1/rooms/${room}/recordings/${id}/files/${i}`);
			const file = join(dir, `fetched-${room}-${path.replaceAll("/", "_")}`);
			writeFileSync(file, Buffer.from(await response.arrayBuffer()));
			return file;
		}),
	);
	return { recording, files };
}

/** By how much each flash is later than its beep, ms. */
async function skews(file: string): Promise<number[]> {
	const heard = await beeps(file);
	return (await flashes(file)).flatMap((seen) => {
		const beep = heard.find((at) => Math.abs(at - seen) < 0.4);
		return beep === undefined ? [] : [Math.round((seen - beep) * 1_000)];
	});
}

function median(values: readonly number[]): number {
	return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

describe("a recording of somebody in Chromium", () => {
	for (const [codec, extension] of [
		["vp8", "mkv"],
		["h264", "mp4"],
	] as const) {
		it(`in ${codec} is one file with sound and picture together, in the bucket and nowhere else`, async () => {
			const room = `rec-${++rooms}`;
			const alice = await enter(room, { codec });
			const it = await record(room);
			const from = Date.now();
			await delay(8_000);
			const to = Date.now();
			const { recording, files } = await stop(room, it);
			await alice.leave();
			expect(recording.files).toMatchObject([{ path: `recordings/${room}/${it.id}.${extension}`, part: 1 }]);
			const [file = ""] = files;
			const found = await look(file);
			expect(found.codecs).toEqual(["opus", codec]);
			expect(await complaints(file)).toBe("");
			const off = await skews(file);
			expect(found.durationMs).toBeGreaterThan(to - from - 200);
			expect(Math.abs(found.durationMs - (recording.files[0]?.durationMs ?? 0))).toBeLessThan(200);
			expect(off.length).toBeGreaterThanOrEqual(6);
			// Of single ones, the page's own drawing and 33 ms from frame to frame are a part.
			expect(Math.abs(median(off)), `flashes after beeps: ${off} ms`).toBeLessThanOrEqual(40);
			expect(readdirSync(join(dir, ".spool"))).toEqual([]);
		});
	}
});
