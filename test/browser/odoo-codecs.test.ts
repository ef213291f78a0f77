/** AUDIO_CODECS and VIDEO_CODECS: what Chromium sends and decodes when the edge tells it of some codecs only. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SfuClient } from "../../client/odoo/sfu-client.ts";
import { Bot } from "../support/bot/bot.ts";
import { launchChromium } from "../support/chromium.ts";
import { odooChannel } from "../support/odoo.ts";
import { bitratesOf, decodes, enterChannel, updatesOf, upload } from "../support/odoo-page.ts";
import { Stack } from "../support/stack.ts";

declare const window: { client: SfuClient };

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
	const vars = { AUDIO_CODECS: "PCMU,opus", VIDEO_CODECS: "VP9,nonsense" };
	[stack, browser] = await Promise.all([Stack.start({ vars }), launchChromium()]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});

/** Of what a page sends, or of what it gets. */
const codecsOf = (page: Page, which: "uploadStats" | "downloadStats") =>
	page.evaluate(async (key) => {
		const stats = [...((await window.client.getStats())[key]?.values() ?? [])] as {
			id: string;
			[k: string]: unknown;
		}[];
		const type = key === "uploadStats" ? "outbound-rtp" : "inbound-rtp";
		const used = stats.filter((it) => it.type === type).map(({ codecId }) => codecId);
		const codecs = stats.filter(({ type: is, id }) => is === "codec" && used.includes(id));
		return [...new Set(codecs.map(({ mimeType }) => String(mimeType)))].sort();
	}, which);

it("the first that both have is sent and decoded; what a session was not told of is not announced to it", async () => {
	const channel = await odooChannel(stack.url, stack.authKey, "https://odoo.example:channel:1");
	const [one, two] = [
		await enterChannel(browser, stack.url, channel, 1),
		await enterChannel(browser, stack.url, channel, 2),
	];
	// It sends Opus, which they may receive, and VP8.
	const bot = await Bot.join(stack.url, channel.uuid, "native", await stack.tokenFor(channel.uuid, "native"));
	await bot.publish();
	await upload(one, ["audio", "camera"]);
	await decodes(two, 1, "camera");
	await expect.poll(() => codecsOf(one, "uploadStats"), { timeout: 10_000 }).toEqual(["audio/PCMU", "video/VP9"]);
	await expect
		.poll(() => codecsOf(two, "downloadStats"), { timeout: 10_000 })
		.toEqual(["audio/PCMU", "audio/opus", "video/VP9"]);
	await expect
		.poll(async () => (await bitratesOf(stack.url, channel)).audio, { timeout: 10_000 })
		.toBeGreaterThan(64_000);
	const tracks = (await updatesOf(two, "track")) as { sessionId: unknown; type: string }[];
	expect(tracks.map(({ sessionId, type }) => `${sessionId} ${type}`).sort()).toEqual([
		"1 audio",
		"1 camera",
		"native audio",
	]);
	bot.destroy();
});
