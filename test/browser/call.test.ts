/** Three people in Chromium on the demo page, over the real edge and a real node: what users see is what is checked. */
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type { Room } from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";

declare const window: { switchyard?: { room: Room }; sockets: WebSocket[]; heard: unknown[] };

let stack: Stack;
let browser: Browser;
let pages: [Page, Page, Page];
const names = ["Ada", "Bo", "Cy"] as const;
const failures: string[] = [];

async function open(name: string, room = "test"): Promise<Page> {
	const context = await browser.newContext({
		viewport: { width: 1280, height: 800 },
		permissions: ["clipboard-write"],
	});
	const page = await context.newPage();
	page.on("pageerror", (error) => failures.push(`${name}: ${error.message}`));
	// Only so that a test can break a socket as a network would.
	await page.addInitScript(() => {
		window.sockets = [];
		window.heard = [];
		const Native = globalThis.WebSocket;
		globalThis.WebSocket = class extends Native {
			constructor(url: string | URL, protocols?: string | string[]) {
				super(url, protocols);
				window.sockets.push(this);
			}
		};
	});
	await page.goto(`${stack.url}/?room=${room}&name=${name}&autojoin=1`);
	await page.waitForFunction(() => window.switchyard !== undefined);
	return page;
}

/** The id of a participant as the others know it. */
const idOf = (page: Page) => page.evaluate(() => window.switchyard?.room.me.id ?? "");

/** Resolves when a page has decoded two new frames of a participant's video. */
async function decodes(page: Page, participant: string, source = "camera"): Promise<void> {
	const selector = `video[data-participant="${participant}"][data-source="${source}"]`;
	await page.waitForFunction((which) => {
		const video = document.querySelector<HTMLVideoElement>(which);
		return video !== null && !video.hidden && video.videoWidth > 0;
	}, selector);
	const frames = await page.evaluate(async (which) => {
		const video = document.querySelector<HTMLVideoElement>(which);
		if (!video) return [];
		const next = () =>
			new Promise<number>((resolve) =>
				video.requestVideoFrameCallback((_, { rtpTimestamp }) => resolve(rtpTimestamp ?? 0)),
			);
		return [await next(), await next()];
	}, selector);
	expect(frames[1]).not.toBe(frames[0]);
}

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		failures.length = 0;
		stack = await Stack.start();
		pages = (await Promise.all(names.map((name) => open(name)))) as [Page, Page, Page];
	},
	async end() {
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

describe("three people", () => {
	step("see frames of each other", async () => {
		const ids = await Promise.all(pages.map(idOf));
		await Promise.all(pages.flatMap((page, i) => ids.filter((_, j) => j !== i).map((id) => decodes(page, id))));
	});

	step("hear each other: who speaks is outlined", async () => {
		const id = await idOf(pages[0]);
		await pages[1].waitForSelector(`[data-tile="${id}"].speaking`);
	});

	step("see who is muted, and that a camera is off", async () => {
		const id = await idOf(pages[0]);
		const tile = `[data-tile="${id}"][data-source="camera"]`;
		await pages[0].click("#toggle-mic");
		await pages[1].waitForSelector(`${tile} .tile-muted:not([hidden])`);
		await pages[0].click("#toggle-camera");
		await pages[1].waitForSelector(`${tile} video[hidden]`, { state: "attached" });
		await pages[0].click("#toggle-mic");
		await pages[0].click("#toggle-camera");
		await pages[2].waitForSelector(`${tile} .tile-muted[hidden]`, { state: "attached" });
		await decodes(pages[1], id);
	});

	step("get the layer that their tile calls for, seen in the size of its frames", async () => {
		const id = await idOf(pages[0]);
		const width = (least: number, most: number) =>
			pages[1].waitForFunction(
				([who, from, to]) => {
					const video = document.querySelector<HTMLVideoElement>(`video[data-participant="${who}"]`);
					return video !== null && video.videoWidth >= from && video.videoWidth <= to;
				},
				[id, least, most] as const,
			);
		const choose = (value: string) => pages[1].selectOption(`[data-tile="${id}"] select`, value, { force: true });
		await choose("low");
		await width(1, 320);
		await choose("auto");
		await width(600, 1280);
	});

	step("send no layer that nobody watches, and nothing that nobody does", async () => {
		const [ada, bo, cy] = pages;
		const active = () =>
			bo.evaluate(() => {
				const track = window.switchyard?.room.me.track("camera") as unknown as {
					producer: { rtpSender: RTCRtpSender };
				};
				return track.producer.rtpSender.getParameters().encodings.map((encoding) => encoding.active !== false);
			});
		const id = await idOf(bo);
		const ask = (page: Page, quality: "low" | "auto" | "paused") =>
			page.evaluate(
				([whose, how]) => {
					const track = window.switchyard?.room.participants.get(whose)?.track("camera")?.track;
					if (how === "paused") track?.pause();
					else {
						track?.resume();
						track?.setQuality(how);
					}
				},
				[id, quality] as const,
			);
		for (const page of [ada, cy]) await ask(page, "low");
		await expect.poll(active, { timeout: 10_000 }).toEqual([true, false, false]);
		for (const page of [ada, cy]) await ask(page, "paused");
		await expect.poll(active, { timeout: 10_000 }).toEqual([false, false, false]);
		for (const page of [ada, cy]) await ask(page, "auto");
		await decodes(ada, id);
		await decodes(cy, id);
	});

	step("chat, to all and in order", async () => {
		await pages[0].click("#open-chat");
		for (const text of ["one", "two", "three"]) {
			await pages[0].fill(".composer input", text);
			await pages[0].keyboard.press("Enter");
		}
		await pages[2].waitForSelector("#open-chat .dot:not([hidden])");
		await pages[2].click("#open-chat");
		await pages[2].waitForFunction(() => document.querySelectorAll(".messages p").length >= 3);
		expect(await pages[2].locator(".messages p").allTextContents()).toEqual(["one", "two", "three"]);
		await Promise.all([pages[0].click("#open-chat"), pages[2].click("#open-chat")]);
	});

	step("send data over SCTP to whoever has the channel", async () => {
		await pages[1].evaluate(() => {
			window.switchyard?.room.on("channel", (channel) => {
				// SCTP carries to those who are connected to a channel, and keeps nothing for the others.
				if (channel.state === "open") window.heard.push(channel.label);
				else channel.on("open", () => window.heard.push(channel.label));
				channel.on("message", (data) => window.heard.push(data));
			});
		});
		const channel = await pages[0].evaluateHandle(() =>
			window.switchyard?.room.openChannel("positions", { ordered: false }),
		);
		await pages[1].waitForFunction(() => window.heard.includes("positions"));
		await channel.evaluate((it) => it?.send("here"));
		await pages[1].waitForFunction(() => window.heard.includes("here"));
	});

	step("see a shared screen beside the people", async () => {
		const id = await idOf(pages[1]);
		// A headless browser has no screen to share: a drawn one takes its place, published as the button would.
		await pages[1].evaluate(async () => {
			const canvas = document.createElement("canvas");
			Object.assign(canvas, { width: 1600, height: 900 });
			const context = canvas.getContext("2d");
			setInterval(() => {
				if (context) context.fillStyle = `hsl(${performance.now() % 360} 60% 50%)`;
				context?.fillRect(0, 0, 1600, 900);
			}, 50);
			const [track] = canvas.captureStream(20).getVideoTracks();
			if (track) await window.switchyard?.room.me.publish(track, { source: "screen" });
		});
		await decodes(pages[0], id, "screen");
		expect(await pages[0].locator(".grid.staged .stage .tile-screen").count()).toBe(1);
		await pages[1].click("#toggle-screen");
		await pages[0].waitForSelector(".tile-screen", { state: "detached" });
	});
});

describe("a page", () => {
	step("whose socket drops resumes, with its media untouched and nothing lost or doubled", async () => {
		const [ada, bo] = pages;
		const id = await idOf(bo);
		await bo.evaluate(() => {
			window.heard = [];
			window.switchyard?.room.on("message", ({ topic, payload }) => topic === "count" && window.heard.push(payload));
		});
		const before = await bo.evaluate(() => window.sockets.length);
		await bo.evaluate(() => window.sockets.at(-1)?.close(3001));
		for (let i = 0; i < 20; i++) await ada.evaluate((n) => window.switchyard?.room.send(n, { topic: "count" }), i);
		await bo.waitForFunction(() => window.heard.length >= 20);
		expect(await bo.evaluate(() => window.heard)).toEqual(Array.from({ length: 20 }, (_, i) => i));
		expect(await bo.evaluate(() => window.sockets.length)).toBe(before + 1);
		await decodes(ada, id);
		await decodes(bo, await idOf(ada));
	});

	step("that is reloaded is the same person, once", async () => {
		const [ada, bo, cy] = pages;
		const id = await idOf(cy);
		await cy.reload();
		await cy.fill("#name", "Cy");
		await cy.click("#join");
		await cy.waitForFunction(() => window.switchyard !== undefined);
		expect(await idOf(cy)).toBe(id);
		await Promise.all([decodes(ada, id), decodes(bo, id), decodes(cy, await idOf(ada))]);
		expect(await ada.locator("article.tile").count()).toBe(3);
	});

	step("that leaves is gone from the others at once, and back in the lobby", async () => {
		const [ada, , cy] = pages;
		const id = await idOf(cy);
		await cy.click("#leave");
		await cy.waitForSelector("#join");
		await ada.waitForSelector(`[data-tile="${id}"]`, { state: "detached", timeout: 5_000 });
	});
});

describe("a call", () => {
	step("goes on when the node's media worker is killed", async () => {
		const [ada, bo] = pages;
		const [node] = stack.nodes;
		execFileSync("pkill", ["-9", "-P", String(node?.process.pid), "-f", "mediasoup-worker"]);
		await ada.waitForFunction(() => window.switchyard?.room.mediaState !== "connected");
		await Promise.all([decodes(ada, await idOf(bo)), decodes(bo, await idOf(ada))]);
	});

	step("goes on when the node is killed and another takes over", async () => {
		const [ada, bo] = pages;
		await stack.nodes[0]?.kill("SIGKILL");
		await stack.addNode("node-2");
		await ada.waitForFunction(() => window.switchyard?.room.node?.id === "node-2");
		await Promise.all([decodes(ada, await idOf(bo)), decodes(bo, await idOf(ada))]);
	});

	step("moves to another node without anybody seeing it", async () => {
		const [ada, bo] = pages;
		const other = await idOf(bo);
		await stack.addNode("node-3");
		// The longest time between two frames of Bo, and the events of a side that is lost.
		await ada.evaluate((id) => {
			const watch = { longest: 0, disconnected: 0, last: performance.now() };
			Object.assign(window, { watch });
			const video = document.querySelector<HTMLVideoElement>(`video[data-participant="${id}"][data-source="camera"]`);
			const next = () =>
				video?.requestVideoFrameCallback((now) => {
					watch.longest = Math.max(watch.longest, now - watch.last);
					watch.last = now;
					next();
				});
			next();
			window.switchyard?.room.on("mediaStateChanged", (state) => {
				if (state === "disconnected") watch.disconnected++;
			});
		}, other);
		expect((await stack.rest("/v1/nodes/node-2/drain", { method: "POST", body: "{}" })).status).toBe(200);
		for (const page of [ada, bo]) await page.waitForFunction(() => window.switchyard?.room.node?.id === "node-3");
		const served = async () =>
			(await (await fetch(`${stack.nodes.find(({ id }) => id === "node-2")?.http}/rooms`)).json()) as {
				room: string;
			}[];
		await expect.poll(async () => (await served()).length, { timeout: 15_000 }).toBe(0);
		await Promise.all([decodes(ada, other), decodes(bo, await idOf(ada))]);
		const watch = await ada.evaluate(
			() => (window as unknown as { watch: { longest: number; disconnected: number } }).watch,
		);
		expect(watch.disconnected).toBe(0);
		expect(watch.longest).toBeLessThan(1_000);
	});

	step("made no page fail", () => {
		expect(failures).toEqual([]);
	});
});
