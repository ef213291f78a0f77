import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { log } from "../../media-node/observability/logger.ts";
import type { Workers } from "../../media-node/rtc/workers.ts";
import { launchChromium } from "../support/chromium.ts";
import { SdpRoom, sendMedia, startWorkers } from "../support/sdp-room.ts";

let browser: Browser;
let workers: Workers;
let web: Server;
let room: SdpRoom;
const pages: Page[] = [];

async function newPage(): Promise<Page> {
	const page = await browser.newPage();
	pages.push(page);
	await page.goto(`http://127.0.0.1:${(web.address() as AddressInfo).port}/`);
	return page;
}

beforeAll(async () => {
	log.level = "silent";
	web = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html>"));
	await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
	[browser, workers] = await Promise.all([launchChromium(), startWorkers(0)]);
});

afterAll(async () => {
	await browser?.close();
	workers?.close();
	web?.close();
});

afterEach(async () => {
	room?.close();
	await Promise.all(pages.splice(0).map((page) => page.close()));
});

describe("a browser with nothing but a peer connection", () => {
	it("sends and receives over one connection, under its publishers' ids", async () => {
		room = new SdpRoom("one", workers);
		const [ann, ben] = await Promise.all([newPage(), newPage()]);
		const a = await room.join(ann, "ann");
		const b = await room.join(ben, "ben");
		for (const client of [a, b]) {
			await client.page.evaluate(sendMedia, { audio: true });
			await client.offer();
		}
		const [atA, atB] = await Promise.all([a.received(2), b.received(2)]);
		const own = await ann.evaluate(() => window.sdp.pc.getSenders().flatMap(({ track }) => track?.id ?? []));
		expect(atB.map(({ track }) => track).sort()).toEqual(own.sort());
		expect(new Set(atB.map(({ stream }) => stream)).size).toBe(1);
		expect(atA.map(({ kind }) => kind).sort()).toEqual(["audio", "video"]);
		expect([...a.errors, ...b.errors]).toEqual([]);
	});
});
