/** A track of one's own: what is published under one id, whatever device feeds it and whatever node carries it. */
import type { types } from "mediasoup-client";
import type { LocalTrack, PublishOptions } from "./api.ts";
import { openDevices } from "./capture.ts";
import { hide, makeElement, show } from "./elements.ts";
import { SwitchyardError } from "./error.ts";
import { Latest } from "./latest.ts";

export interface LocalTrackPort {
	/** Tells the room, where it knows of the track. */
	mute(track: LocalTrackImpl, muted: boolean): Promise<void>;
	stopped(track: LocalTrackImpl): void;
}

export class LocalTrackImpl implements LocalTrack {
	readonly id: string;
	readonly kind: "audio" | "video";
	readonly options: PublishOptions;
	readonly #port: LocalTrackPort;
	readonly #elements = new Set<HTMLMediaElement>();
	#media: MediaStreamTrack;
	#muted: boolean;
	/** The sender has, or has not, its track. */
	#fed: Promise<void> = Promise.resolve();
	#stopped = false;
	/** Of the media side in force. */
	#producer: types.Producer | undefined;
	/** Of the one before, while it goes on. */
	#former: types.Producer | undefined;
	/** What the room wants of it: all until it says otherwise. */
	#demand = Number.POSITIVE_INFINITY;
	readonly #limiting = new Latest<number>(() => this.#limit());
	published = false;
	/** What sends it to others directly, in a mesh. */
	readonly direct = new Set<RTCRtpSender>();
	/** Changes of `muted` on their way to the room; what the room says meanwhile is older. */
	muting = 0;
	/** The room was told of it, on the media side in force or as going directly, and knows its id. */
	announced = false;

	constructor(id: string, media: MediaStreamTrack, options: PublishOptions, port: LocalTrackPort) {
		this.id = id;
		this.kind = media.kind as "audio" | "video";
		this.options = options;
		this.#port = port;
		this.#media = media;
		this.#muted = options.muted ?? false;
		this.#take(media);
	}

	get source(): PublishOptions["source"] {
		return this.options.source;
	}
	get metadata(): unknown {
		return this.options.metadata;
	}
	get mediaStreamTrack(): MediaStreamTrack {
		return this.#media;
	}
	get muted(): boolean {
		return this.#muted;
	}
	get stopped(): boolean {
		return this.#stopped;
	}
	get producer(): types.Producer | undefined {
		return this.#producer;
	}

	async mute(): Promise<void> {
		await this.#setMuted(true);
	}

	async unmute(): Promise<void> {
		await this.#setMuted(false);
	}

	async replace(media: MediaStreamTrack): Promise<void> {
		if (this.#stopped) throw new SwitchyardError("track_ended", "this track was stopped");
		if (media.kind !== this.kind) throw new SwitchyardError("bad_request", `not ${this.kind}`);
		const former = this.#media;
		if (media === former) return;
		await this.#feed(media);
		this.#media = media;
		this.#release(former);
		this.#take(media);
		for (const element of this.#elements) {
			show(element, media);
			hide(element, former);
		}
	}

	async switchDevice(deviceId: string): Promise<void> {
		const { source } = this;
		if (source !== "audio" && source !== "camera") {
			throw new SwitchyardError("bad_request", "only a microphone or a camera is a device");
		}
		const wish = { ...this.#media.getConstraints(), deviceId: { exact: deviceId } };
		// Phones open one camera at a time: the former is closed first.
		if (this.kind === "video" && this.#media.readyState === "live") {
			this.#media.removeEventListener("ended", this.#onEnded);
			this.#media.stop();
		}
		try {
			const [media] = await openDevices({ [this.kind]: wish });
			if (!media) throw new SwitchyardError("device_not_found", "no such device");
			if (this.#stopped) media.stop();
			else await this.replace(media);
		} catch (error) {
			if (this.#media.readyState === "ended") this.stop();
			throw error;
		}
	}

	stop(): void {
		if (this.#stopped) return;
		this.#stopped = true;
		this.#release(this.#media);
		this.detach();
		this.#port.stopped(this);
		this.release();
	}

	attach<E extends HTMLMediaElement = HTMLMediaElement>(element?: E): E {
		const target = element ?? (makeElement(this.kind) as E);
		// Nobody wants to hear themselves.
		target.muted = true;
		this.#elements.add(target);
		show(target, this.#media);
		return target;
	}

	detach(element?: HTMLMediaElement): void {
		for (const one of element ? [element] : [...this.#elements]) {
			if (this.#elements.delete(one)) hide(one, this.#media);
		}
	}

	/** It is sent by this one now. */
	sentBy(producer: types.Producer): void {
		this.#producer = producer;
		// It was muted or replaced since it was handed over.
		if (this.#muted || producer.track !== this.#media) this.#feed(this.#media).catch(() => {});
		if (this.#demand !== Number.POSITIVE_INFINITY) this.applyDemand(this.#demand);
	}

	/** It is not sent any more by what sent it. */
	release(): void {
		this.leaveSide();
		this.announced = false;
		this.published = false;
	}

	/** No media side sends it: it goes directly. */
	leaveSide(): void {
		this.endFormer();
		this.#producer?.close();
		this.#producer = undefined;
	}

	/** The next media side takes over: what sends it now goes on beside the one that follows. */
	handOver(): void {
		this.endFormer();
		this.#former = this.#producer;
		this.#producer = undefined;
	}

	endFormer(): void {
		this.#former?.close();
		this.#former = undefined;
	}

	/** Nobody wants more of it than this layer; with -1, nothing of it at all. */
	applyDemand(layer: number): void {
		this.#demand = layer;
		// A sender that is gone has nothing to limit.
		this.#limiting.set(layer).catch(() => {});
	}

	/** An encoding that is not active costs neither CPU nor bandwidth, and no negotiation either way. */
	async #limit(): Promise<void> {
		const sender = this.#producer?.rtpSender;
		const parameters = sender?.getParameters();
		if (!sender || !parameters?.encodings?.length) return;
		const several = parameters.encodings.length > 1;
		let changed = false;
		for (const [layer, encoding] of parameters.encodings.entries()) {
			const active = this.#demand >= (several ? layer : 0);
			if ((encoding.active ?? true) === active) continue;
			encoding.active = active;
			changed = true;
		}
		if (changed) await sender.setParameters(parameters);
	}

	/** True when that changed something. */
	applyMuted(muted: boolean): boolean {
		if (this.#muted === muted || this.#stopped) return false;
		this.#muted = muted;
		this.#media.enabled = !muted;
		this.#fed = this.#feed(this.#media).catch(() => {});
		return true;
	}

	/**
	 * What is muted is not sent: the sender is left without a track, which unlike an inactive media section takes no
	 * negotiation. (Chromium goes on with padding for two seconds, to keep its estimate of the bandwidth.)
	 */
	async #feed(media: MediaStreamTrack): Promise<void> {
		const senders = [this.#producer?.rtpSender, this.#former?.rtpSender, ...this.direct];
		await Promise.all(senders.map((sender) => sender?.replaceTrack(this.#muted ? null : media)));
	}

	async #setMuted(muted: boolean): Promise<void> {
		if (this.#stopped) throw new SwitchyardError("track_ended", "this track was stopped");
		if (!this.applyMuted(muted)) return;
		this.muting++;
		try {
			// The node asks for a key frame as soon as it hears of it, so there must be somebody to ask.
			await this.#fed;
			await this.#port.mute(this, muted);
		} finally {
			this.muting--;
		}
	}

	#take(media: MediaStreamTrack): void {
		media.enabled = !this.#muted;
		media.addEventListener("ended", this.#onEnded);
	}

	#release(media: MediaStreamTrack): void {
		media.removeEventListener("ended", this.#onEnded);
		media.stop();
	}

	/** Unplugged, or the share was ended in the browser's own bar. `stop()` of a page fires no such event. */
	readonly #onEnded = () => this.stop();
}
