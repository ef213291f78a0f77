/** One VP9 stream with layers inside (SVC), which no session description tells of, and one without. */
import { randomUUID } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";
import { type TalksyOptions, TalksyPerson } from "../support/talksy-page.ts";

const soon = { timeout: 20_000, interval: 100 };

let stack: Stack;
let browser: Browser;
let room: string;

beforeAll(async () => {
	[browser, stack] = await Promise.all([
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
		Stack.start({ vars: { TALKSY: "true" } }),
	]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});
afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

async function enter(options?: TalksyOptions): Promise<TalksyPerson> {
	return TalksyPerson.join(await (await browser.newContext()).newPage(), stack.url, room, options);
}

/** What a viewer is shown of a sender's camera. */
async function camera(viewer: TalksyPerson, sender: TalksyPerson) {
	const own = (await sender.own()).find(({ kind }) => kind === "video");
	const all = await viewer.shown();
	return all.find(({ track }) => track === own?.track) ?? { width: 0, count: 0 };
}

/** Frames that came in two seconds. */
async function frames(viewer: TalksyPerson, sender: TalksyPerson): Promise<number> {
	const before = (await camera(viewer, sender)).count;
	await viewer.page.waitForTimeout(2_000);
	return (await camera(viewer, sender)).count - before;
}

it("each gets the layer that it asks for, of those within one stream", async () => {
	room = `scalable-${randomUUID()}`;
	const ben = await enter();
	const cleo = await enter();
	const ada = await enter({ codec: "video/VP9", simulcast: false, scalabilityMode: "L3T3_KEY" });
	for (const viewer of [ben, cleo]) await expect.poll(async () => (await camera(viewer, ada)).width, soon).toBe(1280);
	for (const [quality, width] of [
		["low", 320],
		["mid", 640],
		["low", 320],
		["high", 1280],
		["mid", 640],
	] as const) {
		await ben.switchQuality(quality);
		await expect.poll(async () => (await camera(ben, ada)).width, soon).toBe(width);
		expect(await frames(ben, ada)).toBeGreaterThan(10);
		expect((await camera(cleo, ada)).width).toBe(1280);
	}
	const { track = "" } = (await ada.own()).find(({ kind }) => kind === "video") ?? {};
	await ben.switchQuality("high");
	await ben.resize(track, 300, 170);
	await expect.poll(async () => (await camera(ben, ada)).width, soon).toBe(320);
	await ben.resize(track, 1280, 720);
	await expect.poll(async () => (await camera(ben, ada)).width, soon).toBe(1280);
	for (const person of [ada, ben, cleo]) expect(await person.errors()).toEqual([]);
});

it.each(["L1T1", "L1T3"])("%s: is seen whole", async (scalabilityMode) => {
	room = `scalable-${randomUUID()}`;
	const ben = await enter();
	const ada = await enter({ codec: "video/VP9", simulcast: false, scalabilityMode });
	await expect.poll(async () => (await camera(ben, ada)).width, soon).toBe(1280);
	await ben.switchQuality("low");
	expect(await frames(ben, ada)).toBeGreaterThan(10);
	expect((await camera(ben, ada)).width).toBe(1280);
});
