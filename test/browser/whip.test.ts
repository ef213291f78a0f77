/** WHIP and WHEP in Chromium, on a real edge and a real node: others' client libraries, and pages without any. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";
import {
	publishWithLibrary,
	restartIce,
	StreamPages,
	seen,
	strangeOffer,
	type Target,
	watchByAnswering,
	watchWithLibrary,
} from "../support/stream-page.ts";

let stack: Stack;
let browser: Browser;
let pages: StreamPages;
const open: Page[] = [];

beforeAll(async () => {
	[stack, browser] = await Promise.all([Stack.start({ vars: { ALLOWED_ORIGINS: "*" } }), launchChromium()]);
	pages = await StreamPages.start(browser);
});
afterAll(async () => {
	pages?.close();
	await browser?.close();
	await stack?.stop();
});
afterEach(async () => {
	await Promise.all(open.splice(0).map((page) => page.close()));
});

const newRoom = () => `stream-${randomUUID().slice(0, 8)}`;

async function newPage(): Promise<Page> {
	const page = await pages.open();
	open.push(page);
	page.on("pageerror", (error) => console.log(`page: ${error.message}`));
	return page;
}

async function target(room: string, protocol: "whip" | "whep", identity: string, query = ""): Promise<Target> {
	return { url: `${stack.url}/v1/rooms/${room}/${protocol}${query}`, token: await stack.tokenFor(room, identity) };
}

async function participants(room: string): Promise<string[]> {
	const response = await stack.rest(`/v1/rooms/${room}/participants`);
	return ((await response.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
}

/** More comes than there was. */
async function goesOn(page: Page, what: { frames?: number; packets?: number } = { frames: 10, packets: 20 }) {
	const before = await page.evaluate(seen);
	await expect
		.poll(
			async () => {
				const now = await page.evaluate(seen);
				return {
					frames: now.frames - before.frames >= (what.frames ?? 0),
					packets: now.packets - before.packets >= (what.packets ?? 0),
				};
			},
			{ timeout: 20_000 },
		)
		.toEqual({ frames: true, packets: true });
	return page.evaluate(seen);
}

describe("the library of the protocols' author", () => {
	it("publishes and watches", async () => {
		const room = newRoom();
		const [sender, viewer] = [await newPage(), await newPage()];
		await sender.evaluate(publishWithLibrary, await target(room, "whip", "obs"));
		await viewer.evaluate(watchWithLibrary, await target(room, "whep", "ann"));
		const { width } = await goesOn(viewer);
		expect(width).toBe(640);
		expect(
			await viewer.evaluate(() => {
				const video = document.querySelector("video")?.srcObject as MediaStream;
				return [
					video.id,
					video
						.getTracks()
						.map(({ kind }) => kind)
						.sort(),
				];
			}),
		).toEqual([room, ["audio", "video"]]);
		await sender.evaluate(() => window.client.stop());
		expect(await participants(room)).toEqual(["ann"]);
		await viewer.evaluate(() => window.client.stop());
		expect(await participants(room)).toEqual([]);
	});

	it.each(["video/VP8", "video/VP9", "video/H264", "video/AV1"])(
		"%s is watched by one offer and its answer",
		async (codec) => {
			const room = newRoom();
			const [sender, viewer] = [await newPage(), await newPage()];
			await sender.evaluate(publishWithLibrary, { ...(await target(room, "whip", "obs")), codec });
			const statuses: number[] = [];
			viewer.on("response", (response) => {
				if (response.request().method() === "POST") statuses.push(response.status());
			});
			await viewer.evaluate(watchWithLibrary, await target(room, "whep", "ann"));
			await goesOn(viewer);
			expect(statuses[0]).toBe(201);
			const decoded = await viewer.evaluate(async () => {
				const stats = await window.pc.getStats();
				const video = [...stats.values()].find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
				return stats.get(video?.codecId)?.mimeType;
			});
			expect(decoded).toBe(codec);
		},
	);

	it("goes on watching when the publisher comes back, and when another one comes", async () => {
		const room = newRoom();
		const [first, second, viewer] = [await newPage(), await newPage(), await newPage()];
		await first.evaluate(publishWithLibrary, await target(room, "whip", "obs"));
		await viewer.evaluate(watchWithLibrary, await target(room, "whep", "ann"));
		await goesOn(viewer);
		await first.evaluate(() => window.client.stop());
		await first.evaluate(publishWithLibrary, await target(room, "whip", "obs"));
		await goesOn(viewer);
		await first.evaluate(() => window.client.stop());
		await second.evaluate(publishWithLibrary, await target(room, "whip", "other"));
		await goesOn(viewer);
	});

	it("chooses a layer of a simulcast", async () => {
		const room = newRoom();
		const [sender, viewer] = [await newPage(), await newPage()];
		const obs = await target(room, "whip", "obs");
		await sender.evaluate(publishWithLibrary, { ...obs, rids: ["low", "high"] });
		await viewer.evaluate(watchWithLibrary, await target(room, "whep", "ann"));
		const width = () => viewer.evaluate(seen).then((it) => it.width);
		await viewer.evaluate(() =>
			(window.client as InstanceType<Window["lib"]["WHEPClient"]>).selectLayer({ rid: "low" }),
		);
		await expect.poll(width, { timeout: 15_000 }).toBe(320);
		await viewer.evaluate(() => (window.client as InstanceType<Window["lib"]["WHEPClient"]>).unselectLayer());
		await expect.poll(width, { timeout: 15_000 }).toBe(640);
	});
});

describe("Eyevinn's encoder and player", () => {
	it("publish and watch", async () => {
		const room = newRoom();
		const [sender, viewer] = [await newPage(), await newPage()];
		await sender.evaluate(
			async ({ url, token }) => {
				const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
				window.encoder = new window.lib.EyevinnWhip({ endpoint: url, opts: { authkey: token, iceServers: [] } });
				await window.encoder.ingest(stream);
			},
			await target(room, "whip", "obs"),
		);
		await expect.poll(() => participants(room)).toEqual(["obs"]);
		await viewer.evaluate(
			async ({ url, token }) => {
				const video = document.createElement("video");
				Object.assign(video, { autoplay: true, muted: true });
				document.body.append(video);
				window.player = new window.lib.EyevinnPlayer({ video, type: "whep", iceServers: [] });
				await window.player.load(new URL(url), `Bearer ${token}`);
			},
			await target(room, "whep", "ann"),
		);
		await viewer.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
		await viewer.evaluate(() => window.player.unload());
		await sender.evaluate(() => window.encoder.destroy());
		await expect.poll(() => participants(room)).toEqual([]);
	});
});

describe("a page with nothing but fetch", () => {
	it("restarts ICE, and goes on", async () => {
		const room = newRoom();
		const [sender, viewer] = [await newPage(), await newPage()];
		const obs = await target(room, "whip", "obs");
		await sender.evaluate(publishWithLibrary, obs);
		const ann = await target(room, "whep", "ann");
		await viewer.evaluate(watchWithLibrary, ann);
		await goesOn(viewer);
		expect(await sender.evaluate(restartIce, obs.token)).toBe(200);
		expect(await viewer.evaluate(restartIce, ann.token)).toBe(200);
		await goesOn(viewer, { frames: 30, packets: 50 });
	});

	it("watches by answering the node, with numbers of its own or none", async () => {
		const room = newRoom();
		const [sender, viewer, other] = [await newPage(), await newPage(), await newPage()];
		await sender.evaluate(publishWithLibrary, await target(room, "whip", "obs"));
		const offer = await viewer.evaluate(strangeOffer);
		expect(await viewer.evaluate(watchByAnswering, { ...(await target(room, "whep", "ann")), offer })).toBe(406);
		await goesOn(viewer);
		expect(await other.evaluate(watchByAnswering, { ...(await target(room, "whep", "ben")), offer: "" })).toBe(201);
		await goesOn(other);
	});
});
