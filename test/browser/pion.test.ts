/** Pion_SFU's protocol in Chromium, with nothing but a peer connection and a socket, on a real edge and node. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { Bot } from "../support/bot/bot.ts";
import { launchChromium } from "../support/chromium.ts";
import { goOnAfterRestart } from "../support/peer-connection.ts";
import { PionPerson } from "../support/pion-page.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";

const soon = { timeout: 20_000, interval: 100 };

let stack: Stack;
let browser: Browser;
const people = new Map<string, PionPerson>();
let room: string;

beforeAll(async () => {
	browser = await launchChromium(["--autoplay-policy=no-user-gesture-required"]);
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		people.clear();
		room = `pion-${randomUUID()}`;
		stack = await Stack.start({ vars: { PION: "true" } });
	},
	async end() {
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

const newPage = async (): Promise<Page> => (await browser.newContext()).newPage();
const person = (name: string): PionPerson => {
	const found = people.get(name);
	if (!found) throw new Error(`nobody is called ${name}`);
	return found;
};
async function enter(name: string, path?: string): Promise<PionPerson> {
	const joined = await PionPerson.join(await newPage(), stack.url, name, room, path);
	people.set(name, joined);
	return joined;
}

/** Everybody of `names` sees and hears the others of them, and nobody else, under the ids that they send with. */
async function allSee(names: readonly string[]): Promise<void> {
	for (const name of names) {
		const others = names.filter((other) => other !== name);
		const expected = await Promise.all(others.map(async (other) => person(other).own()));
		const wanted = expected.flatMap(({ stream, audio, video }) => [
			`audio ${audio} ${stream}`,
			`video ${video} ${stream}`,
		]);
		await expect
			.poll(async () => {
				const shown = await person(name).shown();
				return shown
					.filter(({ count }) => count > 0)
					.map(({ kind, track, stream }) => `${kind} ${track} ${stream}`)
					.sort();
			}, soon)
			.toEqual(wanted.sort());
	}
}

describe("people of a room", () => {
	step("see and hear each other, under the ids of the senders", async () => {
		await Promise.all([enter("ada"), enter("ben", "/pion"), enter("cleo")]);
		await allSee(["ada", "ben", "cleo"]);
		for (const name of ["ada", "ben", "cleo"]) expect(await person(name).errors()).toEqual([]);
	});

	step("hear nothing of who is muted, and again when not any more", async () => {
		const { audio } = await person("ada").own();
		await expect.poll(() => person("ben").energy(audio), soon).toBeGreaterThan(0);
		await person("ada").mute(true);
		await expect.poll(() => person("ben").energy(audio), soon).toBe(0);
		await person("ada").mute(false);
		await expect.poll(() => person("ben").energy(audio), soon).toBeGreaterThan(0);
	});

	step("show their screens in the camera's place", async () => {
		const { video } = await person("cleo").own();
		const width = async (name: string) => (await person(name).shown()).find(({ track }) => track === video)?.width;
		await person("cleo").screen(true);
		for (const name of ["ada", "ben"]) await expect.poll(() => width(name), soon).toBe(300);
		await person("cleo").screen(false);
		for (const name of ["ada", "ben"]) await expect.poll(() => width(name), soon).toBeGreaterThan(300);
		await allSee(["ada", "ben", "cleo"]);
		for (const name of ["ada", "ben", "cleo"]) expect(await person(name).errors()).toEqual([]);
	});

	step("restart ICE, and go on", async () => {
		const [ada, ben] = [person("ada"), person("ben")];
		const [{ video: adas }, { video: bens }] = [await ada.own(), await ben.own()];
		await goOnAfterRestart({ person: ada, video: adas }, { person: ben, video: bens });
	});

	step("lose sight of who leaves, whose socket stays, and of who closes the page", async () => {
		await person("cleo").leave();
		await allSee(["ada", "ben"]);
		expect((await person("cleo").state()).closed).toBeUndefined();
		await person("cleo").reload();
		await allSee(["ada", "ben", "cleo"]);
		await person("cleo").page.close();
		await allSee(["ada", "ben"]);
	});

	step("come back by loading the page again", async () => {
		await person("ben").reload();
		await allSee(["ada", "ben"]);
	});

	step("lose sight of who closes the connection alone", async () => {
		const cleo = await enter("cleo");
		await allSee(["ada", "ben", "cleo"]);
		await cleo.page.evaluate(() => (window as unknown as { pion: { pc: RTCPeerConnection } }).pion.pc.close());
		await allSee(["ada", "ben"]);
		await expect.poll(async () => (await cleo.state()).closed, soon).toBe(4008);
		for (const name of ["ada", "ben"]) expect(await person(name).errors()).toEqual([]);
	});
});

describe("beside others", () => {
	step("a native participant of the same room is seen and heard, and sees and hears", async () => {
		const bot = await Bot.join(stack.url, room, "native", await stack.tokenFor(room, "native"));
		onTestFinished(() => bot.destroy());
		await bot.publish();
		await expect
			.poll(async () => (await person("ada").shown()).filter(({ packets }) => packets > 0).length, soon)
			.toBe(4);
		const kinds = () =>
			[...bot.received.values()].flatMap(({ participant, packets, kind }) =>
				participant === "ada" && packets > 0 ? [kind] : [],
			);
		await expect.poll(() => kinds().sort(), soon).toEqual(["audio", "video"]);
		await bot.leave();
		await allSee(["ada", "ben"]);
	});
});

describe("a room that is moved", () => {
	step("to another node goes on there over the same connections", async () => {
		const second = await stack.addNode("node-2");
		await second.registered;
		await stack.nodes[0]?.kill("SIGKILL");
		const before = new Map((await person("ada").shown()).map(({ track, count }) => [track, count]));
		await expect
			.poll(
				async () => (await person("ada").shown()).every(({ track, count }) => count > (before.get(track) ?? 0)),
				soon,
			)
			.toBe(true);
		await allSee(["ada", "ben"]);
	});
});
