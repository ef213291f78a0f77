/** What receivers of altered video have bandwidth for: the encoder of each follows its weakest receiver. */
import type { WebRtcTransport } from "mediasoup/types";
import * as z from "zod";
import type { Endpoint } from "../rtc/endpoint.ts";
import type { RoomTrack } from "../rtc/tracks.ts";
import { VIDEO_BITRATE } from "./codecs.ts";

const LOOK_MS = 250;
/** A change of less than this part is none. */
const STEP = 0.05;

/** Of what mediasoup tells of its congestion control. */
const Bwe = z.object({ availableBitrate: z.number().positive() });

interface Followed {
	tracks: readonly RoomTrack[];
	set: (bitrate: number) => void;
	last: number;
}

export class Bandwidth {
	readonly #endpoints: ReadonlyMap<string, Endpoint>;
	readonly #followed = new Map<object, Followed>();
	/** What congestion control found last, bit/s. */
	readonly #available = new WeakMap<WebRtcTransport, number>();
	readonly #watched = new WeakSet<WebRtcTransport>();
	#timer: NodeJS.Timeout | undefined;

	constructor(endpoints: ReadonlyMap<string, Endpoint>) {
		this.#endpoints = endpoints;
	}

	/** From now on this is told what the weakest receiver of these tracks can take. */
	follow(owner: object, tracks: readonly RoomTrack[], set: (bitrate: number) => void): void {
		const video = tracks.filter(({ kind }) => kind === "video");
		this.forget(owner);
		if (video.length === 0) return;
		this.#followed.set(owner, { tracks: video, set, last: VIDEO_BITRATE.first });
		this.#timer ??= setInterval(() => this.#look(), LOOK_MS);
	}

	forget(owner: object): void {
		this.#followed.delete(owner);
		if (this.#followed.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	close(): void {
		this.#followed.clear();
		clearInterval(this.#timer);
	}

	#look(): void {
		for (const followed of this.#followed.values()) {
			let least = Number.POSITIVE_INFINITY;
			for (const { subscriptions } of this.#endpoints.values()) {
				for (const track of followed.tracks) least = Math.min(least, this.#shareOf(subscriptions, track));
			}
			if (least === Number.POSITIVE_INFINITY) continue;
			const bitrate = Math.round(Math.min(VIDEO_BITRATE.most, Math.max(VIDEO_BITRATE.least, least)));
			if (Math.abs(bitrate - followed.last) < followed.last * STEP) continue;
			followed.last = bitrate;
			followed.set(bitrate);
		}
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
