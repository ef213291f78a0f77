/** A received track: outlives the media side it comes by, and tells the room how it is seen. */
import type { Layer, Publication, Quality, RemoteParticipant, RemoteTrack, Source } from "./api.ts";
import { ElementSizes } from "./element-sizes.ts";
import { hide, makeElement, show } from "./elements.ts";
import type { Choice } from "./subscriptions.ts";

export interface TrackPort {
	adaptive: boolean;
	choose(choice: Choice): Promise<void>;
	keyFrame(): Promise<void>;
}

export class RemoteTrackImpl implements RemoteTrack {
	readonly publication: Publication;
	readonly kind: "audio" | "video";
	#media: MediaStreamTrack;
	#layer: Layer | null | undefined;
	#paused = false;
	readonly #port: TrackPort;
	readonly #elements = new Set<HTMLMediaElement>();
	#sizes: ElementSizes | undefined;

	constructor(publication: Publication, media: MediaStreamTrack, port: TrackPort) {
		this.publication = publication;
		this.kind = media.kind as "audio" | "video";
		this.#media = media;
		this.#port = port;
	}

	get id(): string {
		return this.publication.id;
	}
	get source(): Source {
		return this.publication.source;
	}
	get participant(): RemoteParticipant {
		return this.publication.participant;
	}
	get muted(): boolean {
		return this.publication.muted;
	}
	get mediaStreamTrack(): MediaStreamTrack {
		return this.#media;
	}
	get paused(): boolean {
		return this.#paused;
	}
	get currentLayer(): Layer | null | undefined {
		return this.#layer;
	}

	attach<E extends HTMLMediaElement = HTMLMediaElement>(element?: E): E {
		const target = element ?? (makeElement(this.kind) as E);
		this.#elements.add(target);
		show(target, this.#media);
		if (this.kind === "video" && this.#port.adaptive) {
			this.#sizes ??= new ElementSizes((size) => this.#ask({ size }));
			this.#sizes.add(target);
		}
		return target;
	}

	detach(element?: HTMLMediaElement): HTMLMediaElement[] {
		const from = element ? [element].filter((one) => this.#elements.has(one)) : [...this.#elements];
		for (const one of from) {
			this.#elements.delete(one);
			this.#sizes?.remove(one);
			hide(one, this.#media);
		}
		return from;
	}

	setQuality(quality: Quality | Layer): void {
		this.#ask({ layer: typeof quality === "object" ? quality : this.#capFor(quality) });
	}

	pause(): void {
		if (this.#paused) return;
		this.#paused = true;
		this.#ask({ paused: true });
	}

	resume(): void {
		if (!this.#paused) return;
		this.#paused = false;
		this.#ask({ paused: false });
	}

	setPriority(priority: number): void {
		this.#ask({ priority: Math.min(255, Math.max(1, Math.round(priority))) });
	}

	requestKeyFrame(): Promise<void> {
		return this.#port.keyFrame();
	}

	/** The media side moved: the same track comes by another way. */
	swap(media: MediaStreamTrack): void {
		if (media === this.#media) return;
		const former = this.#media;
		this.#media = media;
		for (const element of this.#elements) {
			show(element, media);
			hide(element, former);
		}
	}

	setLayer(layer: Layer | null): void {
		this.#layer = layer;
	}

	close(): void {
		this.detach();
		this.#sizes?.close();
	}

	/** `low`, `medium` and `high` are the lowest, middle and highest of the layers there are. */
	#capFor(quality: Quality): Layer | null {
		const highest = Math.max(0, (this.publication.layers?.length ?? 3) - 1);
		switch (quality) {
			case "auto":
				return null;
			case "low":
				return { spatial: 0 };
			case "medium":
				return { spatial: Math.ceil(highest / 2) };
			case "high":
				return { spatial: highest };
		}
	}

	#ask(choice: Choice): void {
		// A wish about how to receive it; one that comes too late, or for a track that has just gone, does no harm.
		this.#port.choose(choice).catch(() => {});
	}
}
