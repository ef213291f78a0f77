/**
 * What receivers of altered video have bandwidth for: the encoder of each follows its weakest receiver, wherever that
 * is. Of tracks that come from another node, that node is told, by way of the room.
 */
import type { WebRtcTransport } from "mediasoup/types";
import * as z from "zod";
import type { Endpoint } from "../rtc/endpoint.ts";
import type { RoomTrack } from "../rtc/tracks.ts";
import { VIDEO_BITRATE } from "./codecs.ts";

const LOOK_MS = 250;
/** A change of less than this part is none. */
const STEP = 0.05;
/** Another node is told no more often than this, and by then in any case, ms. */
const RELAY_MS = 1_000;
const REPEAT_MS = 5_000;
/** What another node told holds for so long, ms: it, its receivers or what it told last may be gone. */
const HOLD_MS = 12_000;

/** Of what mediasoup tells of its congestion control. */
const Bwe = z.object({ availableBitrate: z.number().positive() });

interface Followed {
	tracks: readonly RoomTrack[];
	set: (bitrate: number) => void;
	last: number;
	/** It is another node's: when that was told last. */
	toldAt?: number;
}

interface Limit {
	bitrate: number;
	until: number;
}

export class Bandwidth {
	readonly #endpoints: ReadonlyMap<string, Endpoint>;
	readonly #followed = new Map<object, Followed>();
	/** What congestion control found last, bit/s. */
	readonly #available = new WeakMap<WebRtcTransport, number>();
	readonly #watched = new WeakSet<WebRtcTransport>();
	/** By track and the node that told it. */
	readonly #limits = new Map<string, Map<number, Limit>>();
	#timer: NodeJS.Timeout | undefined;

	constructor(endpoints: ReadonlyMap<string, Endpoint>) {
		this.#endpoints = endpoints;
	}

	/** From now on this is told what the weakest receiver of these tracks can take. */
	follow(owner: object, tracks: readonly RoomTrack[], set: (bitrate: number) => void): void {
		const video = tracks.filter(({ kind }) => kind === "video");
		this.forget(owner);
		if (video.length === 0) return;
		this.#follow(owner, { tracks: video, set, last: VIDEO_BITRATE.first });
	}

	/** Tells the node where it is encoded, until the track is closed. */
	relay(track: RoomTrack, tell: (bitrate: number) => void): void {
		this.#follow(track, { tracks: [track], set: tell, last: 0, toldAt: 0 });
	}

	/** Told by another node of its receivers. */
	limit(track: string, from: number, bitrate: number): void {
		if (![...this.#followed.values()].some(({ tracks }) => tracks.some(({ id }) => id === track))) return;
		const limits = this.#limits.get(track) ?? new Map<number, Limit>();
		this.#limits.set(track, limits.set(from, { bitrate, until: Date.now() + HOLD_MS }));
	}

	forget(owner: object): void {
		this.#followed.delete(owner);
		if (this.#followed.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#limits.clear();
	}

	close(): void {
		this.#followed.clear();
		clearInterval(this.#timer);
	}

	#follow(owner: object, followed: Followed): void {
		this.#followed.set(owner, followed);
		this.#timer ??= setInterval(() => this.#look(Date.now()), LOOK_MS);
	}

	#look(now: number): void {
		for (const [owner, followed] of this.#followed) {
			if (followed.tracks.every(({ closed }) => closed)) {
				this.forget(owner);
				continue;
			}
			const least = this.#leastOf(followed, now);
			if (least === Number.POSITIVE_INFINITY) continue;
			const bitrate = Math.round(Math.min(VIDEO_BITRATE.most, Math.max(VIDEO_BITRATE.least, least)));
			const same = Math.abs(bitrate - followed.last) < followed.last * STEP;
			if (followed.toldAt === undefined) {
				if (same) continue;
			} else {
				if (now - followed.toldAt < (same ? REPEAT_MS : RELAY_MS)) continue;
				followed.toldAt = now;
			}
			followed.last = bitrate;
			followed.set(bitrate);
		}
	}

	/** Infinite where nobody receives it, or nothing is known of those who do. */
	#leastOf({ tracks, toldAt }: Followed, now: number): number {
		let least = Number.POSITIVE_INFINITY;
		for (const { subscriptions } of this.#endpoints.values()) {
			for (const track of tracks) least = Math.min(least, this.#shareOf(subscriptions, track));
		}
		// What other nodes told is for the encoder, which is here.
		if (toldAt !== undefined) return least;
		for (const { id } of tracks) {
			const limits = this.#limits.get(id);
			for (const [from, { bitrate, until }] of limits ?? []) {
				if (until < now) limits?.delete(from);
				else least = Math.min(least, bitrate);
			}
		}
		return least;
	}

	/** A receiver's bandwidth is for all the video that it gets on the same way, in equal parts. */
	#shareOf(subscriptions: Endpoint["subscriptions"], track: RoomTrack): number {
		const own = subscriptions.get(track.id);
		if (own?.published !== track || !own.transport || own.consumer?.paused) return Number.POSITIVE_INFINITY;
		this.#watch(own.transport);
		const available = this.#available.get(own.transport);
		if (available === undefined) return Number.POSITIVE_INFINITY;
		let videos = 0;
		for (const { published, transport, consumer } of subscriptions.values()) {
			if (published.kind === "video" && transport === own.transport && !consumer?.paused) videos++;
		}
		return available / Math.max(1, videos);
	}

	#watch(transport: WebRtcTransport): void {
		if (this.#watched.has(transport)) return;
		this.#watched.add(transport);
		transport.on("trace", ({ type, info }) => {
			const found = type === "bwe" ? Bwe.safeParse(info) : undefined;
			if (found?.success) this.#available.set(transport, found.data.availableBitrate);
		});
		transport.enableTraceEvent(["bwe"]).catch(() => {});
	}
}
