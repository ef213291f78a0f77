/**
 * People who talk directly, in Chromium: two without any media node, then a third with one, then two again. What they
 * see meanwhile is what is checked.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type * as Sdk from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";

interface Watch {
	/** Between two frames, ms. */
	longest: number;
	last: number;
}
declare const window: {
	sdk: typeof Sdk;
	room: Sdk.Room;
	watches: Record<string, Watch>;
	channel: Sdk.DataChannel;
	heard: unknown[];
	states: string[];
	sockets: WebSocket[];
};

let stack: Stack;
let browser: Browser;
const failures: string[] = [];

/** A page in the room, with camera and microphone published and everything that comes shown in elements. */
async function open(name: string, room: string, prepare = () => {}): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	await page.addInitScript(prepare);
	page.on("pageerror", (error) => failures.push(`${name}: ${error.message}`));
	// Only so that a test can break a socket as a network would.
	await page.addInitScript(() => {
		window.sockets = [];
		const Native = globalThis.WebSocket;
		globalThis.WebSocket = class extends Native {
			constructor(url: string | URL, protocols?: string | string[]) {
				super(url, protocols);
				window.sockets.push(this);
			}
		};
	});
	await page.goto(`${stack.url}/docs/api/`);
	await page.addScriptTag({
		type: "module",
		content: 'import * as sdk from "/sdk/switchyard.js"; window.sdk = sdk;',
	});
	await page.waitForFunction(() => window.sdk !== undefined);
	const token = await stack.tokenFor(room, name);
	await page.evaluate(
		async ([room, token]) => {
			document.body.replaceChildren();
			Object.assign(window, { watches: {}, heard: [], states: [] });
			window.room = await window.sdk.connect({ url: location.origin, room, token });
			const watch = (video: HTMLVideoElement, of: Watch) => {
				const next = () =>
					video.requestVideoFrameCallback((now) => {
						of.longest = Math.max(of.longest, now - of.last);
						of.last = now;
						next();
					});
				next();
			};
			window.room.on("trackSubscribed", (track, { id }) => {
				const element = track.attach();
				element.muted = true;
				element.style.width = "320px";
				// In view: what nobody sees is not sent by a node.
				document.body.prepend(element);
				if (track.source !== "camera") return;
				const of = { longest: 0, last: performance.now() };
				window.watches[id] = of;
				watch(element as HTMLVideoElement, of);
			});
			window.room.on("mediaStateChanged", (state) => window.states.push(state));
			window.room.on("channel", (channel) => channel.on("message", (data) => window.heard.push(data)));
			// Small: three browsers encode everything twice for a moment, on whatever cores there are.
			await Promise.all([
				window.room.me.enableCamera({ width: 320, height: 240, frameRate: 15 }),
				window.room.me.enableMicrophone(),
			]);
		},
		[room, token] as const,
	);
	return page;
}

/** Resolves when a page has decoded another frame of somebody's camera, since now. */
async function decodes(page: Page, participant: string): Promise<void> {
	const since = await page.evaluate(() => performance.now());
	await page.waitForFunction(([id, at]) => (window.watches[id]?.last ?? 0) > at, [participant, since] as const);
}

const topology = (page: Page, is: string) => page.waitForFunction((it) => window.room.topology === it, is);
const restartWatch = (page: Page) =>
	page.evaluate(() => {
		for (const watch of Object.values(window.watches)) watch.longest = 0;
	});
const longest = (page: Page, id: string) => page.evaluate((it) => window.watches[it]?.longest ?? Infinity, id);

/** What the room has on the node. */
async function served(): Promise<unknown[]> {
	return (await fetch(`${stack.nodes[0]?.http}/rooms`)).json() as Promise<unknown[]>;
}

beforeAll(async () => {
	browser = await launchChromium();
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		failures.length = 0;
		stack = await Stack.start({ nodes: 0, vars: { DEFAULT_TOPOLOGY: "auto" } });
		const body = JSON.stringify({ name: "mesh", settings: { topology: "mesh" } });
		expect((await stack.rest("/v1/rooms", { method: "POST", body })).status).toBe(201);
	},
	async end() {
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

describe("an auto room", () => {
	let ada: Page;
	let bo: Page;
	let cy: Page;

	/** On the channel that was opened first, whatever way it takes. */
	const carriesData = (text: string) =>
		expect
			.poll(async () => {
				// Who is not connected to a channel yet misses what is sent: again, until it is heard.
				await ada.evaluate((it) => window.channel.send(it), text);
				return bo.evaluate((it) => window.heard.includes(it), text);
			})
			.toBe(true);

	step("of two has them talk directly, with no media node anywhere", async () => {
		[ada, bo] = await Promise.all([open("ada", "auto"), open("bo", "auto")]);
		await Promise.all([decodes(ada, "bo"), decodes(bo, "ada")]);
		for (const [page, other] of [[ada, "bo"] as const, [bo, "ada"] as const]) {
			const { connections } = await page.evaluate(() => window.room.stats());
			expect(connections).toMatchObject([{ participant: other, protocol: "udp" }]);
			for (const type of [connections[0]?.local, connections[0]?.remote]) expect(["host", "prflx"]).toContain(type);
			// The browser counts a track from its first packet on: sound comes a moment after the picture, or before.
			const flows = async () => {
				const { tracks } = await page.evaluate(() => window.room.stats());
				return tracks.map(({ direction, source }) => `${direction} ${source}`).sort();
			};
			await expect.poll(flows).toEqual(["recv audio", "recv camera", "send audio", "send camera"]);
			expect(await page.evaluate(() => [window.room.node, window.room.mediaState])).toEqual([undefined, "connected"]);
		}
	});

	step("mutes, unmutes, and carries data", async () => {
		await ada.evaluate(() => window.room.me.track("camera")?.mute());
		await bo.waitForFunction(() => window.room.participants.get("ada")?.track("camera")?.muted);
		await ada.evaluate(() => window.room.me.track("camera")?.unmute());
		await decodes(bo, "ada");
		await ada.evaluate(() => {
			window.channel = window.room.openChannel("positions", { ordered: false });
			window.channel.send("here");
		});
		await bo.waitForFunction(() => window.heard.includes("here"));
	});

	step("goes on when a socket drops, and with what was published meanwhile", async () => {
		const state = ada.evaluate(
			() =>
				new Promise((resolve) => {
					const end = window.room.on("stateChanged", (state) => {
						if (state !== "connected") return;
						end();
						resolve(state);
					});
				}),
		);
		await ada.evaluate(() => window.sockets.at(-1)?.close(3001));
		await bo.evaluate(async () => {
			const [track] = document.createElement("canvas").captureStream(5).getVideoTracks();
			if (track) await window.room.me.publish(track, { source: "screen" });
		});
		expect(await state).toBe("connected");
		await ada.waitForFunction(() => window.room.participants.get("bo")?.track("screen")?.track !== undefined);
		await decodes(ada, "bo");
		await bo.evaluate(() => window.room.me.track("screen")?.stop());
		await ada.waitForFunction(() => window.room.participants.get("bo")?.track("screen") === undefined);
	});

	step("sends nothing of what is not wanted", async () => {
		await bo.evaluate(() => window.room.participants.get("ada")?.track("camera")?.unsubscribe());
		await ada.waitForFunction(async () => {
			const { tracks } = await window.room.stats();
			const camera = tracks.find(({ direction, source }) => direction === "send" && source === "camera");
			return !camera?.framesPerSecond;
		});
		await bo.evaluate(() => window.room.participants.get("ada")?.track("camera")?.subscribe());
		await decodes(bo, "ada");
	});

	step("moves to a node when a third comes, and nobody sees it", async () => {
		await stack.addNode("node-1");
		await Promise.all([restartWatch(ada), restartWatch(bo)]);
		cy = await open("cy", "auto");
		await Promise.all([ada, bo, cy].map((page) => topology(page, "sfu")));
		await Promise.all([ada, bo].map((page) => page.waitForFunction(() => window.room.node?.id === "node-1")));
		const all = [
			[ada, "bo", "cy"],
			[bo, "ada", "cy"],
			[cy, "ada", "bo"],
		] as const;
		await Promise.all(all.flatMap(([page, ...others]) => others.map((other) => decodes(page, other))));
		// The direct connections end when both sides have everything from the node.
		for (const page of [ada, bo]) {
			await page.waitForFunction(async () =>
				(await window.room.stats()).connections.every(({ participant }) => participant === undefined),
			);
		}
		await Promise.all([decodes(ada, "bo"), decodes(bo, "ada")]);
		expect(await longest(ada, "bo")).toBeLessThan(1_000);
		expect(await longest(bo, "ada")).toBeLessThan(1_000);
		await carriesData("by the node");
	});

	step("goes back when the third has left, and the node has nothing of it any more", async () => {
		await Promise.all([restartWatch(ada), restartWatch(bo)]);
		await cy.evaluate(() => window.room.leave());
		await Promise.all([topology(ada, "mesh"), topology(bo, "mesh")]);
		await Promise.all([ada, bo].map((page) => page.waitForFunction(() => window.room.node === undefined)));
		await expect.poll(served, { timeout: 10_000 }).toEqual([]);
		await Promise.all([decodes(ada, "bo"), decodes(bo, "ada")]);
		expect(await longest(ada, "bo")).toBeLessThan(1_000);
		expect(await longest(bo, "ada")).toBeLessThan(1_000);
		const { connections } = await ada.evaluate(() => window.room.stats());
		expect(connections).toMatchObject([{ participant: "bo" }]);
		for (const page of [ada, bo]) expect(await page.evaluate(() => window.states)).not.toContain("disconnected");
		await carriesData("directly");
	});
});

describe("two who find no way to each other", () => {
	step("get a node", async () => {
		const deaf = () => {
			const send = WebSocket.prototype.send;
			WebSocket.prototype.send = function (data) {
				if (!String(data).includes('"type":"signal"')) send.call(this, data);
			};
		};
		const [gil, hal] = await Promise.all([open("gil", "other", deaf), open("hal", "other", deaf)]);
		await Promise.all([topology(gil, "sfu"), topology(hal, "sfu")]);
		await Promise.all([decodes(gil, "hal"), decodes(hal, "gil")]);
	});
});

describe("a mesh", () => {
	step("of three has each see each, whoever comes first", async () => {
		await Promise.all(browser.contexts().map((context) => context.close()));
		const names = ["dee", "eve", "fay"];
		const pages = await Promise.all(names.slice(0, 2).map((name) => open(name, "mesh")));
		pages.push(await open("fay", "mesh"));
		await Promise.all(pages.flatMap((page, i) => names.filter((_, j) => j !== i).map((other) => decodes(page, other))));
		expect((await stack.rest("/v1/rooms/mesh").then((answer) => answer.json())) as object).toMatchObject({ nodes: [] });
	});

	step("made no page fail", () => {
		expect(failures).toEqual([]);
	});
});
