/** tribe's protocol in Chromium, with nothing but peer connections and a socket, on a real edge and nodes. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished } from "vitest";
import { Bot } from "../support/bot/bot.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";
import { TribePerson } from "../support/tribe-page.ts";

const soon = { timeout: 20_000, interval: 100 };
const publisher = { socketId: "publisher", userId: "" };

let stack: Stack;
let browser: Browser;
let room: string;
const people = new Map<string, TribePerson>();

beforeAll(async () => {
	browser = await launchChromium(["--autoplay-policy=no-user-gesture-required"]);
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		people.clear();
		room = `tribe-${randomUUID()}`;
		stack = await Stack.start();
	},
	async end() {
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

const newPage = async (): Promise<Page> => (await browser.newContext()).newPage();
async function enter(name: string, where = room, direct = false): Promise<TribePerson> {
	const joined = await TribePerson.join(await newPage(), stack.url, stack.authKey, name, where, direct);
	people.set(name, joined);
	return joined;
}
const person = (name: string): TribePerson => {
	const found = people.get(name);
	if (!found) throw new Error(`nobody is called ${name}`);
	return found;
};

/** More of it comes from each of the others to each. */
async function allSee(those: readonly TribePerson[]): Promise<void> {
	for (const one of those) {
		for (const other of those.filter((it) => it !== one)) await sees(one, other.socketId);
	}
}

async function sees(one: TribePerson, socketId: string, kinds = ["audio", "video"]): Promise<void> {
	const flowing = async () => (await one.received(socketId)).filter(({ count }) => count > 0);
	await expect.poll(async () => (await flowing()).map(({ kind }) => kind), soon).toEqual(kinds);
	const before = await flowing();
	const grows = async () => (await flowing()).every(({ count }, i) => count > (before[i]?.count ?? 0));
	await expect.poll(grows, soon).toBe(true);
}

const others = (all: readonly TribePerson[], one: TribePerson) => all.filter((it) => it !== one);

describe("three people of a room with a node", () => {
	step("see and hear each other: one connection up, one down from each, each offered once", async () => {
		const all = await Promise.all([enter("ada"), enter("ben"), enter("cleo")]);
		await allSee(all);
		for (const one of all) {
			expect(await one.connections()).toEqual({
				publisher: ["answer"],
				...Object.fromEntries(others(all, one).map(({ socketId }) => [socketId, ["offer"]])),
			});
			expect(await one.errors()).toEqual([]);
			const video = (await one.received(others(all, one)[0]?.socketId ?? "")).find(({ kind }) => kind === "video");
			expect(video?.codec).toBe("video/H264");
		}
	});

	step("are told which of their connections carry media", async () => {
		const all = ["ada", "ben", "cleo"].map(person);
		for (const one of all) {
			const from = [publisher, ...others(all, one).map(({ session }) => session)];
			const up = async () => (await one.told("eventWebrtcUp")).map((it) => (it as { from: unknown }).from);
			await expect.poll(up, soon).toHaveLength(3);
			expect(await up()).toEqual(expect.arrayContaining(from));
		}
	});

	step("hear how the others hold their devices, and what they say", async () => {
		const [ada, ben, cleo] = [person("ada"), person("ben"), person("cleo")];
		await ada.say("orientationChange", { orientation: 180, camera: "back" });
		for (const other of [ben, cleo]) {
			await expect
				.poll(() => other.told("eventOrientationChange"), soon)
				.toContainEqual({ from: ada.session, platform: "Web", orientation: 180, camera: "back" });
		}
		await ben.say("sendMessage", { to: cleo.socketId, message: { app: { game: "start" } } });
		await expect
			.poll(() => cleo.told("eventMessage"), soon)
			.toEqual([{ from: ben.session, message: { app: { game: "start" } } }]);
		expect(await ada.told("eventMessage")).toEqual([]);
	});

	step("show their screens in the camera's place", async () => {
		const [ada, ben, cleo] = [person("ada"), person("ben"), person("cleo")];
		const width = async (one: TribePerson) => (await one.received(cleo.socketId)).at(-1)?.width;
		await cleo.screen(true);
		for (const other of [ada, ben]) await expect.poll(() => width(other), soon).toBe(300);
		await cleo.screen(false);
		for (const other of [ada, ben]) await expect.poll(() => width(other), soon).toBeGreaterThan(300);
		for (const one of [ada, ben, cleo]) expect(await one.errors()).toEqual([]);
	});

	step("see nothing of who is muted, and are told", async () => {
		const [ada, ben, cleo] = [person("ada"), person("ben"), person("cleo")];
		const muted = await stack.rest(`/v1/rooms/${room}/participants/${ben.socketId}/mute`, {
			...{ method: "POST", body: JSON.stringify({ muted: true, tracks: [`${ben.socketId}-camera`] }) },
		});
		expect(muted.status).toBe(200);
		const mode = { audio: true, video: false };
		for (const other of [ada, cleo]) {
			await expect
				.poll(() => other.told("eventSetRemoteAudioVideoMode"), soon)
				.toEqual([{ from: ben.session, ...mode }]);
		}
		await expect.poll(() => ben.told("eventSetLocalAudioVideoMode"), soon).toEqual([{ from: publisher, ...mode }]);
		const frames = async () => (await ada.received(ben.socketId)).find(({ kind }) => kind === "video")?.count ?? 0;
		let before = await frames();
		const still = async () => {
			const now = await frames();
			const same = now === before;
			before = now;
			return same;
		};
		await expect.poll(still, { timeout: 10_000, interval: 1_000 }).toBe(true);
		await sees(ada, cleo.socketId);
	});

	step("come back on another socket with what they missed, and their media has not stopped", async () => {
		const [ada, ben] = [person("ada"), person("ben")];
		await ada.lose();
		await expect
			.poll(async () => (await (await stack.rest(`/v1/rooms/${room}/participants/${ada.socketId}`)).json()).state, soon)
			.toBe("away");
		for (const message of [1, 2, 3]) await ben.say("sendMessage", { to: ada.socketId, message });
		await expect.poll(async () => (await ben.frames()).filter(({ a }) => a === "sendMessageR").length, soon).toBe(4);
		await sees(ada, person("cleo").socketId);
		expect(await ada.reconnect()).toEqual({ a: "reconnectR", s: true, d: { roomSize: 3 } });
		await expect
			.poll(() => ada.told("eventMessage"), soon)
			.toEqual([1, 2, 3].map((message) => ({ from: ben.session, message })));
		expect(Object.values(await ada.connections())).toEqual([["answer"], ["offer"], ["offer"]]);
		expect(await ben.told("eventLeave")).toEqual([]);
	});

	step("leave with their page or their socket, and come anew", async () => {
		const [ada, ben, cleo] = [person("ada"), person("ben"), person("cleo")];
		const before = ben.session;
		await ben.reload();
		await allSee([ada, ben, cleo]);
		expect(ben.socketId).not.toBe(before.socketId);
		for (const other of [ada, cleo]) {
			expect(await other.told("eventLeave")).toEqual([{ roomId: room, roomSize: 2, ...before }]);
			expect(Object.keys(await other.connections())).not.toContain(before.socketId);
		}
		await cleo.leave();
		for (const other of [ada, ben]) {
			await expect
				.poll(() => other.told("eventLeave"), soon)
				.toContainEqual({ roomId: room, roomSize: 2, ...cleo.session });
		}
		await allSee([ada, ben]);
	});

	step("see each other on another node when theirs is gone", async () => {
		await stack.addNode("node-2");
		const all = [person("ada"), person("ben")];
		stack.nodes[0]?.process.kill("SIGKILL");
		for (const one of all) {
			const offered = async () => (await one.connections()).publisher;
			await expect.poll(offered, { timeout: 30_000 }).toEqual(["answer", "offer"]);
		}
		await allSee(all);
		for (const one of all) expect(await one.errors()).toEqual([]);
	});

	step("go on when their node is taken out of service", async () => {
		await stack.addNode("node-3");
		const all = [person("ada"), person("ben")];
		const drained = await stack.rest("/v1/nodes/node-2/drain", {
			...{ method: "POST", body: JSON.stringify({ deadlineSeconds: 60 }) },
		});
		expect(drained.ok).toBe(true);
		for (const one of all) {
			const offered = async () => (await one.connections()).publisher;
			await expect.poll(offered, { timeout: 30_000 }).toEqual(["answer", "offer", "offer"]);
		}
		await allSee(all);
		for (const one of all) expect(await one.errors()).toEqual([]);
	});
});

describe("beside others", () => {
	step("a native participant of the same room is seen and heard, and sees and hears", async () => {
		const where = `tribe-${randomUUID()}`;
		const dora = await enter("dora", where);
		const bot = await Bot.join(stack.url, where, "native", await stack.tokenFor(where, "native"));
		onTestFinished(() => bot.destroy());
		await bot.publish();
		const ids = async () => Object.keys(await dora.connections()).filter((id) => id !== "publisher");
		await expect.poll(ids, soon).toHaveLength(1);
		const [native = ""] = await ids();
		expect(native).toMatch(/^[0-9A-F]{32}$/);
		const arriving = async () => (await dora.received(native)).map(({ kind }) => kind);
		await expect.poll(arriving, soon).toEqual(["audio", "video"]);
		const kinds = () =>
			[...bot.received.values()].flatMap(({ participant, packets, kind }) =>
				participant === dora.socketId && packets > 0 ? [kind] : [],
			);
		await expect.poll(() => kinds().sort(), soon).toEqual(["audio", "video"]);
		await bot.leave();
		await expect
			.poll(() => dora.told("eventLeave"), soon)
			.toEqual([{ roomId: where, roomSize: 1, socketId: native, userId: "native" }]);
	});
});

describe("two people who call each other", () => {
	step("are connected directly, page to page, and need no node", async () => {
		const where = `tribe-${randomUUID()}`;
		const eva = await enter("eva", where, true);
		const finn = await enter("finn", where, true);
		await allSee([eva, finn]);
		expect(await eva.connections()).toEqual({ [finn.socketId]: ["offer"] });
		expect(await finn.connections()).toEqual({ [eva.socketId]: ["answer"] });
		const [there, back] = [await eva.path(finn.socketId), await finn.path(eva.socketId)];
		const port = (address = "") => address.split(":").at(-1);
		expect([port(there?.local), port(there?.remote)]).toEqual([port(back?.remote), port(back?.local)]);
		const { nodes } = (await (await stack.rest(`/v1/rooms/${where}`)).json()) as { nodes: unknown[] };
		expect(nodes).toEqual([]);
		await eva.leave();
		await expect.poll(() => finn.told("eventLeave"), soon).toEqual([{ roomId: where, roomSize: 1, ...eva.session }]);
		for (const one of [eva, finn]) expect(await one.errors()).toEqual([]);
	});
});
