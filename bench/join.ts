/**
 * From opening the socket to the first decoded frame of somebody who was there before, in Chromium: a room at the edge
 * with its node, against a page that talks to mediasoup directly. Code is loaded before the clock starts.
 */
import { execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import type { Browser, Page } from "playwright-core";
import { cachedMediasoupWorker } from "../scripts/setup/mediasoup-worker.mjs";
import { launchChromium } from "../test/support/chromium.ts";
import { Stack } from "../test/support/stack.ts";
import { type Figures, percentile, showSpread, spread } from "./lib/figures.ts";

/** Joins per run and side. */
const JOINS = 10;

interface Join {
	/** To the first decoded frame, ms. */
	frameMs: number;
	/** What the client sent before it could start ICE, the socket's own upgrade included. */
	roundTrips: number;
}

async function blank(browser: Browser, url: string): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	await page.goto(url);
	return page;
}

async function joinRoom(browser: Browser, stack: Stack, id: string): Promise<Join> {
	const page = await blank(browser, `${stack.url}/v1/health`);
	const join = await page.evaluate(
		async ([token, url]) => {
			let sent = 1;
			let roundTrips = 0;
			const Native = globalThis.WebSocket;
			globalThis.WebSocket = class extends Native {
				constructor(address: string | URL, protocols?: string | string[]) {
					super(address, protocols);
					this.addEventListener("message", ({ data }) => {
						if (roundTrips === 0 && String(data).includes('"type":"endpoint"')) roundTrips = sent;
					});
				}
				override send(data: string): void {
					sent++;
					super.send(data);
				}
			};
			const path = "/sdk/switchyard.js";
			const sdk = (await import(path)) as typeof import("../client/sdk/index.ts");
			const video = document.body.appendChild(document.createElement("video"));
			video.autoplay = true;
			const began = performance.now();
			const frame = new Promise<void>((resolve) => video.requestVideoFrameCallback(() => resolve()));
			const room = await sdk.connect({ url, room: "join", token });
			room.on("trackSubscribed", (track) => track.kind === "video" && track.attach(video));
			for (const { tracks } of room.participants.values())
				for (const { track } of tracks.values()) track?.attach(video);
			await frame;
			const frameMs = performance.now() - began;
			await room.leave();
			return { frameMs, roundTrips };
		},
		[await stack.tokenFor("join", id), stack.url] as const,
	);
	await page.context().close();
	return join;
}

async function joinMinimal(browser: Browser, url: string): Promise<Join> {
	const page = await blank(browser, url);
	const frameMs = await page.evaluate(async () => {
		const path = "/page.js";
		const minimal = (await import(path)) as typeof import("./minimal-page.ts");
		const video = document.body.appendChild(document.createElement("video"));
		video.autoplay = true;
		const began = performance.now();
		const frame = new Promise<void>((resolve) => video.requestVideoFrameCallback(() => resolve()));
		video.srcObject = new MediaStream((await minimal.watch()).filter(({ kind }) => kind === "video"));
		await frame;
		return performance.now() - began;
	});
	await page.context().close();
	return { frameMs, roundTrips: 2 };
}

export async function join(runs: number): Promise<Figures> {
	execFileSync(process.execPath, ["scripts/build-client.ts"], { stdio: "ignore" });
	const [stack, browser] = await Promise.all([Stack.start(), launchChromium()]);
	const minimal = fork(new URL("./minimal-server.ts", import.meta.url), {
		env: { ...process.env, MEDIASOUP_WORKER_BIN: cachedMediasoupWorker() },
	});
	try {
		const [{ url }] = (await once(minimal, "message")) as [{ url: string }];
		const capture = { audio: true, video: { width: 640, height: 360 } };
		const there = await blank(browser, `${stack.url}/v1/health`);
		await there.evaluate(
			async ([token, edge, constraints]) => {
				const path = "/sdk/switchyard.js";
				const sdk = (await import(path)) as typeof import("../client/sdk/index.ts");
				const room = await sdk.connect({ url: edge, room: "join", token });
				const stream = await navigator.mediaDevices.getUserMedia(constraints);
				const [audio, video] = [stream.getAudioTracks()[0], stream.getVideoTracks()[0]];
				// One layer, as the minimal page sends it.
				if (video) await room.me.publish(video, { source: "camera", simulcast: false });
				if (audio) await room.me.publish(audio, { source: "audio" });
			},
			[await stack.tokenFor("join", "there"), stack.url, capture] as const,
		);
		const other = await blank(browser, url);
		await other.evaluate(async (constraints) => {
			const path = "/page.js";
			const page = (await import(path)) as typeof import("./minimal-page.ts");
			await page.publish((await navigator.mediaDevices.getUserMedia(constraints)).getTracks());
		}, capture);

		const sides: { minimal: Join[]; room: Join[] }[] = [];
		let n = 0;
		for (let run = 0; run <= runs; run++) {
			const side: (typeof sides)[number] = { minimal: [], room: [] };
			for (let i = 0; i < JOINS; i++) {
				side.minimal.push(await joinMinimal(browser, url));
				side.room.push(await joinRoom(browser, stack, `viewer-${n++}`));
			}
			// The first warms up both.
			if (run > 0) sides.push(side);
		}
		const p = (joins: Join[], share: number) =>
			percentile(
				joins.map(({ frameMs }) => frameMs),
				share,
			);
		const ratio = spread(sides.map((side) => p(side.room, 0.5) / p(side.minimal, 0.5)));
		const row = (name: string, pick: (side: (typeof sides)[number]) => Join[]) => [
			name,
			showSpread(spread(sides.map((side) => p(pick(side), 0.5))), 0),
			showSpread(spread(sides.map((side) => p(pick(side), 0.95))), 0),
			String(Math.max(...sides.flatMap((side) => pick(side).map(({ roundTrips }) => roundTrips)))),
		];
		const trips = Math.max(...sides.flatMap(({ room }) => room.map(({ roundTrips }) => roundTrips)));
		return {
			name: "join",
			what: `socket to first decoded frame in Chromium, ${JOINS} joins a run, one publisher there before, on loopback`,
			head: ["", "p50 ms (range)", "p95 ms (range)", "round trips before ICE"],
			rows: [
				row("minimal mediasoup page", (s) => s.minimal),
				row("switchyard", (s) => s.room),
				["ratio of p50", showSpread(ratio), "", ""],
			],
			json: { joins: JOINS, runs: sides, ratio },
			bars: [
				{ bar: "p50 at most 1.3 of the minimal page", value: ratio.median, held: ratio.median <= 1.3 },
				{ bar: "at most two round trips before ICE", value: trips, held: trips <= 2 },
			],
		};
	} finally {
		minimal.disconnect();
		await browser.close();
		await stack.stop();
	}
}
