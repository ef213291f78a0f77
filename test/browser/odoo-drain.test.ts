/** A drain under the Odoo client library in Chromium, which lets its media go on until the next connection has its own. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { SfuClient } from "../../client/odoo/sfu-client.ts";
import { launchChromium } from "../support/chromium.ts";
import { odooChannel } from "../support/odoo.ts";
import { decodes, enterChannel, updatesOf, upload } from "../support/odoo-page.ts";
import { Stack } from "../support/stack.ts";

interface Watched {
	/** The longest time between two frames of the other's camera, ms. */
	gap: number;
	/** Frames since the connection was found again. */
	fresh: number;
}
declare const window: { client: SfuClient; seen: { states: string[] }; watched: Watched };

/** Without what the library does the pause is two seconds and a half: its own before it dials again, and a new connection. */
const GAP_MS = 1_500;

let stack: Stack;
let browser: Browser;
beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());
// Its node is drained, so that each try needs one of its own.
beforeEach(async () => {
	stack = await Stack.start();
});
afterEach(async () => {
	await Promise.all(browser.contexts().map((context) => context.close()));
	await stack?.stop();
});

/** Sends its camera again whenever it is connected again, as an application does; and watches the other's. */
const live = (page: Page, other: number) =>
	page.evaluate(
		([id]) => {
			window.watched = { gap: 0, fresh: 0 };
			let last = 0;
			const watch = () => {
				const video = document.getElementById(id) as HTMLVideoElement | null;
				const frame = (now: number) => {
					if (last > 0) window.watched.gap = Math.max(window.watched.gap, now - last);
					last = now;
					const { states } = window.seen;
					if (states.at(-1) === "connected" && states.includes("recovering")) window.watched.fresh++;
					video?.requestVideoFrameCallback(frame);
				};
				video?.requestVideoFrameCallback(frame);
			};
			watch();
			window.client.addEventListener("update", (event) => {
				const { name, payload } = (event as CustomEvent).detail;
				if (name === "track" && `s${payload.sessionId}-${payload.type}` === id) watch();
			});
			window.client.addEventListener("stateChange", async (event) => {
				if ((event as CustomEvent).detail.state !== "connected") return;
				const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 } });
				await window.client.updateUpload("camera", stream.getVideoTracks()[0] ?? null);
			});
		},
		[`s${other}-camera`] as const,
	);

it("nobody sees more than a short pause of the other's picture, and hears that anybody left", async () => {
	const channel = await odooChannel(stack.url, stack.authKey, "https://odoo.example:channel:drain", randomUUID());
	const [one, two] = [
		await enterChannel(browser, stack.url, channel, 1),
		await enterChannel(browser, stack.url, channel, 2),
	];
	await Promise.all([upload(one, ["camera"]), upload(two, ["camera"])]);
	await Promise.all([decodes(one, 2, "camera"), decodes(two, 1, "camera")]);
	await one.evaluate(() => window.client.updateInfo({ isSelfMuted: true }));
	await Promise.all([live(one, 2), live(two, 1)]);

	await stack.addNode("node-2");
	await stack.rest("/v1/nodes/node-1/drain", { method: "POST", body: JSON.stringify({ deadlineSeconds: 17 }) });
	const pages = [one, two];
	await Promise.all(pages.map((page) => page.waitForFunction(() => window.watched.fresh > 60)));
	for (const page of pages) {
		expect(await page.evaluate(() => window.seen.states)).toEqual([
			...["connecting", "authenticated", "connected", "recovering"],
			...["connecting", "authenticated", "connected"],
		]);
		expect(await updatesOf(page, "disconnect")).toEqual([]);
		const { gap } = await page.evaluate(() => window.watched);
		expect(gap).toBeLessThan(GAP_MS);
	}
	await two.evaluate(() => window.client.updateInfo({}, { needRefresh: true }));
	const muted = { 1: { isSelfMuted: true, isCameraOn: true } };
	await expect.poll(async () => (await updatesOf(two, "info_change")).at(-1)).toEqual(muted);
});
