/**
 * From opening the socket to the first decoded frame in Chromium: an Odoo client in a channel, against a native one in a
 * room of the same edge and node. Code is loaded before the clock starts.
 */
import type { Browser } from "playwright-core";
import type * as Sfu from "../client/odoo/index.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { type OdooChannel, odooChannel } from "../test/support/odoo.ts";
import { Stack } from "../test/support/stack.ts";
import type { Figures } from "./lib/figures.ts";
import { blank, buildClient, CAPTURE, compareJoins, publishNative } from "./lib/native-page.ts";

const ROOM = "native";

async function joinOdoo(browser: Browser, stack: Stack, channel: OdooChannel, session: number): Promise<number> {
	const page = await blank(browser, stack.url);
	const ms = await page.evaluate(
		async ([url, token, channelUUID]) => {
			const path = "/odoo/odoo_sfu.js";
			const sfu = (await import(path)) as typeof Sfu;
			const video = document.body.appendChild(document.createElement("video"));
			video.autoplay = true;
			const began = performance.now();
			const frame = new Promise<void>((resolve) => video.requestVideoFrameCallback(() => resolve()));
			const client = new sfu.SfuClient();
			client.addEventListener("update", (event) => {
				const { name, payload } = (event as CustomEvent).detail;
				if (name === "track" && payload.track.kind === "video") video.srcObject = new MediaStream([payload.track]);
			});
			await client.connect(url, token, { channelUUID });
			await frame;
			const took = performance.now() - began;
			client.disconnect();
			return took;
		},
		[channel.url, channel.tokenFor(session), channel.uuid] as const,
	);
	await page.context().close();
	return ms;
}

export async function odoo(runs: number): Promise<Figures> {
	buildClient();
	const [stack, browser] = await Promise.all([Stack.start(), launchChromium()]);
	try {
		const channel = await odooChannel(stack.url, stack.authKey, "bench");
		await publishNative(browser, stack, ROOM);
		const there = await blank(browser, stack.url);
		await there.evaluate(
			async ([url, token, channelUUID, constraints]) => {
				const path = "/odoo/odoo_sfu.js";
				const sfu = (await import(path)) as typeof Sfu;
				const client = new sfu.SfuClient();
				const connected = new Promise<void>((resolve) => {
					client.addEventListener("stateChange", () => client.state === "connected" && resolve());
				});
				await client.connect(url, token, { channelUUID });
				await connected;
				const stream = await navigator.mediaDevices.getUserMedia(constraints);
				await client.updateUpload("camera", stream.getVideoTracks()[0] ?? null);
				await client.updateUpload("audio", stream.getAudioTracks()[0] ?? null);
			},
			[channel.url, channel.tokenFor(1), channel.uuid, CAPTURE] as const,
		);
		const join = (n: number) => joinOdoo(browser, stack, channel, n);
		return await compareJoins({ name: "odoo", bar: 1.15, stack, browser, room: ROOM, runs, join });
	} finally {
		await browser.close();
		await stack.stop();
	}
}
