/** The bit rates that a session of Odoo's protocol may have: real congestion control of Chromium and mediasoup. */
import { setTimeout } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { odooChannel } from "../support/odoo.ts";
import { bitratesOf, bytesReceived, enterChannel, sentWidths, upload, widthOf } from "../support/odoo-page.ts";
import { Stack, type StackOptions } from "../support/stack.ts";

let browser: Browser;
let stack: Stack;
beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());
afterEach(() => stack?.stop());

/** One sends its camera in layers of 160, 320 and 640 pixels, another sees it. */
async function call(options: StackOptions) {
	stack = await Stack.start(options);
	const channel = await odooChannel(stack.url, stack.authKey, "https://odoo.example:channel:1");
	const sender = await enterChannel(browser, stack.url, channel, 1);
	const viewer = await enterChannel(browser, stack.url, channel, 2);
	await upload(sender, ["camera"]);
	return {
		width: () => widthOf(viewer, 1, "camera"),
		/** Of the largest layer that is sent now. */
		widest: async () => (await sentWidths(sender))[0] ?? 0,
		layers: async () => (await sentWidths(sender)).length,
		received: () => bytesReceived(viewer),
		arriving: async () => (await bitratesOf(stack.url, channel)).camera,
	};
}

/** A busy machine encodes less, and its senders try more later. */
const patience = { timeout: 60_000, interval: 500 };
const LONG_MS = 150_000;
/** Congestion control takes a few seconds to try more. */
const WATCHED_MS = 10_000;

async function watched<T>(look: () => Promise<T>): Promise<T[]> {
	const seen: T[] = [];
	for (const until = Date.now() + WATCHED_MS; Date.now() < until; await setTimeout(1_000)) seen.push(await look());
	return seen;
}

it(
	"without a limit the largest of the layers that arrive is seen",
	async () => {
		const { width, widest, layers } = await call({});
		await expect.poll(layers, patience).toBeGreaterThan(1);
		await expect.poll(async () => (await width()) === (await widest()), patience).toBe(true);
	},
	LONG_MS,
);

it(
	"MAX_BITRATE_IN of the edge: the sender keeps within it, and leaves layers out",
	async () => {
		const limit = 150_000;
		const { arriving, layers } = await call({ vars: { MAX_BITRATE_IN: String(limit) } });
		const kept = async () => {
			const [rate, sent] = [await arriving(), await layers()];
			return { rate: rate > 30_000 && rate < limit, sent: sent > 0 && sent < 3 };
		};
		await expect.poll(kept, patience).toEqual({ rate: true, sent: true });
		for (const look of await watched(kept)) expect(look).toEqual({ rate: true, sent: true });
	},
	LONG_MS,
);

it(
	"MAX_BITRATE_OUT of the node: the viewer gets what fits, though more arrives",
	async () => {
		const limit = 90_000;
		const { layers, arriving, received } = await call({ nodeEnv: { MAX_BITRATE_OUT: String(limit) } });
		// More than a viewer may have: what fits depends on how well this machine encodes, a smaller layer or fewer of its pictures.
		await expect.poll(arriving, patience).toBeGreaterThan(2 * limit);
		await expect.poll(layers, patience).toBeGreaterThan(1);
		const rateWithin = async (ms: number) => {
			const [before, began] = [await received(), performance.now()];
			await setTimeout(ms);
			return (((await received()) - before) * 8_000) / (performance.now() - began);
		};
		// A layer that begins does so with a key picture.
		await expect.poll(() => rateWithin(2_000), patience).toBeLessThan(limit);
		const rate = await rateWithin(WATCHED_MS);
		expect(rate).toBeGreaterThan(0);
		expect(await arriving()).toBeGreaterThan(1.5 * limit);
		// Pictures are not all of one size: on average it is kept, and by far not what arrives.
		expect(rate).toBeLessThan(1.2 * limit);
	},
	LONG_MS,
);
