/**
 * From opening the socket to the first decoded frame in Chromium: an Odoo client in a channel, against a native one in a
 * room of the same edge and node. Code is loaded before the clock starts.
 */
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import type * as Sfu from "../client/odoo/index.ts";
import type * as Sdk from "../client/sdk/index.ts";
import { launchChromium } from "../test/support/chromium.ts";
import { type OdooChannel, odooChannel } from "../test/support/odoo.ts";
import { Stack } from "../test/support/stack.ts";
import { type Figures, percentile, showSpread, spread } from "./lib/figures.ts";

/** Joins per run and side. */
const JOINS = 10;
const CAPTURE = { audio: true, video: { width: 640, height: 360 } };

async function blank(browser: Browser, url: string): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	await page.goto(`${url}/v1/health`);
	return page;
}

async function joinNative(browser: Browser, stack: Stack, id: string): Promise<number> {
	const page = await blank(browser, stack.url);
	const ms = await page.evaluate(
		async ([token, url]) => {
			const path = "/sdk/switchyard.js";
			const sdk = (await import(path)) as typeof Sdk;
			const video = document.body.appendChild(document.createElement("video"));
			video.autoplay = true;
			const began = performance.now();
			const frame = new Promise<void>((resolve) => video.requestVideoFrameCallback(() => resolve()));
			const room = await sdk.connect({ url, room: "native", token });
			room.on("trackSubscribed", (track) => track.kind === "video" && track.attach(video));
			for (const { tracks } of room.participants.values())
				for (const { track } of tracks.values()) track?.attach(video);
			await frame;
			const took = performance.now() - began;
			await room.leave();
			return took;
		},
		[await stack.tokenFor("native", id), stack.url] as const,
	);
	await page.context().close();
	return ms;
}

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
	execFileSync(process.execPath, ["scripts/build-client.ts"], { stdio: "ignore" });
	const [stack, browser] = await Promise.all([Stack.start(), launchChromium()]);
	try {
		const channel = await odooChannel(stack.url, stack.authKey, "bench");
		const native = await blank(browser, stack.url);
		await native.evaluate(
			async ([token, url, constraints]) => {
				const path = "/sdk/switchyard.js";
				const sdk = (await import(path)) as typeof Sdk;
				const room = await sdk.connect({ url, room: "native", token });
				const stream = await navigator.mediaDevices.getUserMedia(constraints);
				const [video, audio] = [stream.getVideoTracks()[0], stream.getAudioTracks()[0]];
				if (video) await room.me.publish(video, { source: "camera" });
				if (audio) await room.me.publish(audio, { source: "audio" });
			},
			[await stack.tokenFor("native", "there"), stack.url, CAPTURE] as const,
		);
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
		const sides: { native: number[]; odoo: number[] }[] = [];
		let n = 1;
		for (let run = 0; run <= runs; run++) {
			const side: (typeof sides)[number] = { native: [], odoo: [] };
			for (let i = 0; i < JOINS; i++) {
				side.native.push(await joinNative(browser, stack, `viewer-${++n}`));
				side.odoo.push(await joinOdoo(browser, stack, channel, n));
			}
			// The first warms up both.
			if (run > 0) sides.push(side);
		}
		const ratio = spread(sides.map((side) => percentile(side.odoo, 0.5) / percentile(side.native, 0.5)));
		const row = (name: string, pick: (side: (typeof sides)[number]) => number[]) => [
			name,
			showSpread(spread(sides.map((side) => percentile(pick(side), 0.5))), 0),
			showSpread(spread(sides.map((side) => percentile(pick(side), 0.95))), 0),
		];
		return {
			name: "odoo",
			what: `socket to first decoded frame in Chromium, ${JOINS} joins a run, one publisher there before, on loopback`,
			head: ["", "p50 ms (range)", "p95 ms (range)"],
			rows: [row("native", (s) => s.native), row("odoo", (s) => s.odoo), ["ratio of p50", showSpread(ratio), ""]],
			json: { joins: JOINS, runs: sides, ratio },
			bars: [{ bar: "p50 at most 1.15 of native", value: ratio.median, held: ratio.median <= 1.15 }],
		};
	} finally {
		await browser.close();
		await stack.stop();
	}
}
