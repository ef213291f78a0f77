/**
 * What is done to what one participant sends: a pipeline for its audio and its video together, which takes the place
 * of both for all who receive them. While there is none, or after it has died, they get them as they are.
 */
import { type EffectControl, type EffectsState, type EffectsWish, keepControl } from "../../shared/effects.ts";
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { Log } from "../observability/logger.ts";
import { errorBody } from "../rtc/errors.ts";
import type { Inlet, RoomTrack } from "../rtc/tracks.ts";
import type { Bandwidth } from "./bandwidth.ts";
import { isDecodable } from "./codecs.ts";
import { Restarts } from "./restarts.ts";
import { Crashed, Running, type RunSettings } from "./running.ts";

/**
 * A participant publishes its tracks one after the other: so long the pipeline waits for more of them, ms. The first one
 * waits no longer when there are a sound and a picture.
 */
const GATHER_MS = 250;
/** Kept while a pipeline starts. */
const MOST_CONTROLS = 1_000;

export interface EffectsHost {
	/** From now on receivers get what comes from there. */
	alter(dry: RoomTrack, inlet: Promise<Inlet>): RoomTrack | undefined;
	/** Receivers get what is published again. */
	restore(dry: RoomTrack): void;
	/** Towards those who receive a track now. */
	bandwidth: Bandwidth;
	report(state: EffectsState, error?: ErrorBody): void;
	settings(): Promise<RunSettings>;
	log: Log;
}

/** A track that is to be altered; until its first pipeline runs, receivers wait for that. */
interface Altered {
	dry: RoomTrack;
	first?: { inlet: PromiseWithResolvers<Inlet>; wet: RoomTrack | undefined };
}

export class ParticipantEffects {
	readonly #host: EffectsHost;
	/** What effects are for, in the order of their coming. */
	readonly #published = new Set<RoomTrack>();
	readonly #altered = new Map<RoomTrack, Altered>();
	readonly #restarts = new Restarts();
	#wish: EffectsWish | undefined;
	#told: string | undefined;
	#running: Running | undefined;
	/** Grows with all that makes what is being built void. */
	#version = 0;
	/** What was set while a pipeline starts. */
	#controls: EffectControl[] = [];
	#starting = false;
	#timer: NodeJS.Timeout | undefined;
	#state: { state: EffectsState; error?: ErrorBody } | undefined;
	#closed = false;

	constructor(host: EffectsHost) {
		this.#host = host;
	}

	/** Told the same again, it goes on. */
	set(wish: EffectsWish): void {
		const { audio, video } = wish;
		const told = JSON.stringify(wish);
		if (told === this.#told || this.#closed) return;
		this.#told = told;
		this.#restarts.forget();
		if (audio || video) {
			this.#wish = structuredClone(wish);
			for (const track of this.#published) this.#include(track, false);
			this.#build(0);
			return;
		}
		this.#wish = undefined;
		this.#stop();
		this.#state = undefined;
	}

	/** Its participant publishes a track. */
	add(track: RoomTrack): void {
		if ((track.source !== "audio" && track.source !== "camera") || track.kind === "data") return;
		this.#published.add(track);
		if (!this.#wish) return;
		this.#include(track, !this.#restarts.givenUp);
		if (!this.#altered.has(track)) this.#tellRefused();
	}

	remove(track: RoomTrack): void {
		const was = this.#published.delete(track);
		const altered = this.#altered.get(track);
		if (!altered) {
			// It may have been what was in the way.
			const refused = was && this.#state?.error?.code === "unsupported" && !this.#restarts.givenUp;
			if (refused && this.#running && !this.#tellRefused()) this.#tell("live");
			return;
		}
		this.#altered.delete(track);
		altered.first?.inlet.reject(new SwitchyardError("not_found", "unpublished"));
		if (this.#altered.size === 0) return this.#stop();
		// Given up: no other takes its place, and it is there for nobody.
		const used = [...(this.#running?.strands.keys() ?? [])].some((it) => this.#altered.has(it));
		if (this.#restarts.givenUp && !used) this.#retire();
		this.#build(GATHER_MS);
	}

	control(control: EffectControl): void {
		// A pipeline that takes its place begins with that, and one that is starting gets it when it has.
		if (!this.#wish || !keepControl(this.#wish, control)) return;
		this.#told = JSON.stringify(this.#wish);
		if (this.#starting && this.#controls.length < MOST_CONTROLS) this.#controls.push({ ...control, duration: 0 });
		this.#running?.control(control);
	}

	/** For a room that lost sight of it. */
	describe(): void {
		if (this.#state) this.#host.report(this.#state.state, this.#state.error);
	}

	close(): void {
		this.#closed = true;
		this.#version++;
		clearTimeout(this.#timer);
		this.#host.bandwidth.forget(this);
		this.#running?.close();
		for (const { first } of this.#altered.values()) first?.inlet.reject(new SwitchyardError("stale_endpoint"));
	}

	/** `waits`: whoever is to receive it waits for what comes of it. */
	#include(dry: RoomTrack, waits: boolean): void {
		if (this.#altered.has(dry) || !isDecodable(dry.mimeType)) return;
		const altered: Altered = { dry };
		this.#altered.set(dry, altered);
		if (waits) {
			const inlet = Promise.withResolvers<Inlet>();
			inlet.promise.catch(() => {});
			altered.first = { inlet, wet: this.#host.alter(dry, inlet.promise) };
		}
		const kinds = new Set([...this.#altered.keys()].map(({ kind }) => kind));
		this.#build(!this.#running && kinds.size > 1 ? 0 : GATHER_MS);
	}

	#build(inMs: number): void {
		if (this.#closed || this.#restarts.givenUp) return;
		const version = ++this.#version;
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#make(version), inMs);
	}

	async #make(version: number): Promise<void> {
		const wish = this.#wish;
		const tracks = [...this.#altered.keys()];
		if (!wish) return;
		if (tracks.length === 0) return void this.#tellRefused();
		let running: Running | undefined;
		this.#controls = [];
		this.#starting = true;
		try {
			running = await Running.start(tracks, wish, await this.#host.settings());
		} catch (error) {
			if (version !== this.#version) return;
			this.#host.log.warn({ err: error }, "no effects");
			// Where only another track was to come, those that have these effects keep them.
			const kept = this.#running?.wish === wish ? this.#running.strands : undefined;
			if (!kept) this.#retire();
			if (error instanceof Crashed) return this.#again(error.message, kept);
			// It would not be otherwise the next time.
			this.#restarts.giveUp();
			return this.#dry("failed", errorBody(error), kept);
		}
		if (version !== this.#version || this.#closed) return running.close();
		const former = this.#running;
		this.#running = running;
		const wet = new Map<RoomTrack, RoomTrack>();
		for (const [dry, { inlet }] of running.strands) {
			const altered = this.#altered.get(dry);
			if (!altered) continue;
			altered.first?.inlet.resolve(inlet);
			const made = altered.first ? altered.first.wet : this.#host.alter(dry, Promise.resolve(inlet));
			altered.first = undefined;
			if (made) wet.set(dry, made);
		}
		former?.retire();
		this.#starting = false;
		for (const control of this.#controls.splice(0)) running.control(control);
		running.begin(wet);
		this.#host.bandwidth.follow(this, [...wet.values()], (bitrate) => running.setBitrate(bitrate));
		if (!this.#tellRefused()) this.#tell("live");
		const end = await running.ended;
		if (this.#running !== running || this.#closed) return;
		this.#onDied(end.cause === "finished" ? "it ended" : end.message);
	}

	#onDied(message: string): void {
		this.#version++;
		this.#retire();
		this.#again(message);
	}

	/** After a pause, unless it has died too often. */
	#again(message: string, kept?: Running["strands"]): void {
		const pause = this.#restarts.next();
		this.#dry(pause === undefined ? "failed" : "dry", { code: "node_failed", message }, kept);
		if (pause !== undefined) this.#build(pause);
	}

	#dry(state: EffectsState, error: ErrorBody, except?: Running["strands"]): void {
		this.#restoreAll(except);
		this.#tell(state, error);
	}

	/** Receivers are told of what is published first, so that what they waited for is no failure to them. */
	#restoreAll(except?: Running["strands"]): void {
		for (const altered of this.#altered.values()) {
			if (except?.has(altered.dry)) continue;
			this.#host.restore(altered.dry);
			altered.first?.inlet.reject(new SwitchyardError("node_failed", "no effects"));
			altered.first = undefined;
		}
	}

	#stop(): void {
		this.#version++;
		clearTimeout(this.#timer);
		this.#restoreAll();
		this.#altered.clear();
		this.#retire();
	}

	/** Of what ran until now, if anything did. */
	#retire(): void {
		this.#host.bandwidth.forget(this);
		const former = this.#running;
		this.#running = undefined;
		former?.retire();
	}

	/** Of what is to be altered and cannot be; the rest may be. */
	#tellRefused(): boolean {
		const refused = [...this.#published].find((track) => {
			return track.kind !== "data" && this.#wish?.[track.kind] && !isDecodable(track.mimeType);
		});
		if (refused) this.#tell("failed", { code: "unsupported", message: `no effects on ${refused.mimeType}` });
		return refused !== undefined;
	}

	#tell(state: EffectsState, error?: ErrorBody): void {
		this.#state = { state, error };
		this.#host.report(state, error);
	}
}
