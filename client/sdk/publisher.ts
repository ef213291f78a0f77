/** Everything this participant sends: put on each media side as it comes, under the same ids. */
import type { ChannelOptions, PublishOptions } from "./api.ts";
import { LocalChannel } from "./channels.ts";
import { planVideo, sizeOf } from "./encodings.ts";
import type { Endpoint } from "./endpoint.ts";
import { SwitchyardError } from "./error.ts";
import { LocalTrackImpl } from "./local-track.ts";
import type { RequestInput, RequestType, TrackMedia } from "./wire.ts";

export interface PublisherPort {
	request<T extends RequestType>(type: T, body: RequestInput<T>): Promise<unknown>;
	published(track: LocalTrackImpl): void;
	unpublished(track: LocalTrackImpl): void;
	muted(track: LocalTrackImpl): void;
	/** What goes directly has changed. */
	directChanged(): void;
}

/** Refusals after which a track waits for the next media side. */
const NEXT_SIDE: ReadonlySet<string> = new Set(["stale_endpoint", "session_gone", "no_node"]);
/** Refusals after which it is tried again, unless a next media side comes first. */
const AGAIN: ReadonlySet<string> = new Set(["node_failed", "rate_limited"]);
const AGAIN_MS = 2_000;
const TRIES = 3;

interface Waiter {
	resolve: (track: LocalTrackImpl) => void;
	reject: (error: unknown) => void;
}

export class Publisher {
	readonly tracks = new Map<string, LocalTrackImpl>();
	readonly channels = new Map<string, LocalChannel>();
	readonly #port: PublisherPort;
	readonly #waiters = new Map<string, Waiter>();
	#endpoint: Endpoint | undefined;
	#direct = false;

	constructor(port: PublisherPort) {
		this.#port = port;
	}

	/** Resolves when the node receives it, on this media side or a later one; in a mesh, when the room knows of it. */
	publish(media: MediaStreamTrack, options: PublishOptions): Promise<LocalTrackImpl> {
		if (media.readyState === "ended") return Promise.reject(new SwitchyardError("track_ended", "the track has ended"));
		const track = new LocalTrackImpl(newTrackId(), media, options, {
			mute: (of, muted) => this.#mute(of, muted),
			stopped: (of) => this.#stopped(of),
		});
		this.tracks.set(track.id, track);
		return new Promise((resolve, reject) => {
			this.#waiters.set(track.id, { resolve, reject });
			if (this.#direct) void this.#announce(track);
			else if (this.#endpoint) void this.#send(this.#endpoint, track);
		});
	}

	openChannel(label: string, options: ChannelOptions): LocalChannel {
		const channel = new LocalChannel(newTrackId(), label, options, (of) => {
			this.channels.delete(of.id);
			if (of.announced) this.#unpublish(of.id);
		});
		this.channels.set(channel.id, channel);
		if (this.#direct) void this.#announceData(channel);
		else if (this.#endpoint) void this.#sendData(this.#endpoint, channel);
		return channel;
	}

	/** Whether the room is a mesh: tracks need no media side then. */
	setDirect(direct: boolean): void {
		if (this.#direct === direct) return;
		this.#direct = direct;
		const endpoint = this.#endpoint;
		for (const track of this.tracks.values()) {
			if (direct) {
				if (!track.published) void this.#announce(track);
			} else if (endpoint && !track.producer) void this.#send(endpoint, track);
		}
		for (const channel of this.channels.values()) {
			if (direct) void this.#announceData(channel);
			else {
				channel.goDirect(false);
				if (endpoint && !channel.sent) void this.#sendData(endpoint, channel);
			}
		}
	}

	/** The media side has ended, and what it carried goes directly. */
	leaveSide(): void {
		this.#endpoint = undefined;
		for (const track of this.tracks.values()) track.leaveSide();
		for (const channel of this.channels.values()) channel.leaveSide();
	}

	/** A new media side, or none. What the former one carried goes on by the new one. */
	moveTo(endpoint: Endpoint | undefined): void {
		this.#endpoint = endpoint;
		for (const track of this.tracks.values()) track.release();
		for (const channel of this.channels.values()) channel.release();
		if (!endpoint) return;
		// In one tick: mediasoup-client takes them one after the other.
		for (const track of this.tracks.values()) void this.#send(endpoint, track);
		for (const channel of this.channels.values()) void this.#sendData(endpoint, channel);
	}

	/**
	 * A media side to move to. What the former one carries goes on there as well, until `endFormer`. Resolves when the
	 * new one carries all of it, or cannot.
	 */
	async handOver(endpoint: Endpoint): Promise<void> {
		this.#endpoint = endpoint;
		for (const track of this.tracks.values()) track.handOver();
		for (const channel of this.channels.values()) channel.release();
		for (const channel of this.channels.values()) void this.#sendData(endpoint, channel);
		await Promise.all([...this.tracks.values()].map((track) => this.#send(endpoint, track)));
	}

	/** Nothing goes by the former media side any more. */
	endFormer(): void {
		for (const track of this.tracks.values()) track.endFormer();
	}

	/** The room says that it has no such track (any more). It is sent again on the next media side. */
	lost(id: string): void {
		const track = this.tracks.get(id);
		if (track) track.published = track.announced = false;
	}

	stopAll(): void {
		for (const track of [...this.tracks.values()]) track.stop();
		for (const channel of [...this.channels.values()]) channel.close();
	}

	async #send(endpoint: Endpoint, track: LocalTrackImpl, tries = 1): Promise<void> {
		const { options, mediaStreamTrack: media } = track;
		const size = sizeOf(media);
		const plan = track.kind === "video" ? planVideo(size, options) : {};
		const codec =
			options.codec && endpoint.sendCodecs.find((one) => one.mimeType.toLowerCase() === `video/${options.codec}`);
		let answer: Promise<unknown> | undefined;
		const announce = (parameters: TrackMedia) => {
			if (endpoint !== this.#endpoint || track.stopped) return;
			track.announced = true;
			answer = this.#port.request("publish", {
				endpoint: endpoint.id,
				track: track.id,
				source: track.source,
				media: parameters,
				muted: track.muted,
				layers: plan.layers,
				metadata: options.metadata,
			});
			// Awaited below, once the producer is there.
			answer.catch(() => {});
		};
		try {
			if (options.codec && track.kind === "video" && !codec) {
				throw new SwitchyardError("unsupported", `this browser or the room has no ${options.codec}`);
			}
			const producer = await endpoint.produce(
				{
					track: media,
					encodings: plan.encodings,
					codec: track.kind === "video" ? codec : undefined,
					codecOptions:
						track.kind === "audio"
							? { opusDtx: track.source === "audio", opusFec: true, opusStereo: track.source === "screenAudio" }
							: { videoGoogleStartBitrate: 1_000 },
					// Devices and their `enabled` are this SDK's own.
					stopTracks: false,
					disableTrackOnPause: false,
				},
				track.id,
				announce,
			);
			if (endpoint !== this.#endpoint || track.stopped) {
				producer.close();
				return;
			}
			track.sentBy(producer);
			await answer;
			if (endpoint !== this.#endpoint || track.stopped) return;
			this.#known(track);
		} catch (error) {
			// The media side went away under it: the next one gets it.
			if (endpoint !== this.#endpoint || endpoint.closed || track.stopped) return;
			const code = error instanceof SwitchyardError ? error.code : "";
			if (NEXT_SIDE.has(code)) track.release();
			else if (AGAIN.has(code) && tries < TRIES) {
				track.release();
				setTimeout(() => {
					if (endpoint === this.#endpoint && !track.stopped) void this.#send(endpoint, track, tries + 1);
				}, AGAIN_MS);
			} else this.#fail(track, error);
		}
	}

	/** Tells the room of a track that goes directly. */
	async #announce(track: LocalTrackImpl, tries = 1): Promise<void> {
		const { id, source, muted, options } = track;
		track.announced = true;
		try {
			await this.#port.request("publish", { track: id, source, muted, metadata: options.metadata });
			if (!track.stopped) this.#known(track);
		} catch (error) {
			if (!this.#direct || track.stopped) return;
			track.announced = false;
			const code = error instanceof SwitchyardError ? error.code : "";
			if (NEXT_SIDE.has(code)) return;
			if (AGAIN.has(code) && tries < TRIES) {
				setTimeout(() => {
					if (this.#direct && !track.stopped) void this.#announce(track, tries + 1);
				}, AGAIN_MS);
			} else this.#fail(track, error);
		}
	}

	async #announceData(channel: LocalChannel): Promise<void> {
		const { id, label } = channel;
		channel.announced = true;
		try {
			await this.#port.request("publish", { track: id, source: "data", label });
		} catch (error) {
			if (!this.#direct || channel.state === "closed") return;
			channel.announced = false;
			if (error instanceof SwitchyardError && NEXT_SIDE.has(error.code)) return;
			console.warn("switchyard: a data channel was refused", error);
			channel.close();
			return;
		}
		if (!this.#direct || channel.state === "closed") return;
		channel.goDirect(true);
		this.#port.directChanged();
	}

	/** The others can have it. */
	#known(track: LocalTrackImpl): void {
		track.published = true;
		this.#port.directChanged();
		const waiter = this.#waiters.get(track.id);
		// On a later media side it is the same track, published as before.
		if (!waiter) return;
		this.#waiters.delete(track.id);
		waiter.resolve(track);
		this.#port.published(track);
	}

	async #sendData(endpoint: Endpoint, channel: LocalChannel): Promise<void> {
		const { ordered, maxRetransmits, maxPacketLifeTime, protocol } = channel.options;
		try {
			const producer = await endpoint.produceData(
				{ ordered, maxRetransmits, maxPacketLifeTime, label: channel.label, protocol },
				channel.id,
				(media) => {
					if (endpoint !== this.#endpoint || channel.state === "closed") return;
					channel.announced = true;
					this.#port
						.request("publish", { endpoint: endpoint.id, track: channel.id, source: "data", media })
						.catch((error: unknown) => {
							if (endpoint !== this.#endpoint || endpoint.closed) return;
							if (error instanceof SwitchyardError && NEXT_SIDE.has(error.code)) return;
							console.warn("switchyard: a data channel was refused", error);
							channel.announced = false;
							channel.close();
						});
				},
			);
			if (endpoint !== this.#endpoint || channel.state === "closed") producer.close();
			else channel.sentBy(producer);
		} catch (error) {
			if (endpoint !== this.#endpoint || endpoint.closed) return;
			console.warn("switchyard: a data channel could not be opened", error);
			channel.announced = false;
			channel.close();
		}
	}

	#fail(track: LocalTrackImpl, error: unknown): void {
		const known =
			error instanceof SwitchyardError ? error : new SwitchyardError("unsupported", String(error), { cause: error });
		this.#waiters.get(track.id)?.reject(known);
		this.#waiters.delete(track.id);
		// Refused: the room has nothing to forget.
		track.announced = false;
		track.stop();
	}

	async #mute(track: LocalTrackImpl, muted: boolean): Promise<void> {
		this.#port.muted(track);
		if (!track.announced) return;
		try {
			await this.#port.request("mute", { track: track.id, muted });
		} catch (error) {
			// Without a media side it is published with the right state later.
			const code = error instanceof SwitchyardError ? error.code : undefined;
			if (code !== "session_gone" && code !== "not_found") throw error;
		}
	}

	#stopped(track: LocalTrackImpl): void {
		this.tracks.delete(track.id);
		if (track.announced) this.#unpublish(track.id);
		this.#waiters.get(track.id)?.reject(new SwitchyardError("track_ended", "stopped before it was published"));
		this.#waiters.delete(track.id);
		this.#port.directChanged();
		this.#port.unpublished(track);
	}

	#unpublish(id: string): void {
		// Gone already, or gone with the session: that is what was wanted.
		this.#port.request("unpublish", { track: id }).catch(() => {});
	}
}

function newTrackId(): string {
	return crypto.randomUUID();
}
