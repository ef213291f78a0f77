/** Talksy's page of a room, as its users know it: open an address, click Start, see who else did. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";

const soon = { timeout: 30_000, interval: 200 };

let stack: Stack;
let browser: Browser;
const failures: string[] = [];
beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ vars: { TALKSY: "true" } }),
		launchChromium([
			"--autoplay-policy=no-user-gesture-required",
			"--auto-select-desktop-capture-source=Entire screen",
		]),
	]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});

beforeEach(() => {
	failures.splice(0);
});

async function open(query: string): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1600, height: 900 } });
	onTestFinished(() => context.close());
	const page = await context.newPage();
	page.on("pageerror", (error) => failures.push(error.message));
	await page.goto(`${stack.url}/${query}`);
	return page;
}

async function begin(query: string): Promise<Page> {
	const page = await open(query);
	await page.click("#start");
	await page.waitForSelector("#stop:enabled");
	return page;
}

/** Width of each picture of somebody else that moves. */
const pictures = (page: Page): Promise<number[]> =>
	page.evaluate(async () => {
		const widths: number[] = [];
		for (const video of document.querySelectorAll<HTMLVideoElement>("figure:not([data-own]) video")) {
			const before = video.getVideoPlaybackQuality().totalVideoFrames;
			await new Promise((resolve) => setTimeout(resolve, 300));
			if (video.getVideoPlaybackQuality().totalVideoFrames > before) widths.push(video.videoWidth);
		}
		return widths;
	});

it("shows who else is in the room, under their ids, in the quality that is chosen", async () => {
	const query = `?room_id=${randomUUID()}&debug=true&dev=1`;
	const ada = await begin(query);
	const ben = await begin(query);
	const elsewhere = await begin(`?room_id=${randomUUID()}`);
	for (const page of [ada, ben]) await expect.poll(() => pictures(page), soon).toHaveLength(1);
	const own = await ada.textContent("figure[data-own] figcaption");
	const seen = await ben.textContent("figure:not([data-own]) figcaption");
	expect(seen?.split("\n")[0]).toBe(own?.replace(" (you)", "").split("\n")[0]);

	await ben.selectOption("#quality", "low");
	await expect.poll(() => pictures(ben), soon).toEqual([320]);
	await ben.selectOption("#quality", "none");
	await expect.poll(() => pictures(ben), soon).toEqual([]);
	await ben.selectOption("#quality", "high");
	await expect.poll(() => pictures(ben), soon).toHaveLength(1);

	// What comes and goes can be read, and figures of what is received.
	await expect.poll(() => ben.textContent("#log"), soon).toContain("tracks_available");
	await expect.poll(() => ben.textContent("figure:not([data-own]) figcaption"), soon).toContain("kbit/s");
	await expect.poll(() => ben.locator("figure:not([data-own]).speaking").count(), soon).toBe(1);

	await ada.click("#microphone");
	await expect.poll(() => ben.locator("figure:not([data-own]).speaking").count(), soon).toBe(0);

	const cleo = await begin(`${query}&disablered`);
	for (const page of [ada, ben, cleo]) await expect.poll(() => pictures(page), soon).toHaveLength(2);
	await ada.click("#stop");
	for (const page of [ben, cleo]) {
		await expect.poll(() => page.locator("figure:not([data-own])").count(), soon).toBe(1);
	}
	await ada.click("#start");
	for (const page of [ada, ben, cleo]) await expect.poll(() => pictures(page), soon).toHaveLength(2);
	expect(await elsewhere.locator("figure:not([data-own])").count()).toBe(0);
	expect(await elsewhere.isVisible("#debug")).toBe(false);
	for (const page of [ada, ben, cleo, elsewhere]) expect(await page.locator("#state.bad").count()).toBe(0);
	expect(failures).toEqual([]);
}, 180_000);

it("is only there for who names a room", async () => {
	const page = await open("");
	await expect.poll(() => page.title(), soon).toBe("Switchyard");
	expect(await page.locator("#start").count()).toBe(0);
});
