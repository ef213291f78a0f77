/** The button of the demo: whoever presses it gets the call as a file, and everybody sees that it is recorded. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Room } from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { complaints, look } from "../support/media-file.ts";
import { Stack } from "../support/stack.ts";

declare const window: { switchyard?: { room: Room } };

let stack: Stack;
let browser: Browser;
const dir = mkdtempSync(join(tmpdir(), "switchyard-call-recording-"));

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

async function enter(room: string, name: string): Promise<Page> {
	const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, acceptDownloads: true });
	onTestFinished(() => context.close());
	const page = await context.newPage();
	await page.goto(`${stack.url}/?room=${room}&name=${name}&autojoin=1`);
	await page.waitForFunction(() => window.switchyard !== undefined);
	return page;
}

/** Somebody else's picture is seen. */
const sees = (page: Page) =>
	page.waitForFunction(() => {
		const { room } = window.switchyard ?? {};
		const videos = [...document.querySelectorAll<HTMLVideoElement>("video[data-participant]")];
		return videos.some(
			({ dataset, hidden, videoWidth }) =>
				room?.participants.has(dataset.participant ?? "") && !hidden && videoWidth > 0,
		);
	});
const badge = "[data-testid=recording]";
const pressed = (page: Page) => page.getAttribute("#toggle-record", "aria-pressed");

it("is begun by one, seen by all, ended by another, and saved by whom it was begun", async () => {
	const room = `record-${crypto.randomUUID()}`;
	const [ada, bo] = await Promise.all([enter(room, "Ada"), enter(room, "Bo")]);
	await Promise.all([sees(ada), sees(bo)]);
	expect(await bo.isHidden(badge)).toBe(true);
	await ada.click("#toggle-record");
	await Promise.all([ada, bo].map((page) => page.waitForSelector(badge)));
	await bo.waitForSelector("text=This call is being recorded.");
	expect(await Promise.all([ada, bo].map(pressed))).toEqual(["true", "true"]);
	// Who comes later sees it at once.
	const cy = await enter(room, "Cy");
	await cy.waitForSelector(badge);

	await bo.keyboard.press("r");
	await Promise.all([ada, bo, cy].map((page) => page.waitForSelector(badge, { state: "hidden" })));
	expect(await pressed(ada)).toBe("false");
	await ada.waitForSelector("text=The recording is ready.");
	expect(await bo.isVisible("text=The recording is ready.")).toBe(false);
	const [download] = await Promise.all([ada.waitForEvent("download"), ada.click("text=Download")]);
	const file = join(dir, download.suggestedFilename());
	await download.saveAs(file);
	expect(file).toMatch(/\.mp4$/);
	expect((await look(file)).codecs.toSorted()).toEqual(["h264", "opus"]);
	expect(await complaints(file)).toBe("");
});
