/** The TURN servers that clients of this hub are told of. */
import type { Env } from "../env.ts";
import { CloudflareTurn } from "../ice/cloudflare.ts";
import type { Relay } from "../ice/relays.ts";
import { iceSettings } from "../ice/settings.ts";
import type { Hub } from "./hubs.ts";
import { hubAt } from "./locate.ts";
import { deadlineOf } from "./registry.ts";
import type { Relays } from "./rpc.ts";
import type { Seats } from "./seats.ts";

/** Told at once. */
const MOST = 256;
/** For so long those of another hub are told without asking it again. */
const ELSEWHERE_MS = 5_000;

export class HubRelays {
	readonly #env: Env;
	readonly #seats: Seats;
	readonly #cloudflare = new CloudflareTurn();
	/** Of other hubs, for want of any here, and until when that is believed. */
	#elsewhere: { relays: Relay[]; until: number } | undefined;

	constructor(env: Env, seats: Seats) {
		this.#env = env;
		this.#seats = seats;
	}

	async from(others: Hub[]): Promise<Relays> {
		const { cloudflare: key, lifeSeconds } = iceSettings(this.#env);
		const [nodes, cloudflare] = await Promise.all([
			this.#near(others),
			key && this.#cloudflare.current(key, lifeSeconds),
		]);
		return { nodes, cloudflare };
	}

	/** Those of this hub's nodes that serve. */
	here(): Relay[] {
		const now = Date.now();
		const relays: Relay[] = [];
		for (const seat of this.#seats.all()) {
			const { id: node, region, turn: urls } = seat.row;
			const serves = urls && seat.load.turn && deadlineOf(seat.row) === undefined && !this.#seats.silent(seat, now);
			if (serves) relays.push({ node, region, urls, place: seat.grant.place });
		}
		return relays.slice(0, MOST);
	}

	/** Of this hub, else of the next that has some; which one that is, is asked as seldom as who is empty. */
	async #near(others: Hub[]): Promise<Relay[]> {
		const here = this.here();
		if (here.length > 0) return here;
		const now = Date.now();
		if (this.#elsewhere && this.#elsewhere.until > now) return this.#elsewhere.relays;
		let relays: Relay[] = [];
		for (const hub of others) {
			relays = await hubAt(this.#env, hub)
				.relaysHere()
				.catch((error: unknown) => {
					console.error({ event: "hub not reached", hub, error: String(error) });
					return [];
				});
			if (relays.length > 0) break;
		}
		this.#elsewhere = { relays, until: now + ELSEWHERE_MS };
		return relays;
	}
}
