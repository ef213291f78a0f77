/** Chromium on two nodes: simulcast, layer choice and key frames through the pipe between them. */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Room } from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";

declare const window: { room: Room; sdk: typeof import("../../client/sdk/index.ts") };

let stack: Stack;
let browser: Browser;

beforeAll(async () => {
	[stack, browser] = await Promise.all([Stack.start({ nodes: 0 }), launchChromium()]);
	await Promise.all([stack.addNode("eu-1", {}, "eu"), stack.addNode("us-1", {}, "us")]);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
});

async function enter(id: string, region: string, before?: () => void): Promise<Page> {
	const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
	if (before) await page.addInitScript(before);
	await page.goto(`${stack.url}/v1/health`);
	await page.addScriptTag({
		type: "module",
		content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;',
	});
	await page.waitForFunction(() => window.sdk !== undefined);
	await page.evaluate(
		async ([token, url]) => {
			window.room = await window.sdk.connect({ url, room: "span", token });
			window.room.on("trackSubscribed", (track) => {
				const element = track.attach();
				element.muted = true;
				Object.assign(element.style, { width: "1280px", height: "720px" });
				document.body.append(element);
			});
		},
		[await stack.tokenFor("span", id, {}, region), stack.url] as const,
	);
	return page;
}

const frameWidth = (page: Page) => page.evaluate(() => document.querySelector("video")?.videoWidth ?? 0);

describe("a camera watched from another node", () => {
	it("comes in the layer that is asked for, and only the layers that are watched are sent", async () => {
		const publisher = await enter("publisher", "eu");
		await publisher.evaluate(() => window.room.me.enableCamera({ width: 1280, height: 720 }));
		const viewer = await enter("viewer", "us");
		await viewer.waitForFunction(() => window.room.node?.id === "us-1");
		await expect.poll(() => frameWidth(viewer), { timeout: 20_000 }).toBe(1280);
		const choose = (quality: "low" | "high" | "auto") =>
			viewer.evaluate(
				(how) => window.room.participants.get("publisher")?.track("camera")?.track?.setQuality(how),
				quality,
			);
		const active = () =>
			publisher.evaluate(() => {
				const track = window.room.me.track("camera") as unknown as { producer: { rtpSender: RTCRtpSender } };
				return track.producer.rtpSender.getParameters().encodings.map((encoding) => encoding.active !== false);
			});
		await choose("low");
		await expect.poll(() => frameWidth(viewer), { timeout: 10_000 }).toBe(320);
		await expect.poll(active, { timeout: 10_000 }).toEqual([true, false, false]);
		await choose("auto");
		await expect.poll(active, { timeout: 10_000 }).toEqual([true, true, true]);
		await expect.poll(() => frameWidth(viewer), { timeout: 20_000 }).toBe(1280);
	});

	it("is shown to a browser that lets no certificate be chosen: its transports are connected by requests", async () => {
		const old = await enter("old", "us", () => {
			Object.assign(RTCPeerConnection, { generateCertificate: () => Promise.reject(new Error("not here")) });
			const Native = globalThis.WebSocket;
			globalThis.WebSocket = class extends Native {
				override send(data: string): void {
					if (data.includes('"connectTransport"')) Object.assign(window, { asked: true });
					super.send(data);
				}
			};
		});
		await expect.poll(() => frameWidth(old), { timeout: 10_000 }).toBeGreaterThan(0);
		expect(await old.evaluate(() => (window as unknown as { asked?: boolean }).asked)).toBe(true);
	});

	it("shows a newcomer there a frame at once, by a key frame asked for through the pipe", async () => {
		const late = await enter("late", "us");
		const began = performance.now();
		await expect.poll(() => frameWidth(late), { timeout: 10_000 }).toBeGreaterThan(0);
		// Chromium sends one by itself every 100 s or so.
		expect(performance.now() - began).toBeLessThan(5_000);
	});
});
