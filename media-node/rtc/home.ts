/**
 * Where a room's media lives on this node: a router on one worker, and more on others once that one is full. The first
 * is where tracks from and to other nodes go through; when it dies the room begins anew here.
 */
import type { Router } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import { mergeSpeakers, type Speakers } from "../../shared/speakers.ts";
import { SpeakerObserver } from "./speakers.ts";
import type { MediaWorker, Workers } from "./workers.ts";

export interface Home {
	media: MediaWorker;
	router: Router;
	speakers: SpeakerObserver;
}

export interface HomeEvents {
	onSpeakers(news: Speakers): void;
	/** The worker of a router died, and all that lived there with it; without one: of the first, and all is lost. */
	onLost(home?: Home): void;
}

export class RoomHome {
	readonly #workers: Workers;
	readonly #events: HomeEvents;
	/** The first is the one tracks go through. */
	#homes: Promise<Home>[] = [];
	readonly #speaking = new Map<Home, Speakers>();
	#closed = false;

	constructor(workers: Workers, events: HomeEvents) {
		this.#workers = workers;
		this.#events = events;
	}

	/** The first, made when it is first asked for, and again after it was lost. */
	get(): Promise<Home> {
		return this.#homes[0] ?? this.#add();
	}

	/** For one more participant: the first with room left, on another worker when those in use are full. */
	async pick(): Promise<Home> {
		// The first is waited for even when it turns out full: it is needed in any case.
		await this.get();
		for (const home of await Promise.all(this.#homes)) if (!this.#workers.isFull(home.media)) return home;
		const used = new Set((await Promise.all(this.#homes)).map(({ media }) => media));
		const spare = this.#workers.all.some((media) => !used.has(media) && !this.#workers.isFull(media));
		if (spare) return this.#add(used);
		// All are full: the least of them.
		const homes = await Promise.all(this.#homes);
		return homes.toSorted((a, b) => a.media.consumers - b.media.consumers)[0] ?? this.get();
	}

	/** Tells once more who speaks, if anybody does: it is told only when it changes. */
	repeatSpeakers(): void {
		if ([...this.#speaking.values()].some(({ speakers }) => speakers.length > 0)) this.#tellSpeakers();
	}

	close(): void {
		this.#closed = true;
		for (const home of this.#homes.splice(0)) void home.then(({ router }) => router.close()).catch(() => {});
	}

	#add(without: ReadonlySet<MediaWorker> = new Set()): Promise<Home> {
		const home = this.#make(without);
		this.#homes.push(home);
		home
			.then((made) => made.router.observer.once("close", () => this.#lose(home, made)))
			.catch(() => {
				this.#homes = this.#homes.filter((it) => it !== home);
			});
		return home;
	}

	async #make(without: ReadonlySet<MediaWorker>): Promise<Home> {
		const { media, router } = await this.#workers.createRouter(without);
		if (this.#closed) {
			router.close();
			throw new SwitchyardError("stale_endpoint", "the room was dropped meanwhile");
		}
		const home: Partial<Home> = { media, router };
		home.speakers = await SpeakerObserver.on(router, (news) => {
			this.#speaking.set(home as Home, news);
			this.#tellSpeakers();
		});
		return home as Home;
	}

	#tellSpeakers(): void {
		this.#events.onSpeakers(mergeSpeakers(this.#speaking.values()));
	}

	#lose(home: Promise<Home>, made: Home): void {
		this.#speaking.delete(made);
		if (this.#closed || !this.#homes.includes(home)) return;
		if (this.#homes[0] !== home) {
			this.#homes = this.#homes.filter((it) => it !== home);
			this.#tellSpeakers();
			this.#events.onLost(made);
			return;
		}
		for (const other of this.#homes.splice(0)) {
			if (other !== home) void other.then(({ router }) => router.close()).catch(() => {});
		}
		this.#events.onLost();
	}
}
