/** A bot that only receives. */
import { Bot } from "../../test/support/bot/bot.ts";
import type { PublishedTrack } from "./publisher.ts";
import { Subscription } from "./subscription.ts";

export class Watcher {
	/** Resolves when every track has sent something. */
	readonly playing: Promise<unknown>;
	readonly subscriptions: readonly Subscription[];
	readonly #bot: Bot;

	private constructor(bot: Bot, tracks: readonly PublishedTrack[], began: number) {
		this.#bot = bot;
		this.subscriptions = tracks.map((track) => new Subscription(track, () => bot.received.get(track.id)?.packets ?? 0));
		this.playing = Promise.all(this.subscriptions.map((it) => this.#watch(it, began)));
	}

	static async join(
		edge: string,
		room: string,
		id: string,
		token: string,
		tracks: readonly PublishedTrack[],
	): Promise<Watcher> {
		const began = performance.now();
		const bot = await Bot.join(edge, room, id, token);
		bot.signal.ws.on("error", () => {});
		return new Watcher(bot, tracks, began);
	}

	/** Of all its tracks. */
	get bytes(): number {
		let sum = 0;
		for (const { bytes } of this.#bot.received.values()) sum += bytes;
		return sum;
	}

	async leave(): Promise<void> {
		await this.#bot.leave();
	}

	async #watch(subscription: Subscription, began: number): Promise<void> {
		const { id } = subscription.track;
		const { lastAt } = await this.#bot.receives(id, 1);
		subscription.firstPacketMs = lastAt - began;
		void this.#follow(subscription);
	}

	/** Packet by packet, for as long as any come. */
	async #follow(subscription: Subscription): Promise<never> {
		for (;;) subscription.packet((await this.#bot.receives(subscription.track.id, 1)).lastAt);
	}
}
