/** Effects and recordings of DuckSoup's interactions: real edge, real node, real GStreamer, real Chromium. */
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { DucksoupPerson } from "../support/ducksoup-person.ts";
import { complaints, look } from "../support/media-file.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 40_000, interval: 200 };

let stack: Stack;
let browser: Browser;
const dir = mkdtempSync(join(tmpdir(), "ducksoup-"));

beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({
			vars: { DUCKSOUP_MODE: "DEV", DUCKSOUP_LOG_STDOUT: "false" },
			// Files stay where they are, to be looked at.
			nodeEnv: { RECORDINGS_DIR: dir, RECORDINGS_STORE: "local" },
		}),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
	rmSync(dir, { recursive: true, force: true });
});

async function enter(name: string, userId: string, options: object): Promise<DucksoupPerson> {
	const context = await browser.newContext();
	onTestFinished(() => context.close());
	return DucksoupPerson.join(await context.newPage(), stack.url, { interactionName: name, userId, ...options });
}

/** Where a file is. Of a machine that is busy people are told before it has finished. */
async function written(file: string): Promise<string> {
	const path = join(dir, file);
	await expect.poll(() => existsSync(path), soon).toBe(true);
	return path;
}

it.each([
	["VP8", "mkv"],
	["H264", "mp4"],
])(
	"what is altered of somebody is seen altered, follows its controls, and is recorded beside what came: %s",
	async (videoFormat, extension) => {
		const name = randomUUID();
		const ann = await enter(name, "ann", {
			...{ size: 1, duration: 14, videoFormat, recordingMode: "muxed" },
			...{ videoFx: "videobalance saturation=0 name=fx", audioFx: "volume volume=0.5 name=sound" },
		});
		await expect.poll(() => ann.payload("start"), soon).toBe(14);
		const colours = async () => (await ann.colourfulness()) ?? Number.NaN;
		await expect.poll(colours, soon).toBeLessThan(6);
		const control = { name: "fx", property: "saturation", value: 1, duration: 300, userId: "ann" };
		await ann.say("client_control", JSON.stringify(control));
		await expect.poll(colours, soon).toBeGreaterThan(30);
		const poly = { name: "fx", property: "saturation", kind: "double", value: "0" };
		await ann.say("client_polycontrol", JSON.stringify(poly));
		await expect.poll(colours, soon).toBeLessThan(6);

		await expect.poll(() => ann.kinds(), soon).toContain("closed");
		expect(await ann.kinds()).toEqual(["joined", "start", "ending", "files", "end", "closed"]);
		expect(await ann.errors()).toEqual([]);
		const files = (await ann.files())?.ann ?? [];
		expect(files.map((file) => file.replace(/.*-u-/, ""))).toEqual([
			`ann-c-1-dry.${extension}`,
			`ann-c-1-wet.${extension}`,
		]);
		for (const file of files) {
			expect(file).toMatch(new RegExp(`^data/default/${name}/recordings/i-[0-9a-f]{32}-a-`));
			const path = await written(file);
			const found = await look(path);
			expect(found.codecs).toEqual(["opus", videoFormat.toLowerCase()]);
			expect(found.durationMs).toBeGreaterThan(9_000);
			expect(await complaints(path)).toBe("");
		}
	},
	90_000,
);

it("two who are recorded apart and in sound alone have files of sound, all that was recorded by the end", async () => {
	const name = randomUUID();
	const options = { audioOnly: true, duration: 6, audioFx: "", recordingMode: "split" };
	const ann = await enter(name, "ann", options);
	const ben = await enter(name, "ben", { ...options, audioFx: "pitch pitch=1.5 name=voice" });
	for (const person of [ann, ben]) await expect.poll(() => person.kinds(), soon).toContain("closed");
	const files = await ann.files();
	expect(files).toEqual(await ben.files());
	const parts = Object.entries(files ?? {}).flatMap(([user, paths]) => {
		return (paths ?? []).map((path) => [user, path.replace(/.*-c-1-/, "")]);
	});
	expect(parts).toEqual([
		["ann", "audio-dry.ogg"],
		["ben", "audio-dry.ogg"],
		["ben", "audio-wet.ogg"],
	]);
	for (const paths of Object.values(files ?? {})) {
		for (const path of paths ?? []) expect((await look(await written(path))).codecs).toEqual(["opus"]);
	}
	for (const person of [ann, ben]) expect(await person.errors()).toEqual([]);
}, 60_000);
