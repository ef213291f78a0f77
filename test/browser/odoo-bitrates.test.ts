/** The bit rates that a session of Odoo's protocol may have: real congestion control of Chromium and mediasoup. */
import { execFileSync } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { odooChannel } from "../support/odoo.ts";
import { bitratesOf, enterChannel, upload, widthOf } from "../support/odoo-page.ts";
import { Stack, type StackOptions } from "../support/stack.ts";

let browser: Browser;
let stack: Stack;
beforeAll(async () => {
	execFileSync(process.execPath, ["scripts/build-client.ts"], { stdio: "ignore" });
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
	"more than the lowest layer arrives and is seen where the limits allow it",
	async () => {
		const { width, arriving } = await call({});
		await expect.poll(arriving, patience).toBeGreaterThan(150_000);
		await expect.poll(width, patience).toBeGreaterThan(160);
	},
	LONG_MS,
);

it(
	"MAX_BITRATE_IN of the edge: the sender keeps within it, and leaves layers out",
	async () => {
		const { width, arriving } = await call({ vars: { MAX_BITRATE_IN: "150000" } });
		await expect.poll(arriving, patience).toBeGreaterThan(30_000);
		await expect.poll(width, patience).toBe(160);
		expect(Math.max(...(await watched(arriving)))).toBeLessThan(150_000);
		expect(await width()).toBe(160);
	},
	LONG_MS,
);

it(
	"MAX_BITRATE_OUT of the node: the viewer gets the layer that fits, though more arrives",
	async () => {
		const { width, arriving } = await call({ nodeEnv: { MAX_BITRATE_OUT: "90000" } });
		await expect.poll(arriving, patience).toBeGreaterThan(150_000);
		// A layer that begins is smaller than it will be, and may fit for a moment.
		await expect.poll(width, patience).toBe(160);
		expect(new Set(await watched(width))).toEqual(new Set([160]));
		expect(await arriving()).toBeGreaterThan(150_000);
	},
	LONG_MS,
);
