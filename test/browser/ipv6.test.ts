/** An edge and nodes that are reached by IPv6 alone, in Chromium: by the SDK, and by plain SDP over HTTP. */
import { networkInterfaces } from "node:os";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Room } from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { nominated, watchConnections } from "../support/connections.ts";
import { enterBySdk } from "../support/sdk-page.ts";
import { Stack } from "../support/stack.ts";
import { watchByAnswering } from "../support/stream-page.ts";

declare const window: { room: Room };

const HOST = "::1";
const none = !Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === HOST));
if (none) console.log("IPv6 is not tested: this machine has no ::1");

let stack: Stack;
let browser: Browser;

async function newPage(): Promise<Page> {
	const page = await (await browser.newContext()).newPage();
	await page.addInitScript(watchConnections);
	return page;
}

/** Resolves when a page has decoded two more frames of its first video. */
async function decodes(page: Page): Promise<void> {
	await page.waitForSelector("video");
	await page.evaluate(async () => {
		const next = () => new Promise((done) => document.querySelector("video")?.requestVideoFrameCallback(done));
		await next();
		await next();
	});
}

describe.skipIf(none)("over IPv6 alone", () => {
	beforeAll(async () => {
		[stack, browser] = await Promise.all([Stack.start({ nodes: 0, host: HOST }), launchChromium()]);
		// Where they listen is not said: that they do for IPv6 follows from what they announce.
		const env = { ANNOUNCED_ADDRESS: HOST };
		await Promise.all([stack.addNode("eu-1", env, "eu"), stack.addNode("us-1", env, "us")]);
	});
	afterAll(async () => {
		await browser?.close();
		await stack?.stop();
	});

	it("people see each other on one node and through two, and a viewer without the SDK sees them", async () => {
		const [alice, bob, viewer] = await Promise.all([newPage(), newPage(), newPage()]);
		await enterBySdk(alice, stack.url, "six", await stack.tokenFor("six", "alice", {}, "eu"));
		await enterBySdk(bob, stack.url, "six", await stack.tokenFor("six", "bob", {}, "us"));
		await Promise.all([alice, bob].map(decodes));
		expect(await alice.evaluate(() => window.room.node?.id)).toBe("eu-1");
		expect(await bob.evaluate(() => window.room.node?.id)).toBe("us-1");

		await viewer.goto(`${stack.url}/v1/health`);
		const url = `${stack.url}/v1/rooms/six/whep?publisher=alice`;
		const token = await stack.tokenFor("six", "viewer");
		await viewer.evaluate(watchByAnswering, { url, token, offer: "" });
		for (const page of [alice, bob, viewer]) {
			await expect.poll(() => nominated(page)).not.toEqual([]);
			for (const { remote } of await nominated(page)) expect(remote).toBe(HOST);
		}
		await expect
			.poll(() =>
				viewer.evaluate(async () => {
					const { pc } = window as unknown as { pc: RTCPeerConnection };
					const reports = [...(await pc.getStats()).values()];
					return Math.max(0, ...reports.map(({ framesDecoded }) => framesDecoded ?? 0));
				}),
			)
			.toBeGreaterThan(5);
	});
});
