/** Everybody in one picture, though their media is on two nodes. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import type { Room } from "../../client/sdk/index.ts";
import { launchChromium } from "../support/chromium.ts";
import { beeps, complaints, frames, look } from "../support/media-file.ts";
import { PublisherPage } from "../support/publisher-page.ts";
import { RecordedRoom } from "../support/recorded.ts";
import { Stack } from "../support/stack.ts";

declare const window: { room: Room };

let stack: Stack;
let browser: Browser;
const dir = mkdtempSync(join(tmpdir(), "switchyard-recordings-"));

beforeAll(async () => {
	[stack, browser] = await Promise.all([
		Stack.start({ nodes: 0 }),
		launchChromium(["--autoplay-policy=no-user-gesture-required"]),
	]);
	await Promise.all(
		["eu", "us"].map((region) => stack.addNode(`${region}-1`, { RECORDINGS_DIR: join(dir, region) }, region)),
	);
});
afterAll(async () => {
	await browser?.close();
	await stack?.stop();
	rmSync(dir, { recursive: true, force: true });
});

async function enter(room: string, id: string, region: string): Promise<PublisherPage> {
	const token = await stack.tokenFor(room, id, {}, region);
	const person = await PublisherPage.join(browser, { url: stack.url, room, token });
	onTestFinished(() => person.leave());
	return person;
}

it("has the pictures and the sound of both", async () => {
	const recorded = new RecordedRoom(stack, `apart-${crypto.randomUUID()}`, dir);
	const [alice, bob] = await Promise.all([enter(recorded.room, "alice", "eu"), enter(recorded.room, "bob", "us")]);
	const node = (person: PublisherPage) => person.page.evaluate(() => window.room.node?.id);
	expect(await Promise.all([node(alice), node(bob)])).toEqual(["eu-1", "us-1"]);
	const id = await recorded.record({ participant: undefined, layout: "grid" });
	await delay(8_000);
	await recorded.stop(id);
	const { files } = await recorded.arrived(id);
	const file = files.at(-1) ?? "";
	expect(await look(file)).toMatchObject({ codecs: ["opus", "h264"], size: { width: 1_280, height: 720 } });
	expect(await complaints(file)).toBe("");
	expect((await beeps(file)).length).toBeGreaterThan(1);
	for (const x of [0, 640]) {
		const levels = (await frames(file, `640:400:${x}:160`)).map(({ level }) => level);
		expect(Math.max(...levels), `the half from ${x}`).toBeGreaterThan(180);
		expect(Math.min(...levels), `the half from ${x}`).toBeLessThan(60);
	}
});
