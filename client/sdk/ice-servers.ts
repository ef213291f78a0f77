/** STUN and TURN servers with their credentials: as the room told last, and asked for anew before they expire. */
import type { IceServers } from "./wire.ts";

/** Of their life: then they are asked for anew. */
const RENEW_AT = 0.8;
const RETRY_MS = 60_000;
/** Between two times of asking, however often there is a reason to. */
const SPARE_MS = 5_000;
/** The longest that a timer can wait. */
const LONGEST_MS = 2_147_483_647;

export class IceServerList {
	readonly #ask: () => Promise<IceServers>;
	#servers: RTCIceServer[] = [];
	#timed = false;
	#askedAt = Number.NEGATIVE_INFINITY;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#closed = false;

	/** `ask`: the service. */
	constructor(ask: () => Promise<IceServers>) {
		this.#ask = ask;
	}

	/** For new connections, and for those that look for another path. */
	get servers(): RTCIceServer[] {
		return this.#servers;
	}

	/** Some of them relay. */
	get relays(): boolean {
		return this.#servers.some(({ urls }) => [urls].flat().some((url) => url.startsWith("turn")));
	}

	set({ iceServers, expiresAt }: IceServers): void {
		if (this.#closed) return;
		this.#servers = iceServers;
		this.#timed = expiresAt !== undefined;
		clearTimeout(this.#timer);
		if (expiresAt !== undefined) this.#renewIn((expiresAt - Date.now()) * RENEW_AT);
	}

	/** There are none to relay with so far, and nothing goes without. */
	async requireRelays(): Promise<void> {
		if (!this.relays) await this.#renew();
	}

	/** A path is lost: perhaps because a TURN server is, and others took its place. */
	doubt(): void {
		if (this.#timed && performance.now() - this.#askedAt > SPARE_MS) void this.#renew();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#renewIn(ms: number): void {
		this.#timer = setTimeout(() => void this.#renew(), Math.min(Math.max(ms, SPARE_MS), LONGEST_MS));
	}

	async #renew(): Promise<void> {
		this.#askedAt = performance.now();
		clearTimeout(this.#timer);
		try {
			this.set(await this.#ask());
		} catch (error) {
			console.warn("switchyard: no ICE servers could be had", error);
			if (!this.#closed) this.#renewIn(RETRY_MS);
		}
	}
}
