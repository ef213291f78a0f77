/** People in Chromium are recorded; what comes of it is looked at with FFmpeg. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Rights } from "../../shared/tokens.ts";
import { launchChromium } from "../support/chromium.ts";
import { beeps, complaints, frames, look, loudest } from "../support/media-file.ts";
import { type PublisherOptions, PublisherPage } from "../support/publisher-page.ts";
import { excess, median, RecordedRoom, skews } from "../support/recorded.ts";
import { Stack } from "../support/stack.ts";

let stack: Stack;
let browser: Browser;
const dir = mkdtempSync(join(tmpdir(), "switchyard-recordings-"));
let rooms = 0;

beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ nodeEnv: { RECORDINGS_DIR: join(dir, "node") } }),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
	rmSync(dir, { recursive: true, force: true });
});

async function enter(
	room: string,
	{ rights, ...options }: Partial<PublisherOptions> & { rights?: Partial<Rights> } = {},
	id = "alice",
): Promise<PublisherPage> {
	const token = await stack.tokenFor(room, id, rights);
	const page = await PublisherPage.join(browser, { url: stack.url, room, token, ...options });
	onTestFinished(() => page.leave());
	return page;
}
const newRoom = () => new RecordedRoom(stack, `rec-${++rooms}`, dir);
/** What has not arrived yet; of a try before this one as well. */
const spooled = () => readdirSync(join(dir, "node/.spool"));

describe("a recording of somebody in Chromium", () => {
	for (const [codec, extension] of [
		["vp8", "mkv"],
		["h264", "mp4"],
	] as const) {
		it(`in ${codec} is one file with sound and picture together, in the bucket and nowhere else`, async () => {
			const it = newRoom();
			const before = spooled();
			const alice = await enter(it.room, { codec });
			const asked = Date.now();
			const id = await it.record();
			await delay(8_000);
			await it.stop(id);
			const { recording, files } = await it.arrived(id);
			await alice.leave();
			expect(recording.files).toMatchObject([{ path: `${recording.path}.${extension}`, part: 1 }]);
			const [file = ""] = files;
			const found = await look(file);
			expect(found.codecs).toEqual(["opus", codec]);
			expect(await complaints(file)).toBe("");
			expect(recording.files[0]?.startedAt).toBeGreaterThan(asked);
			expect(found.durationMs).toBeGreaterThan(7_800);
			expect(Math.abs(excess(recording)), `${found.durationMs} ms`).toBeLessThan(200);
			expect(Math.abs(found.durationMs - (recording.files[0]?.durationMs ?? 0))).toBeLessThan(200);
			const off = await skews(file);
			expect(off.length).toBeGreaterThanOrEqual(6);
			// Of single ones, the page's own drawing and 33 ms from frame to frame are a part.
			expect(Math.abs(median(off)), `flashes after beeps: ${off} ms`).toBeLessThanOrEqual(40);
			expect(spooled().filter((take) => !before.includes(take))).toEqual([]);
			expect(readdirSync(join(dir, "node/recordings", it.room))).toEqual([]);
		});

		it(`in ${codec} goes on through mute and another size of the picture, in the same file and in time`, async () => {
			const it = newRoom();
			const alice = await enter(it.room, { codec });
			const id = await it.record();
			await delay(3_000);
			await alice.size(640, 480);
			await delay(2_000);
			await alice.mute("audio", true);
			await alice.mute("camera", true);
			await delay(2_500);
			await alice.mute("audio", false);
			await alice.mute("camera", false);
			await delay(2_000);
			await alice.size(160, 120);
			await delay(3_000);
			await it.stop(id);
			const { recording, files } = await it.arrived(id);
			await alice.leave();
			expect(files).toHaveLength(1);
			expect(Math.abs(excess(recording))).toBeLessThan(200);
			const [file = ""] = files;
			expect(await complaints(file)).toBe("");
			expect((await look(file)).durationMs).toBeGreaterThan(12_300);
			const heard = await beeps(file);
			const gaps = heard.map((at, i) => at - (heard[i - 1] ?? at));
			expect(Math.max(...gaps), `beeps at ${heard}`).toBeGreaterThan(1.9);
			expect(Math.abs(median(await skews(file)))).toBeLessThanOrEqual(40);
		});
	}

	it("of each track by itself is a file for each", async () => {
		const it = newRoom();
		const alice = await enter(it.room, { codec: "h264" });
		const id = await it.record({ split: true, path: `by/${it.room}` });
		await delay(3_000);
		await it.stop(id);
		const { recording, files } = await it.arrived(id);
		await alice.leave();
		expect(recording.files.map(({ path }) => path)).toEqual([`by/${it.room}-audio.ogg`, `by/${it.room}-camera.mp4`]);
		const found = await Promise.all(files.map(look));
		expect(found.map(({ codecs }) => codecs)).toEqual([["opus"], ["h264"]]);
		for (const file of files) expect(await complaints(file)).toBe("");
		for (const { durationMs } of found) expect(durationMs).toBeGreaterThan(2_500);
	});

	it("goes on in another part when somebody leaves and comes again, whoever else is there", async () => {
		const it = newRoom();
		const bob = await enter(it.room, {}, "bob");
		const first = await enter(it.room);
		const id = await it.record();
		await delay(3_000);
		await first.leave();
		await it.reaches(id, ({ state, files }) => state === "waiting" && files.length === 1);
		const again = await enter(it.room);
		await it.reaches(id, ({ state }) => state === "recording");
		await delay(3_000);
		await it.stop(id);
		const { recording, files } = await it.arrived(id);
		await Promise.all([again.leave(), bob.leave()]);
		expect(recording.files.map(({ path, part }) => ({ path, part }))).toEqual([
			{ path: `${recording.path}.mkv`, part: 1 },
			{ path: `${recording.path}-p2.mkv`, part: 2 },
		]);
		for (const file of files) {
			expect(await complaints(file)).toBe("");
			expect((await look(file)).durationMs).toBeGreaterThan(2_800);
		}
	});

	it("after effects has what they made of it, from the moment they did; as received, it has nothing of them", async () => {
		const it = newRoom();
		const alice = await enter(it.room, { rights: { effects: true } });
		const [dry, wet] = await Promise.all([it.record(), it.record({ effects: true, path: `wet/${it.room}` })]);
		await delay(3_000);
		// A quarter as loud, and white is grey.
		await alice.effects({ audio: "volume volume=0.25", video: "videobalance brightness=-0.4" });
		await delay(9_000);
		await Promise.all([it.stop(dry), it.stop(wet)]);
		const [received, altered] = await Promise.all([it.arrived(dry), it.arrived(wet)]);
		await alice.leave();
		expect(received.files).toHaveLength(1);
		const [whole = ""] = received.files;
		expect(await brightest(whole)).toBeGreaterThan(200);
		expect(altered.recording.files.map(({ path }) => path)).toEqual([`wet/${it.room}-p1-2.mkv`, `wet/${it.room}.mkv`]);
		const [after = "", before = ""] = altered.files;
		expect(await brightest(before)).toBeGreaterThan(200);
		expect(await brightest(after)).toBeLessThan(190);
		expect(await brightest(after)).toBeGreaterThan(100);
		expect(await loudest(after)).toBeLessThan(0.4 * (await loudest(whole)));
		for (const file of [whole, before, after]) expect(await complaints(file)).toBe("");
		// These take no time of their own; what others take is theirs (docs/effects.md).
		expect(Math.abs(median(await skews(after))), `${await skews(after)}`).toBeLessThanOrEqual(40);
	}, 120_000);

	it("of everybody is one picture with all of them and their sound, and begins anew when somebody comes", async () => {
		const it = newRoom();
		const alice = await enter(it.room);
		const id = await it.record({ participant: undefined, layout: "grid" });
		await delay(4_000);
		const bob = await enter(it.room, { codec: "h264" }, "bob");
		await it.reaches(id, ({ files }) => files.length > 0);
		await delay(12_000);
		await it.stop(id);
		const { recording, files } = await it.arrived(id);
		await Promise.all([alice.leave(), bob.leave()]);
		expect(recording.files[0]?.path).toBe(`${recording.path}.mp4`);
		expect(recording.files.length).toBeGreaterThan(1);
		const [alone = "", both = ""] = [files[0], files.at(-1)];
		expect(Math.abs(excess(recording))).toBeLessThan(200);
		for (const file of [alone, both]) {
			expect(await look(file)).toMatchObject({ codecs: ["opus", "h264"], size: { width: 1_280, height: 720 } });
			expect(await complaints(file)).toBe("");
			expect((await beeps(file)).length).toBeGreaterThan(1);
		}
		const off = await skews(alone);
		expect(off.length).toBeGreaterThanOrEqual(3);
		expect(Math.abs(median(off)), `flashes after beeps: ${off} ms`).toBeLessThanOrEqual(40);
		// Each has a half.
		for (const x of [0, 640]) {
			const levels = (await frames(both, `640:400:${x}:160`)).map(({ level }) => level);
			expect(Math.max(...levels), `the half from ${x}`).toBeGreaterThan(180);
			expect(Math.min(...levels)).toBeLessThan(60);
		}
	}, 120_000);
});

async function brightest(file: string): Promise<number> {
	return Math.max(...(await frames(file)).map(({ level }) => level));
}
