/** Native participants in Chromium, as the baseline of clients that speak other protocols. Code is loaded before the clock starts. */
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import type * as Sdk from "../../client/sdk/index.ts";
import type { Stack } from "../../test/support/stack.ts";
import { type Figures, percentile, showSpread, spread } from "./figures.ts";

/** Joins per run and side. */
const JOINS = 10;
export const CAPTURE = { audio: true, video: { width: 640, height: 360 } };

export function buildClient(): void {
	execFileSync(process.execPath, ["scripts/build-client.ts"], { stdio: "ignore" });
}

export async function blank(browser: Browser, url: string): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	await page.goto(`${url}/v1/health`);
	return page;
}

/** Somebody who publishes camera and microphone, and stays. */
export async function publishNative(browser: Browser, stack: Stack, room: string): Promise<void> {
	const page = await blank(browser, stack.url);
	await page.evaluate(
		async ([token, url, name, constraints]) => {
			const path = "/sdk/switchyard.js";
			const sdk = (await import(path)) as typeof Sdk;
			const joined = await sdk.connect({ url, room: name, token });
			const stream = await navigator.mediaDevices.getUserMedia(constraints);
			const [video, audio] = [stream.getVideoTracks()[0], stream.getAudioTracks()[0]];
			if (video) await joined.me.publish(video, { source: "camera" });
			if (audio) await joined.me.publish(audio, { source: "audio" });
		},
		[await stack.tokenFor(room, "there"), stack.url, room, CAPTURE] as const,
	);
}

/** From opening the socket to the first decoded frame, ms. */
async function joinNative(browser: Browser, stack: Stack, room: string, id: string): Promise<number> {
	const page = await blank(browser, stack.url);
	const ms = await page.evaluate(
		async ([token, url, name]) => {
			const path = "/sdk/switchyard.js";
			const sdk = (await import(path)) as typeof Sdk;
			const video = document.body.appendChild(document.createElement("video"));
			video.autoplay = true;
			const began = performance.now();
			const frame = new Promise<void>((resolve) => video.requestVideoFrameCallback(() => resolve()));
			const joined = await sdk.connect({ url, room: name, token });
			joined.on("trackSubscribed", (track) => track.kind === "video" && track.attach(video));
			for (const { tracks } of joined.participants.values())
				for (const { track } of tracks.values()) track?.attach(video);
			await frame;
			const took = performance.now() - began;
			await joined.leave();
			return took;
		},
		[await stack.tokenFor(room, id), stack.url, room] as const,
	);
	await page.context().close();
	return ms;
}

export interface Comparison {
	name: string;
	/** The most that the median may be of native's. */
	bar: number;
	stack: Stack;
	browser: Browser;
	/** The room with the native publisher. */
	room: string;
	runs: number;
	/** One join of the other protocol, ms. */
	join(n: number): Promise<number>;
}

/** Joins of both, in turns. */
export async function compareJoins({ name, bar, stack, browser, room, runs, join }: Comparison): Promise<Figures> {
	const sides: { native: number[]; other: number[] }[] = [];
	let n = 1;
	for (let run = 0; run <= runs; run++) {
		const side: (typeof sides)[number] = { native: [], other: [] };
		for (let i = 0; i < JOINS; i++) {
			side.native.push(await joinNative(browser, stack, room, `viewer-${++n}`));
			side.other.push(await join(n));
		}
		// The first warms up both.
		if (run > 0) sides.push(side);
	}
	const ratio = spread(sides.map((side) => percentile(side.other, 0.5) / percentile(side.native, 0.5)));
	const row = (of: string, pick: (side: (typeof sides)[number]) => number[]) => [
		of,
		showSpread(spread(sides.map((side) => percentile(pick(side), 0.5))), 0),
		showSpread(spread(sides.map((side) => percentile(pick(side), 0.95))), 0),
	];
	return {
		name,
		what: `socket to first decoded frame in Chromium, ${JOINS} joins a run, one publisher there before, on loopback`,
		head: ["", "p50 ms (range)", "p95 ms (range)"],
		rows: [row("native", (s) => s.native), row(name, (s) => s.other), ["ratio of p50", showSpread(ratio), ""]],
		json: { joins: JOINS, runs: sides, ratio },
		bars: [{ bar: `p50 at most ${bar} of native`, value: ratio.median, held: ratio.median <= bar }],
	};
}
