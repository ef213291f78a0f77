/**
 * Somebody's network changes while media goes on, as when a phone leaves the house: their browser has a network
 * namespace of its own, where its address is taken away and another one given. Other tests' browsers would notice what
 * is done to the machine's own network, so all of this runs in one that is made for it.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Room } from "../../client/sdk/index.ts";
import { inNetwork, Network, whyNoNetwork } from "../chaos/network.ts";
import { launchChromium, launchChromiumBy } from "../support/chromium.ts";
import { nominated, watchConnections } from "../support/connections.ts";
import { enterBySdk } from "../support/sdk-page.ts";
import { Stack } from "../support/stack.ts";
import { publishWithLibrary, restartIce, StreamPages, seen, watchWithLibrary } from "../support/stream-page.ts";

declare const window: Window & { room: Room; told: string[]; connections: RTCPeerConnection[] };

const network = Network.here();

if (!network) {
	const why = whyNoNetwork();
	if (why) console.log(`networks that change are not tested: ${why}`);
	it.skipIf(why)("in a network made for it", { timeout: 200_000 }, async () => {
		const run = ["node_modules/vitest/vitest.mjs", "run", "--project", "browser", import.meta.filename];
		expect(await inNetwork([process.execPath, ...run])).toBe(0);
	});
} else {
	describe("somebody whose network changes", () => {
		const { edgeAddress } = network;
		let stack: Stack;
		/** The first is where networks change. */
		let browsers: Browser[] = [];

		beforeAll(async () => {
			const moving = network.add("moving");
			const nodeEnv = { ANNOUNCED_ADDRESS: edgeAddress };
			stack = await Stack.start({ host: edgeAddress, nodeEnv, vars: { ALLOWED_ORIGINS: "*" } });
			// Cameras are for secure origins, and this one is not of the browser's own machine.
			const args = [`--unsafely-treat-insecure-origin-as-secure=${stack.url}`];
			browsers = await Promise.all([launchChromiumBy(moving.command, args), launchChromium(args)]);
		});
		afterAll(async () => {
			await Promise.all(browsers.map((browser) => browser.close()));
			await stack?.stop();
		});

		const open = (): Promise<Page[]> =>
			Promise.all(
				browsers.map(async (browser) => {
					const page = await browser.newPage();
					await page.addInitScript(watchConnections);
					return page;
				}),
			);

		/** Resolves when so many connections of a page are there, and all go from this address. */
		const goFrom = async (page: Page, address: string, count: number) => {
			const all = async () => (await nominated(page)).map(({ local }) => local);
			await expect.poll(all, { timeout: 20_000, interval: 100 }).toEqual(Array(count).fill(address));
		};

		/** Resolves when a page has decoded two more frames of its first video. */
		const decodes = async (page: Page) => {
			await page.waitForSelector("video");
			await page.evaluate(async () => {
				const next = () => new Promise((done) => document.querySelector("video")?.requestVideoFrameCallback(done));
				await next();
				await next();
			});
		};

		/** Two who see each other, the first of whom moves. */
		const moves = async (room: string, connections: number) => {
			const [alice, bob] = (await open()) as [Page, Page];
			await enterBySdk(alice, stack.url, room, await stack.tokenFor(room, "alice"));
			await enterBySdk(bob, stack.url, room, await stack.tokenFor(room, "bob"));
			await Promise.all([alice, bob].map(decodes));
			for (const page of [alice, bob]) {
				await page.evaluate(() => {
					window.told = [];
					const bad = ["participantLeft", "nodeChanged", "mediaUnavailable", "trackUnsubscribed"] as const;
					for (const event of bad) window.room.on(event, () => window.told.push(event));
					// The SDK acts when the browser is online again, before that finds its paths dead some 5 s later.
					window.room.on("mediaStateChanged", (state) => window.told.push(state));
				});
			}
			const made = await alice.evaluate(() => window.connections.length);
			await goFrom(alice, network.readdress("moving"), connections);
			await Promise.all([alice, bob].map(decodes));
			for (const page of [alice, bob]) expect(await page.evaluate(() => window.told)).toEqual([]);
			expect(await alice.evaluate(() => window.connections.length)).toBe(made);
			await Promise.all([alice, bob].map((page) => page.close()));
		};

		it("stays in a room of the SDK, on the same connections", async () => {
			await moves("sfu", 2);
		});

		it("stays in a mesh, on the same connection", async () => {
			await stack.rest("/v1/rooms", {
				method: "POST",
				body: JSON.stringify({ name: "mesh", settings: { topology: "mesh" } }),
			});
			await moves("mesh", 1);
		});

		it("goes on to publish by WHIP and to watch by WHEP when ICE is restarted", async () => {
			const [fixed, moving] = [browsers[1], browsers[0]] as [Browser, Browser];
			const libraries = await StreamPages.start(fixed);
			const enter = async (protocol: "whip" | "whep") => {
				const page = await moving.newPage();
				await page.addInitScript(watchConnections);
				await page.goto(`${stack.url}/v1/health`);
				await libraries.equip(page);
				const token = await stack.tokenFor("stream", protocol);
				const target = { url: `${stack.url}/v1/rooms/stream/${protocol}`, token };
				await page.evaluate(protocol === "whip" ? publishWithLibrary : watchWithLibrary, target);
				return { page, token };
			};
			const all = [await enter("whip"), await enter("whep")] as const;
			const [, { page: viewer }] = all;
			const frames = async () => (await viewer.evaluate(seen)).frames;
			await expect.poll(frames, { timeout: 10_000 }).toBeGreaterThan(5);
			const address = network.readdress("moving");
			for (const { page, token } of all) {
				// A request that the change interrupts fails, and is another's to repeat.
				await expect.poll(() => page.evaluate(restartIce, token).catch(String), { timeout: 10_000 }).toBe(200);
				await goFrom(page, address, 1);
			}
			const before = await frames();
			await expect.poll(frames, { timeout: 10_000 }).toBeGreaterThan(before + 10);
			libraries.close();
		});
	});
}
