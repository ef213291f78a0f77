/**
 * People of one room, each in a page of its own that speaks another protocol. What they have in common: whom they see
 * and hear, by the names of the participants in the room, however their protocol tells who is who.
 */
import type { Browser, Page } from "playwright-core";
import { type Arriving, arrivingIn, streamSentFrom } from "./arriving.ts";
import { watchConnections } from "./connections.ts";
import type { OdooChannel } from "./odoo.ts";
import { enterChannel, tracksOf, upload } from "./odoo-page.ts";
import { PionPerson } from "./pion-page.ts";
import { enterBySdk, leaveBySdk, tracksBySdk } from "./sdk-page.ts";
import type { Stack } from "./stack.ts";
import { TalksyPerson } from "./talksy-page.ts";
import { TribePerson } from "./tribe-page.ts";

/** Track ids of a page, by participant. */
type Tracks = Record<string, string[]>;

export class Guest {
	readonly page: Page;
	/** Of the participant. */
	readonly id: string;
	/** That it sends, which is all that clients of some protocols learn of it. */
	readonly stream: string;
	readonly #tracks: () => Promise<Tracks>;
	readonly leave: () => Promise<unknown>;
	/** Failures that its protocol told. */
	readonly errors: () => Promise<string[]>;

	constructor(of: {
		page: Page;
		id: string;
		stream: string;
		tracks: () => Promise<Tracks>;
		leave: () => Promise<unknown>;
		errors?: () => Promise<string[]>;
	}) {
		this.page = of.page;
		this.id = of.id;
		this.stream = of.stream;
		this.#tracks = of.tracks;
		this.leave = of.leave;
		this.errors = of.errors ?? (async () => []);
	}

	/** By participant: what comes of those of whom anything is shown. */
	async receives(): Promise<Record<string, Arriving[]>> {
		const [tracks, arriving] = [await this.#tracks(), await arrivingIn(this.page)];
		const all = Object.entries(tracks).map(([id, own]) => [
			id,
			own.flatMap((track) => arriving[track] ?? []).sort((a, b) => a.kind.localeCompare(b.kind)),
		]);
		return Object.fromEntries(all.filter(([, own]) => own?.length));
	}
}

/** Where they meet. */
export interface Place {
	stack: Stack;
	browser: Browser;
	room: string;
	channel: OdooChannel;
	/** All who came so far, others than these are told apart by their streams. */
	guests: readonly { id: string; stream: string }[];
}

async function newPage({ browser }: Place): Promise<Page> {
	const context = await browser.newContext();
	await context.addInitScript(watchConnections);
	return context.newPage();
}

const regrouped = (found: readonly [id: string, track: string][]): Tracks => {
	const all: Tracks = {};
	for (const [id, track] of found) all[id] = [...(all[id] ?? []), track];
	return all;
};

export const enter = {
	async native(place: Place): Promise<Guest> {
		const page = await newPage(place);
		await enterBySdk(page, place.stack.url, place.room, await place.stack.tokenFor(place.room, "nat"));
		const stream = await streamSentFrom(page);
		return new Guest({ page, id: "nat", stream, tracks: () => tracksBySdk(page), leave: () => leaveBySdk(page) });
	},

	async odoo(place: Place): Promise<Guest> {
		const page = await enterChannel(await newPage(place), place.stack.url, place.channel, 7);
		await upload(page, ["audio", "camera"]);
		const leave = () =>
			page.evaluate(() => (window as unknown as { client: { disconnect(): void } }).client.disconnect());
		const stream = await streamSentFrom(page);
		return new Guest({ page, id: "7", stream, tracks: () => tracksOf(page), leave });
	},

	/** It knows others' tracks by who announced them. */
	async talksy(place: Place): Promise<Guest> {
		const page = await newPage(place);
		const person = await TalksyPerson.join(page, place.stack.url, place.room, {
			simulcast: false,
			token: await place.stack.tokenFor(place.room, "tal"),
		});
		const tracks = async () => {
			const [shown, available] = [await person.shown(), await person.available()];
			return regrouped(shown.map(({ track }) => [available[track]?.client_id ?? "", track]));
		};
		await page.waitForFunction(() => (window as unknown as { talksy: { id: string } }).talksy.id !== "");
		const stream = await streamSentFrom(page);
		const errors = () => person.errors();
		return new Guest({ page, id: await person.id, stream, tracks, leave: () => person.leave(), errors });
	},

	/** It is told of nothing but streams. */
	async pion(place: Place): Promise<Guest> {
		const page = await newPage(place);
		const token = await place.stack.tokenFor(place.room, "pia");
		const person = await PionPerson.join(page, place.stack.url, "pia", place.room, `/?token=${token}`);
		const tracks = async () => {
			const ids = new Map(place.guests.map(({ id, stream }) => [stream, id]));
			return regrouped((await person.shown()).map(({ stream, track }) => [ids.get(stream) ?? stream, track]));
		};
		const stream = await streamSentFrom(page);
		const errors = () => person.errors();
		return new Guest({ page, id: "pia", stream, tracks, leave: () => person.leave(), errors });
	},

	async tribe(place: Place): Promise<Guest> {
		const page = await newPage(place);
		const person = await TribePerson.join(page, place.stack.url, place.stack.authKey, "tia", place.room);
		const stream = await streamSentFrom(page);
		const tracks = () => person.tracks();
		const errors = () => person.errors();
		return new Guest({ page, id: person.socketId, stream, tracks, leave: () => person.leave(), errors });
	},
};
