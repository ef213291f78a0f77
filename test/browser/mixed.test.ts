/** One room, people of every protocol in it: each sees and hears all the others, and sees them come and go. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { enter, type Guest, type Place } from "../support/guests.ts";
import { odooChannel } from "../support/odoo.ts";
import { Stack } from "../support/stack.ts";
import { story } from "../support/story.ts";
import { publishWithLibrary, StreamPages, seen, watchWithLibrary } from "../support/stream-page.ts";

/** Thirty pictures are decoded at a time in the end. */
const LONG_MS = 120_000;
const soon = { timeout: 60_000, interval: 250 };

let stack: Stack;
let browser: Browser;
let pages: StreamPages;
let place: Place;
const here: Guest[] = [];
/** Who sends and sees nobody: an encoder. */
const encoders: { id: string; stream: string }[] = [];

beforeAll(async () => {
	browser = await launchChromium([
		"--autoplay-policy=no-user-gesture-required",
		// Few pictures a second, so that a small machine can make and show all of them.
		"--use-fake-device-for-media-stream=fps=5",
	]);
});
afterAll(() => browser?.close());

const step = story({
	async begin() {
		here.length = 0;
		encoders.length = 0;
		stack = await Stack.start({ vars: { TALKSY: "true", PION: "true", ALLOWED_ORIGINS: "*" } });
		pages = await StreamPages.start(browser);
		// Odoo's rooms are named by the edge; all others are told that name.
		const channel = await odooChannel(stack.url, stack.authKey, "https://odoo.example:channel:mixed");
		const senders = () => [...here, ...encoders];
		place = {
			...{ stack, browser, channel, room: channel.uuid },
			get guests() {
				return senders();
			},
		};
	},
	async end() {
		pages?.close();
		await Promise.all(browser.contexts().map((context) => context.close()));
		await stack?.stop();
	},
});

/** Whom a guest sees and hears, when more than it had at the call comes of each. */
async function perceives(guest: Guest): Promise<void> {
	const others = [...here, ...encoders].map(({ id }) => id).filter((id) => id !== guest.id);
	const before = await guest.receives();
	const flowing = async () => {
		const found: Record<string, string[]> = {};
		for (const [id, tracks] of Object.entries(await guest.receives())) {
			found[id] = tracks.flatMap(({ kind, frames, energy }) => {
				const former = before[id]?.find((it) => it.kind === kind);
				return frames > (former?.frames ?? 0) || energy > (former?.energy ?? 0) ? [kind] : [];
			});
		}
		return found;
	};
	const wanted = Object.fromEntries(others.map((id) => [id, ["audio", "video"]]));
	await expect.poll(flowing, { ...soon, message: `what ${guest.id} sees and hears` }).toEqual(wanted);
}

async function allPerceive(): Promise<void> {
	await Promise.all(here.map(perceives));
	for (const guest of here) expect(await guest.errors()).toEqual([]);
}

async function participants(): Promise<{ id: string; dialect: string }[]> {
	const response = await stack.rest(`/v1/rooms/${place.room}/participants`);
	return ((await response.json()) as { items: { id: string; dialect: string }[] }).items;
}

const target = async (protocol: "whip" | "whep", identity: string, query = "") => ({
	url: `${stack.url}/v1/rooms/${place.room}/${protocol}${query}`,
	token: await stack.tokenFor(place.room, identity),
});

describe("a room of people of every protocol", () => {
	for (const protocol of ["odoo", "native", "talksy", "pion", "tribe"] as const) {
		step(
			`${protocol}: who joins sees and hears everybody, and is seen and heard by all`,
			async () => {
				here.push(await enter[protocol](place));
				await allPerceive();
			},
			LONG_MS,
		);
	}

	step(
		"an encoder over WHIP is seen and heard by all",
		async () => {
			const page = await pages.open();
			await page.evaluate(publishWithLibrary, await target("whip", "obs"));
			const stream = await page.evaluate(() => /a=msid:(\S+)/.exec(window.pc.localDescription?.sdp ?? "")?.[1] ?? "");
			encoders.push({ id: "obs", stream });
			await allPerceive();
		},
		LONG_MS,
	);

	step(
		"a player over WHEP sees and hears each of them",
		async () => {
			const page = await pages.open();
			for (const { id } of [...here, ...encoders]) {
				await page.evaluate(watchWithLibrary, await target("whep", "viewer", `?participant=${id}`));
				// Who is muted is not played, and has no energy.
				await page.evaluate(() => {
					for (const video of document.querySelectorAll("video")) video.muted = false;
				});
				await expect
					.poll(async () => {
						const { frames, energy } = await page.evaluate(seen);
						return { frames: frames > 0, energy: energy > 0 };
					}, soon)
					.toEqual({ frames: true, energy: true });
				await page.evaluate(() => window.client.stop());
			}
			await page.close();
		},
		LONG_MS,
	);

	step(
		"who leaves is gone for all, whatever either speaks",
		async () => {
			while (here.length > 1) {
				const gone = here.shift();
				await gone?.leave();
				await allPerceive();
			}
			expect((await participants()).map(({ id }) => id).sort()).toEqual([here[0]?.id, "obs"].sort());
		},
		2 * LONG_MS,
	);
});
