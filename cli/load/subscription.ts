/** One track as one watcher receives it. */
import type { PublishedTrack } from "./publisher.ts";

/** Without a packet for longer, a picture has visibly stopped. */
export const FROZEN_MS = 500;

export class Subscription {
	readonly track: PublishedTrack;
	/** From the start of the watcher's join to the first packet. */
	firstPacketMs: number | undefined;
	/** In the measured time. */
	longestGap = 0;
	/** Of video: gaps over FROZEN_MS. */
	freezes = 0;
	received = 0;
	lost = 0;
	readonly #packets: () => number;
	#before = { sent: 0, packets: 0 };
	/** When the last packet came; undefined outside the measured time. */
	#last: number | undefined;

	/** `packets` counts what has come of the track. */
	constructor(track: PublishedTrack, packets: () => number) {
		this.track = track;
		this.#packets = packets;
	}

	/** A packet came, at a time of `performance`. */
	packet(at: number): void {
		if (this.#last === undefined) return;
		this.#gap(at - this.#last);
		this.#last = at;
	}

	/** The measured time begins. */
	begin(at: number): void {
		this.#last = at;
		this.#before = { sent: this.track.sent, packets: this.#packets() };
	}

	/** The last packet has been sent. */
	end(at: number): void {
		if (this.#last !== undefined) this.#gap(at - this.#last);
		this.#last = undefined;
	}

	/** Counts, once what is under way has come. What was under way when it began makes up for a packet or two. */
	settle(): void {
		this.received = this.#packets() - this.#before.packets;
		this.lost = Math.max(0, this.track.sent - this.#before.sent - this.received);
	}

	#gap(ms: number): void {
		this.longestGap = Math.max(this.longestGap, ms);
		if (this.track.kind === "video" && ms > FROZEN_MS) this.freezes++;
	}
}
