/** GStreamer publishes over WHIP; Chromium sees and hears it over WHEP, and native participants get it. */
import { randomUUID } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFailed, onTestFinished } from "vitest";
import { Bot } from "../support/bot/bot.ts";
import { launchChromium } from "../support/chromium.ts";
import { GstreamerPublisher } from "../support/gstreamer.ts";
import { Stack } from "../support/stack.ts";
import { StreamPages, seen, watchWithLibrary } from "../support/stream-page.ts";

const soon = { timeout: 20_000, interval: 100 };

let stack: Stack;
let browser: Browser;
let pages: StreamPages;
beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ vars: { ALLOWED_ORIGINS: "*" } }),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
	pages = await StreamPages.start(browser);
});
afterAll(async () => {
	pages?.close();
	await browser?.close();
	await stack?.stop();
});

const target = async (room: string, protocol: "whip" | "whep", identity: string) => ({
	url: `${stack.url}/v1/rooms/${room}/${protocol}`,
	token: await stack.tokenFor(room, identity),
});

it.each(["vp8", "h264"] as const)("%s and Opus are seen and heard, and gone when it ends", async (video) => {
	const room = `gst-${randomUUID().slice(0, 8)}`;
	const bot = await Bot.join(stack.url, room, "bot", await stack.tokenFor(room, "bot"));
	onTestFinished(() => bot.destroy());
	const encoder = new GstreamerPublisher(await target(room, "whip", "gst"), video);
	onTestFinished(() => encoder.kill());
	onTestFailed(() => console.log(encoder.said));

	const arriving = () =>
		[...bot.received.values()].flatMap(({ participant, kind, packets }) =>
			participant === "gst" && packets > 20 ? [kind] : [],
		);
	await expect.poll(() => arriving().sort(), soon).toEqual(["audio", "video"]);

	const viewer = await pages.open();
	await viewer.evaluate(watchWithLibrary, await target(room, "whep", "ann"));
	await viewer.evaluate(() => {
		for (const element of document.querySelectorAll("video")) element.muted = false;
	});
	await expect
		.poll(async () => {
			const { frames, energy, width } = await viewer.evaluate(seen);
			return { frames: frames > 15, energy: energy > 0, width };
		}, soon)
		.toEqual({ frames: true, energy: true, width: 320 });

	await encoder.stop();
	const ids = async () => {
		const { items } = (await (await stack.rest(`/v1/rooms/${room}/participants`)).json()) as {
			items: { id: string }[];
		};
		return items.map(({ id }) => id).sort();
	};
	await expect.poll(ids, soon).toEqual(["ann", "bot"]);
});
