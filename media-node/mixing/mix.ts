/**
 * The mix of one receiver: whatever it is to receive of others is in it. When that changes a new mix is made beside the
 * one there is, and its receiver goes over when that runs: nobody who stays is interrupted.
 */
import type { RtpCapabilities } from "mediasoup/types";
import type { TrackSettings } from "../../shared/media.ts";
import { hardware } from "../effects/available.ts";
import type { Bandwidth } from "../effects/bandwidth.ts";
import { isDecodable } from "../effects/codecs.ts";
import type { Log } from "../observability/logger.ts";
import type { Home } from "../rtc/home.ts";
import { OVERLAP_MS, type SubscribedTrack } from "../rtc/subscriptions.ts";
import type { RoomTrack } from "../rtc/tracks.ts";
import { MixRun } from "./run.ts";
import type { VideoCodec } from "./text.ts";

/** Who joins publishes several tracks within this, ms: one mix for all of them. */
const SETTLE_MS = 200;
/** As many as are still to be made out, and as can be decoded at once. */
const MOST = { audio: 32, video: 9 };
/** Pipelines that ended one after the other: then its receiver gets the tracks themselves. */
const MOST_FAILURES = 4;
/** Those before one that comes so long after them are none of those, ms. */
const STEADY_MS = 30_000;

export interface MixHost {
	home: Promise<Home>;
	log: Log;
	/** What the receiver can decode; undefined: any of what browsers can. */
	capabilities(): RtpCapabilities | undefined;
	/** What its line takes. */
	bandwidth: Bandwidth;
	/** These are the mix now; what is not among them ended. */
	mixed(tracks: readonly RoomTrack[]): void;
	/** It cannot be mixed here: the receiver gets the tracks themselves. */
	failed(tracks: readonly { published: RoomTrack; settings: TrackSettings }[]): void;
	/** More or less is wanted of what is mixed. */
	onWants(): void;
}

interface Part {
	published: RoomTrack;
	settings: TrackSettings;
}

export class Mix {
	readonly #host: MixHost;
	readonly #parts = new Map<string, Part>();
	#run: MixRun | undefined;
	/** What is in the one that runs. */
	#made: readonly RoomTrack[] = [];
	#timer: NodeJS.Timeout | undefined;
	#making: Promise<void> = Promise.resolve();
	/** What its line was found to take, bit/s. */
	#bitrate: number | undefined;
	#failures = 0;
	#failedAt = 0;
	#closed = false;

	constructor(host: MixHost) {
		this.#host = host;
	}

	get tracks(): IterableIterator<string> {
		return this.#parts.keys();
	}

	/** What is received for it. */
	get inputs(): readonly SubscribedTrack[] {
		return this.#run?.inputs ?? [];
	}

	/** Of its pipeline. */
	get pid(): number | undefined {
		return this.#run?.pid;
	}

	has(track: string): boolean {
		return this.#parts.has(track);
	}

	/** In it from now on, or with other settings. */
	set(published: RoomTrack, settings: TrackSettings): void {
		this.#parts.set(published.id, { published, settings });
		this.#later();
	}

	/** A track has another source. */
	follow(track: RoomTrack): void {
		const part = this.#parts.get(track.id);
		if (part && part.published !== track) this.set(track, part.settings);
	}

	tune(track: string, settings: TrackSettings): void {
		const part = this.#parts.get(track);
		if (part) this.set(part.published, settings);
	}

	/** Somebody was muted or is not any more. */
	refresh(track: string): void {
		if (this.#parts.has(track)) this.#later();
	}

	drop(track: string): void {
		if (this.#parts.delete(track)) this.#later();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#host.bandwidth.forget(this);
		this.#run?.close();
		this.#run = undefined;
	}

	#later(): void {
		if (this.#closed) return;
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.#making = this.#making.then(() => this.#make());
		}, SETTLE_MS);
	}

	async #make(): Promise<void> {
		if (this.#closed) return;
		const tracks = this.#chosen();
		const codec = codecFor(this.#host.capabilities());
		const same = tracks.length === this.#made.length && tracks.every((track, i) => track === this.#made[i]);
		if (same && this.#run?.codec === codec) return;
		const former = this.#run;
		if (tracks.length === 0) {
			this.#run = undefined;
			this.#made = [];
			this.#host.mixed([]);
			former?.close();
			return;
		}
		try {
			const home = await this.#host.home;
			const run = await MixRun.open(home, { tracks, codec, hardware: await hardware() }, "mix");
			if (this.#bitrate !== undefined) run.bitrate = this.#bitrate;
			if (this.#closed) return run.close();
			this.#run = run;
			this.#made = tracks;
			this.#watch(run);
			this.#host.mixed(run.tracks);
			this.#host.onWants();
			this.#host.bandwidth.follow(this, run.tracks, (bitrate) => {
				this.#bitrate = bitrate;
				run.bitrate = bitrate;
			});
			// Its receiver shows the former one until the new one has a frame.
			if (former) setTimeout(() => former.close(), OVERLAP_MS).unref();
		} catch (error) {
			this.#host.log.warn({ err: error }, "no mix");
			this.#fail();
		}
	}

	#watch(run: MixRun): void {
		for (const input of run.inputs) {
			input.onEnded = () => {
				// Told by the room as well, unless the track comes from elsewhere by now.
				if (this.#run === run && this.#parts.get(input.track)?.published === input.published) this.drop(input.track);
			};
		}
		void run.ended.then((end) => {
			if (this.#closed || this.#run !== run) return;
			this.#host.log.warn(end, "a mix ended");
			this.#made = [];
			this.#run = undefined;
			run.close();
			this.#fail();
		});
	}

	#fail(): void {
		if (this.#closed) return;
		const now = Date.now();
		if (now - this.#failedAt > STEADY_MS) this.#failures = 0;
		this.#failedAt = now;
		if (++this.#failures <= MOST_FAILURES) return this.#later();
		const parts = [...this.#parts.values()];
		this.close();
		this.#host.mixed([]);
		this.#host.failed(parts);
	}

	/** Pictures in the order in which they came, as many as there is room for. */
	#chosen(): RoomTrack[] {
		const there = [...this.#parts.values()].filter(({ published: { closed, kind, muted, mimeType }, settings }) => {
			// Of a camera that is off the last picture would stay, and one that cannot be decoded takes nobody's place.
			return !closed && !settings.paused && !(muted && kind === "video") && isDecodable(mimeType);
		});
		return (["audio", "video"] as const).flatMap((kind) =>
			there
				.filter(({ published }) => published.kind === kind)
				.flatMap(({ published }) => published)
				.slice(0, MOST[kind]),
		);
	}
}

/** VP8 costs less to make; H264 is for those who have nothing else. */
function codecFor(capabilities: RtpCapabilities | undefined): VideoCodec {
	const known = capabilities?.codecs;
	const has = (mimeType: string) => known?.some((codec) => codec.mimeType.toLowerCase() === mimeType) ?? true;
	return !has("video/vp8") && has("video/h264") ? "H264" : "VP8";
}
