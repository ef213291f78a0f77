/** What is asked of others' tracks, gathered: one `subscribe` request for everything of 100 ms, whatever the number of tracks. */
import type { SubscribeDefault } from "./api.ts";
import { SwitchyardError } from "./error.ts";
import type { RequestInput, SubscriptionChange } from "./wire.ts";

const GATHER_MS = 100;
/** As many as one request may name. */
const MOST = 500;
/** After a refusal for sending too fast, ms. */
const SLOW_MS = 1_000;

export type Choice = Omit<SubscriptionChange, "track">;

interface Waiter {
	resolve: () => void;
	reject: (error: unknown) => void;
}

export class Subscriptions {
	default: SubscribeDefault;
	readonly #send: (body: RequestInput<"subscribe">) => Promise<unknown>;
	readonly #exists: (track: string) => boolean;
	/** Everything chosen so far, for a room that forgot it. */
	readonly #chosen = new Map<string, Choice>();
	readonly #changed = new Map<string, Choice>();
	#waiters: Waiter[] = [];
	#timer: ReturnType<typeof setTimeout> | undefined;
	#lastAt = Number.NEGATIVE_INFINITY;

	constructor(
		initial: SubscribeDefault,
		send: (body: RequestInput<"subscribe">) => Promise<unknown>,
		exists: (track: string) => boolean,
	) {
		this.default = initial;
		this.#send = send;
		this.#exists = exists;
	}

	wants(track: string): boolean {
		return this.#chosen.get(track)?.on ?? this.default === "all";
	}

	/** Wanted, and not paused. */
	receives(track: string): boolean {
		return this.wants(track) && !this.#chosen.get(track)?.paused;
	}

	/** Resolves when the room took it. */
	choose(track: string, choice: Choice): Promise<void> {
		this.#chosen.set(track, { ...this.#chosen.get(track), ...choice });
		this.#changed.set(track, { ...this.#changed.get(track), ...choice });
		return new Promise((resolve, reject) => {
			this.#waiters.push({ resolve, reject });
			this.#soon(Math.max(0, this.#lastAt + GATHER_MS - performance.now()));
		});
	}

	/** The track is gone, for all. */
	forget(track: string): void {
		this.#chosen.delete(track);
		this.#changed.delete(track);
	}

	/** Everything again: the session is new and knows nothing of it. */
	repeat(): void {
		for (const [track, choice] of this.#chosen) if (this.#exists(track)) this.#changed.set(track, choice);
		if (this.#changed.size > 0) this.#soon(0);
	}

	close(): void {
		clearTimeout(this.#timer);
		const error = new SwitchyardError("closed", "the room is closed");
		for (const { reject } of this.#waiters.splice(0)) reject(error);
	}

	#soon(wait: number): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			void this.#flush();
		}, wait);
	}

	async #flush(): Promise<void> {
		this.#lastAt = performance.now();
		const waiters = this.#waiters.splice(0);
		// One track that is gone would have the room refuse the rest with it.
		const tracks = [...this.#changed].flatMap(([track, choice]) => (this.#exists(track) ? [{ track, ...choice }] : []));
		this.#changed.clear();
		try {
			for (let at = 0; at < tracks.length; at += MOST) await this.#ask(tracks.slice(at, at + MOST));
			for (const { resolve } of waiters) resolve();
		} catch (error) {
			for (const { reject } of waiters) reject(error);
		}
	}

	async #ask(tracks: SubscriptionChange[]): Promise<void> {
		try {
			await this.#send({ tracks });
		} catch (error) {
			const code = error instanceof SwitchyardError ? error.code : undefined;
			if (code === "not_found") {
				// Unpublished while this was on its way; its event came before the refusal.
				const left = tracks.filter(({ track }) => this.#exists(track));
				if (left.length > 0 && left.length < tracks.length) return this.#ask(left);
				if (left.length === 0) return;
			}
			if (code === "rate_limited") {
				for (const { track, ...choice } of tracks) this.#changed.set(track, { ...choice, ...this.#changed.get(track) });
				this.#soon(SLOW_MS);
				return;
			}
			throw error;
		}
	}
}
