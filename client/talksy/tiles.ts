/** What is shown of each stream, and the sizes of it that the server is told. */
import type { ClientStats } from "../../shared/talksy.ts";

/** Nobody is told more often of an element's size, ms. */
const SIZE_MS = 1_000;

interface Tile {
	figure: HTMLElement;
	video: HTMLVideoElement;
	caption: HTMLElement;
	name: string;
	visible: boolean;
}

export class Tiles {
	readonly #tiles = new Map<string, Tile>();
	readonly #place: HTMLElement;
	readonly #onSize: (track: string, width: number, height: number) => void;
	readonly #told = new Map<string, string>();
	readonly #views: IntersectionObserver;
	readonly #sizes = setInterval(() => this.#tellSizes(), SIZE_MS);

	constructor(place: HTMLElement, onSize: (track: string, width: number, height: number) => void) {
		this.#place = place;
		this.#onSize = onSize;
		this.#views = new IntersectionObserver((entries) => {
			for (const { target, isIntersecting } of entries) {
				for (const tile of this.#tiles.values()) if (tile.figure === target) tile.visible = isIntersecting;
			}
		});
	}

	/** `own`: is muted, and nobody is told of its size. */
	show(stream: MediaStream, name: string, own = false): void {
		if (this.#tiles.has(stream.id)) return;
		const figure = document.createElement("figure");
		const video = document.createElement("video");
		const caption = document.createElement("figcaption");
		Object.assign(video, { id: stream.id, autoplay: true, playsInline: true, muted: own, srcObject: stream });
		if (own) figure.dataset.own = "";
		caption.textContent = name;
		figure.append(video, caption);
		this.#place.append(figure);
		this.#tiles.set(stream.id, { figure, video, caption, name, visible: true });
		this.#views.observe(figure);
	}

	remove(id: string): void {
		const tile = this.#tiles.get(id);
		if (!tile) return;
		this.#views.unobserve(tile.figure);
		tile.figure.remove();
		tile.video.srcObject = null;
		this.#tiles.delete(id);
	}

	speaking(id: string, speaks: boolean): void {
		this.#tiles.get(id)?.figure.classList.toggle("speaking", speaks);
	}

	name(id: string, name: string): void {
		const tile = this.#tiles.get(id);
		if (tile) tile.caption.textContent = tile.name = name;
	}

	/** Beside each picture: what comes of it. */
	measure({ sent_track_stats }: ClientStats): void {
		for (const [id, { caption, name, video }] of this.#tiles) {
			const lines = sent_track_stats
				.filter(({ stream_id }) => stream_id === id)
				.map(({ kind, codec, current_bitrate, packets_lost, quality }) => {
					const size = kind === "video" ? ` ${video.videoWidth}×${video.videoHeight}, quality ${quality}` : "";
					return `${codec} ${Math.round(current_bitrate / 1_000)} kbit/s, ${packets_lost} lost${size}`;
				});
			if (lines.length > 0) caption.textContent = [name, ...lines].join("\n");
		}
	}

	clear(): void {
		clearInterval(this.#sizes);
		for (const id of [...this.#tiles.keys()]) this.remove(id);
	}

	#tellSizes(): void {
		for (const { figure, video, visible } of this.#tiles.values()) {
			const [track] = (video.srcObject as MediaStream | null)?.getVideoTracks() ?? [];
			if (!track || "own" in figure.dataset) continue;
			const shown = visible && !document.hidden;
			const scale = shown ? devicePixelRatio : 0;
			const [width, height] = [video.clientWidth * scale, video.clientHeight * scale];
			const size = `${Math.round(width)}×${Math.round(height)}`;
			if (this.#told.get(track.id) === size) continue;
			this.#told.set(track.id, size);
			this.#onSize(track.id, width, height);
		}
	}
}
