/** Talksy's protocol in Chromium, with nothing but a peer connection and a socket, on a real edge and node. */
import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type { RoomStats } from "../../shared/talksy.ts";
import { launchChromium } from "../support/chromium.ts";
import { goOnAfterRestart } from "../support/peer-connection.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";
import { type TalksyOptions, TalksyPerson } from "../support/talksy-page.ts";

const soon = { timeout: 20_000, interval: 100 };

let stack: Stack;
let browser: Browser;
const people = new Map<string, TalksyPerson>();
let room: string;

beforeAll(async () => {
	browser = await launchChromium(["--autoplay-policy=no-user-gesture-required"]);
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		people.clear();
		room = `talksy-${randomUUID()}`;
		stack = await Stack.start({ vars: { TALKSY: "true" } });
	},
	async end() {
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

const newPage = async (): Promise<Page> => (await browser.newContext()).newPage();
const person = (name: string): TalksyPerson => {
	const found = people.get(name);
	if (!found) throw new Error(`nobody is called ${name}`);
	return found;
};
async function enter(name: string, options?: TalksyOptions): Promise<TalksyPerson> {
	const joined = await TalksyPerson.join(await newPage(), stack.url, room, options);
	people.set(name, joined);
	return joined;
}

const line = ({ kind, track, stream }: { kind: string; track: string; stream: string }) => `${kind} ${track} ${stream}`;

/** Everybody of `names` sees and hears the others of them, and nobody else, under the ids that they send with. */
async function allSee(names: readonly string[]): Promise<void> {
	for (const name of names) {
		const others = names.filter((other) => other !== name);
		const wanted = (await Promise.all(others.map((other) => person(other).own()))).flat().map(line).sort();
		await expect
			.poll(
				async () =>
					(await person(name).shown())
						.filter(({ count }) => count > 0)
						.map(line)
						.sort(),
				soon,
			)
			.toEqual(wanted);
	}
}

async function ownTrack(name: string, kind: "audio" | "video"): Promise<string> {
	const own = await person(name).own();
	return own.find((it) => it.kind === kind)?.track ?? "";
}

/** Width of what a person sees of another's camera. */
async function width(viewer: string, track: string): Promise<number> {
	return (await person(viewer).shown()).find((it) => it.track === track)?.width ?? 0;
}

/** Frames of a track that a person saw in a second. */
async function frames(viewer: string, track: string): Promise<number> {
	const count = async () => (await person(viewer).shown()).find((it) => it.track === track)?.count ?? 0;
	const before = await count();
	await person(viewer).page.waitForTimeout(1_000);
	return (await count()) - before;
}

describe("people of a room", () => {
	step("see and hear each other, under the ids of the senders", async () => {
		await Promise.all([enter("ada"), enter("ben"), enter("cleo")]);
		await allSee(["ada", "ben", "cleo"]);
		for (const name of ["ada", "ben", "cleo"]) {
			expect(await person(name).errors()).toEqual([]);
			await expect.poll(() => person(name).channel(), soon).toBe("internal");
		}
		const cam = await ownTrack("ada", "video");
		expect((await person("ben").available())[cam]).toEqual({
			...{ id: cam, client_id: await person("ada").id, source_type: "media", kind: "video", is_simulcast: true },
		});
	});

	step("hear nothing of who is muted, and learn who has a voice", async () => {
		const mic = await ownTrack("ada", "audio");
		const ssrc = (await person("ben").shown()).find(({ track }) => track === mic)?.ssrc;
		await expect.poll(() => person("ben").energy(mic), soon).toBeGreaterThan(0);
		const ofAda = async () => (await person("ben").voices()).filter(({ track }) => track === mic);
		await expect.poll(ofAda, soon).toContainEqual({ type: "vad_started", track: mic, ssrc });
		await person("ada").mute(true);
		await expect.poll(() => person("ben").energy(mic), soon).toBe(0);
		await expect.poll(async () => (await ofAda()).at(-1), soon).toEqual({ type: "vad_ended", track: mic, ssrc });
		await person("ada").mute(false);
		await expect.poll(() => person("ben").energy(mic), soon).toBeGreaterThan(0);
	});

	step("get the quality that they ask for", async () => {
		const cam = await ownTrack("ada", "video");
		await expect.poll(() => width("ben", cam), soon).toBe(1280);
		await person("ben").switchQuality("low");
		await expect.poll(() => width("ben", cam), soon).toBe(320);
		// Of the others nobody is concerned.
		await expect.poll(() => width("cleo", cam), soon).toBe(1280);
		await person("ben").switchQuality("mid");
		await expect.poll(() => width("ben", cam), soon).toBe(640);
		await person("ben").switchQuality("none");
		await expect.poll(() => frames("ben", cam), soon).toBe(0);
		await person("ben").switchQuality("high");
		await expect.poll(() => width("ben", cam), soon).toBe(1280);
	});

	step("get what their elements can show, and nothing where they are out of view", async () => {
		const cam = await ownTrack("ada", "video");
		await person("ben").resize(cam, 300, 170);
		await expect.poll(() => width("ben", cam), soon).toBe(320);
		await person("ben").resize(cam, 0, 0);
		await expect.poll(() => frames("ben", cam), soon).toBe(0);
		await person("ben").resize(cam, 600, 400);
		await expect.poll(() => width("ben", cam), soon).toBe(640);
		await person("ben").resize(cam, 1280, 720);
		await expect.poll(() => width("ben", cam), soon).toBe(1280);
	});

	step("get no more than their limit", async () => {
		const cam = await ownTrack("ada", "video");
		await person("cleo").limit(500_000);
		await expect.poll(() => width("cleo", cam), { ...soon, timeout: 30_000 }).toBe(320);
		await person("cleo").limit(10_000_000);
		await expect.poll(() => width("cleo", cam), { ...soon, timeout: 30_000 }).toBe(1280);
	});

	step("show their screens, which end without the rest", async () => {
		await person("cleo").shareScreen();
		await allSee(["ada", "ben", "cleo"]);
		const screen = (await person("cleo").own()).at(-1);
		expect((await person("ada").available())[screen?.track ?? ""]).toMatchObject({
			...{ client_id: await person("cleo").id, source_type: "screen", kind: "video" },
		});
		await person("cleo").stopScreen();
		await allSee(["ada", "ben", "cleo"]);
		for (const name of ["ada", "ben", "cleo"]) expect(await person(name).errors()).toEqual([]);
	});

	step("restart ICE, and go on", async () => {
		const [ada, ben] = [await ownTrack("ada", "video"), await ownTrack("ben", "video")];
		await goOnAfterRestart({ person: person("ada"), video: ada }, { person: person("ben"), video: ben });
	});

	step("are told every second what goes to and fro", async () => {
		const before = (await person("ada").stats()).count;
		const began = performance.now();
		const since = async () => (await person("ada").stats()).count - before;
		await expect.poll(since, soon).toBeGreaterThanOrEqual(4);
		// The first may be due at once. A machine that is busy tells later, and never more often.
		expect(performance.now() - began).toBeGreaterThan(2_500);
		const { last } = await person("ada").stats();
		const id = await person("ada").id;
		const [mic, cam] = [await ownTrack("ada", "audio"), await ownTrack("ada", "video")];
		expect(last).toMatchObject({ id, current_publish_limitation: "none" });
		expect(
			last?.received_track_stats
				.filter((it) => it.id === cam)
				.map(({ rid }) => rid)
				.sort(),
		).toEqual(["high", "low", "mid"]);
		const sound = last?.received_track_stats.find((it) => it.id === mic);
		expect(sound).toMatchObject({ kind: "audio", codec: "audio/opus", packets_lost: 0 });
		expect(sound?.current_bitrate).toBeGreaterThan(0);
		const bens = last?.sent_track_stats.filter(({ stream_id }) => stream_id === sound?.stream_id);
		expect(bens).toEqual([]);
		expect(last?.sent_track_stats).toHaveLength(4);
		for (const { kind, bytes_sent, max_quality, source } of last?.sent_track_stats ?? []) {
			expect(["audio", "video"]).toContain(kind);
			expect(bytes_sent).toBeGreaterThan(0);
			expect({ max_quality, source }).toEqual({ max_quality: 3, source: "media" });
		}
		const stats = (await (await fetch(`${stack.url}/stats?room_id=${room}`)).json()) as RoomStats;
		expect(stats).toMatchObject({
			...{ active_sessions: 3, clients_count: 3 },
			...{ received_tracks: { audio: 3, video: 3 }, sent_tracks: { audio: 6, video: 6 } },
		});
		expect(stats.bitrate_received).toBeGreaterThan(500_000);
		expect(stats.client_stats[id]?.received_track_stats).toHaveLength(4);
	});

	step("are gone for the others when they leave, and come back", async () => {
		await person("cleo").leave();
		await allSee(["ada", "ben"]);
		await person("cleo").reload();
		await allSee(["ada", "ben", "cleo"]);
		await person("cleo").page.close();
		await allSee(["ada", "ben"]);
		await person("ben").reload();
		await allSee(["ada", "ben"]);
	});
});

describe("codecs", () => {
	for (const codec of ["video/VP9", "video/H264", "video/AV1"]) {
		step(`${codec} goes as well`, async () => {
			await enter("eve", { codec, simulcast: false });
			await allSee(["ada", "ben", "eve"]);
			await person("eve").page.close();
			await allSee(["ada", "ben"]);
		});
	}
});

describe("a room that is moved", () => {
	step("to another node goes on there over the same connections", async () => {
		await stack.addNode("node-2");
		await stack.nodes[0]?.kill("SIGKILL");
		const before = new Map((await person("ada").shown()).map(({ track, count }) => [track, count]));
		await expect
			.poll(async () => {
				const shown = await person("ada").shown();
				return shown.every(({ track, count }) => count > (before.get(track) ?? 0) + 10);
			}, soon)
			.toBe(true);
		await allSee(["ada", "ben"]);
		const cam = await ownTrack("ben", "video");
		await expect.poll(() => width("ada", cam), soon).toBe(1280);
		await person("ada").switchQuality("low");
		await expect.poll(() => width("ada", cam), soon).toBe(320);
		await person("ada").switchQuality("high");
		await expect.poll(() => width("ada", cam), soon).toBe(1280);
		// The channel for texts is there as well, both ways.
		const voices = (await person("ada").voices()).length;
		await expect.poll(async () => (await person("ada").voices()).length, soon).toBeGreaterThan(voices);
		await person("ada").resize(cam, 300, 170);
		await expect.poll(() => width("ada", cam), soon).toBe(320);
	});
});
