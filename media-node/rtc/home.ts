/**
 * Where a room's media lives on this node: one router on one worker for now. Whatever spreads a room over several
 * workers replaces what is in here, and gives each endpoint the router it belongs to.
 */
import type { Router } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import { SpeakerObserver, type Speakers } from "./speakers.ts";
import type { MediaWorker, Workers } from "./workers.ts";

export interface Home {
	media: MediaWorker;
	router: Router;
	speakers: SpeakerObserver;
}

export interface HomeEvents {
	onSpeakers(news: Speakers): void;
	/** The worker died, and all that lived there with it. */
	onLost(): void;
}

export class RoomHome {
	readonly #workers: Workers;
	readonly #events: HomeEvents;
	#home: Promise<Home> | undefined;
	#closed = false;

	constructor(workers: Workers, events: HomeEvents) {
		this.#workers = workers;
		this.#events = events;
	}

	/** Made when it is first asked for, and again after it was lost. */
	get(): Promise<Home> {
		if (!this.#home) {
			const home = this.#make();
			this.#home = home;
			home
				.then(({ router }) => router.observer.once("close", () => this.#lose(home)))
				.catch(() => {
					if (this.#home === home) this.#home = undefined;
				});
		}
		return this.#home;
	}

	close(): void {
		this.#closed = true;
		void this.#home?.then(({ router }) => router.close()).catch(() => {});
		this.#home = undefined;
	}

	async #make(): Promise<Home> {
		const { media, router } = await this.#workers.createRouter();
		if (this.#closed) {
			router.close();
			throw new SwitchyardError("stale_endpoint", "the room was dropped meanwhile");
		}
		const speakers = await SpeakerObserver.on(router, (news) => this.#events.onSpeakers(news));
		return { media, router, speakers };
	}

	#lose(home: Promise<Home>): void {
		if (this.#closed || this.#home !== home) return;
		this.#home = undefined;
		this.#events.onLost();
	}
}
