/** Odoo's protocol in Chromium: the client library against the edge and a real node, media included. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import type { SfuClient } from "../../client/odoo/sfu-client.ts";
import { Bot } from "../support/bot/bot.ts";
import { launchChromium } from "../support/chromium.ts";
import { type OdooChannel, odooChannel } from "../support/odoo.ts";
import { bitratesOf, decodes, enterChannel, stopUpload, updatesOf, upload } from "../support/odoo-page.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";

declare const window: { client: SfuClient; seen: { states: string[] } };

let stack: Stack;
let browser: Browser;
let channel: OdooChannel;
const pages = new Map<number, Page>();

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		pages.clear();
		stack = await Stack.start();
		channel = await odooChannel(stack.url, stack.authKey, "https://odoo.example:channel:1", randomUUID());
	},
	async end() {
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

async function enter(session: number): Promise<Page> {
	const page = await enterChannel(browser, stack.url, channel, session);
	pages.set(session, page);
	return page;
}

describe("three sessions of a channel", () => {
	step("are authenticated, then connected", async () => {
		const page = await enter(1);
		expect(await page.evaluate(() => window.seen.states)).toEqual(["connecting", "authenticated", "connected"]);
	});

	step("see and hear each other: a track with its session and type", async () => {
		const one = pages.get(1) as Page;
		await upload(one, ["audio", "camera"]);
		const two = await enter(2);
		await decodes(two, 1, "camera");
		const tracks = (await updatesOf(two, "track")) as { sessionId: number; type: string; active: boolean }[];
		expect(tracks.map(({ sessionId, type, active }) => ({ sessionId, type, active }))).toEqual(
			expect.arrayContaining([
				{ sessionId: 1, type: "audio", active: true },
				{ sessionId: 1, type: "camera", active: true },
			]),
		);
		await upload(two, ["camera"]);
		await decodes(one, 2, "camera");
		const three = await enter(3);
		await Promise.all([decodes(three, 1, "camera"), decodes(three, 2, "camera")]);
	});

	step("tell each other of their state, and broadcast", async () => {
		const [one, three] = [pages.get(1) as Page, pages.get(3) as Page];
		await one.evaluate(() => window.client.updateInfo({ isRaisingHand: true }));
		await expect
			.poll(() => updatesOf(three, "info_change"))
			.toContainEqual({
				1: expect.objectContaining({ isRaisingHand: true, isCameraOn: true }),
			});
		await three.evaluate(() => window.client.broadcast({ hello: "all" }));
		await expect.poll(() => updatesOf(one, "broadcast")).toEqual([{ senderId: 3, message: { hello: "all" } }]);
	});

	step("are counted by what arrives of each stream, and not when a camera is off", async () => {
		const rates = () => bitratesOf(stack.url, channel);
		// Two cameras of 360 lines, one microphone.
		await expect.poll(async () => (await rates()).camera, { timeout: 15_000 }).toBeGreaterThan(100_000);
		const { audio, camera, screen, total } = await rates();
		expect(camera).toBeLessThan(8_000_000);
		expect(audio).toBeGreaterThan(1_000);
		expect(audio).toBeLessThan(200_000);
		expect({ screen, total }).toEqual({ screen: 0, total: audio + camera });
		for (const session of [1, 2]) await stopUpload(pages.get(session) as Page, "camera");
		await expect.poll(async () => (await rates()).camera, { timeout: 15_000 }).toBe(0);
		expect((await rates()).audio).toBeGreaterThan(1_000);
		for (const session of [1, 2]) await upload(pages.get(session) as Page, ["camera"]);
	});

	step("hear of who leaves", async () => {
		const [one, three] = [pages.get(1) as Page, pages.get(3) as Page];
		await three.evaluate(() => window.client.disconnect());
		await expect.poll(() => updatesOf(one, "disconnect")).toEqual([{ sessionId: 3 }]);
	});
});

describe("beside others", () => {
	step("a native participant of the same room sees an Odoo session, and is seen", async () => {
		const one = pages.get(1) as Page;
		const bot = await Bot.join(stack.url, channel.uuid, "native", await stack.tokenFor(channel.uuid, "native"));
		onTestFinished(() => bot.destroy());
		await bot.publish();
		const kinds = async () =>
			((await updatesOf(one, "track")) as { sessionId: string; type: string }[])
				.filter(({ sessionId }) => sessionId === "native")
				.map(({ type }) => type)
				.sort();
		await expect.poll(kinds, { timeout: 10_000 }).toEqual(["audio", "camera"]);
		const received = () =>
			[...bot.received.values()].filter(({ participant, packets }) => participant === "1" && packets > 0);
		await expect
			.poll(
				() =>
					received()
						.map(({ kind }) => kind)
						.sort(),
				{ timeout: 10_000 },
			)
			.toEqual(["audio", "video"]);
	});
});
