/** The size at which a track is seen: the largest of the elements it is attached to, in device pixels. */
import type { Size } from "./api.ts";

/** Between two hints, ms: layouts are animated, and each hint may cost a key frame. */
const INTERVAL_MS = 333;
/** Out of view for this long is out of view: people scroll past and back, ms. */
const UNSEEN_MS = 1_000;
/** A hidden page, ms. Longer, since switching tabs for a moment is usual. */
const HIDDEN_MS = 5_000;
const MOST = 16_384;

interface Watched {
	seen: boolean;
	/** When it went out of view, by `performance.now()`. */
	unseenSince: number;
}

export class ElementSizes {
	readonly #elements = new Map<HTMLElement, Watched>();
	readonly #onSize: (size: Size) => void;
	readonly #resize = new ResizeObserver(() => this.#soon());
	readonly #intersection = new IntersectionObserver((entries) => {
		for (const entry of entries) {
			const watched = this.#elements.get(entry.target as HTMLElement);
			if (!watched) continue;
			if (watched.seen && !entry.isIntersecting) watched.unseenSince = performance.now();
			watched.seen = entry.isIntersecting;
		}
		this.#soon();
	});
	readonly #onVisibility = () => {
		this.#hiddenSince = document.hidden ? performance.now() : undefined;
		this.#soon();
	};
	#hiddenSince: number | undefined = document.hidden ? performance.now() : undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#lastAt = Number.NEGATIVE_INFINITY;
	#last: Size | undefined;

	constructor(onSize: (size: Size) => void) {
		this.#onSize = onSize;
		document.addEventListener("visibilitychange", this.#onVisibility);
	}

	add(element: HTMLElement): void {
		if (this.#elements.has(element)) return;
		// Not in view until the observer says so, and given the time to.
		this.#elements.set(element, { seen: false, unseenSince: performance.now() });
		this.#resize.observe(element);
		this.#intersection.observe(element);
	}

	remove(element: HTMLElement): void {
		if (!this.#elements.delete(element)) return;
		this.#resize.unobserve(element);
		this.#intersection.unobserve(element);
		this.#soon();
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#resize.disconnect();
		this.#intersection.disconnect();
		document.removeEventListener("visibilitychange", this.#onVisibility);
		this.#elements.clear();
	}

	#soon(): void {
		const wait = Math.max(0, this.#lastAt + INTERVAL_MS - performance.now());
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			this.#tell();
		}, wait);
	}

	#tell(): void {
		// A track in no element is used otherwise (a canvas, a recorder): nothing is known of its size.
		if (this.#elements.size === 0) return;
		const now = performance.now();
		const pageHidden = this.#hiddenSince !== undefined && now - this.#hiddenSince >= HIDDEN_MS;
		let [width, height] = [0, 0];
		let lookAgain = this.#hiddenSince !== undefined && !pageHidden ? this.#hiddenSince + HIDDEN_MS - now : 0;
		for (const [element, { seen, unseenSince }] of this.#elements) {
			const inPicture = document.pictureInPictureElement === element;
			if (!inPicture && !seen && now - unseenSince < UNSEEN_MS) lookAgain = unseenSince + UNSEEN_MS - now;
			else if (!inPicture && (!seen || pageHidden)) continue;
			width = Math.max(width, element.clientWidth);
			height = Math.max(height, element.clientHeight);
		}
		const ratio = globalThis.devicePixelRatio || 1;
		const size = {
			width: Math.min(MOST, Math.round(width * ratio)),
			height: Math.min(MOST, Math.round(height * ratio)),
		};
		if (size.width === 0 || size.height === 0) size.width = size.height = 0;
		if (size.width !== this.#last?.width || size.height !== this.#last.height) {
			// An element without a size yet was just made: it gets a moment before it counts as out of view.
			const isYoung = size.width === 0 && lookAgain > 0;
			if (!isYoung) {
				this.#last = size;
				this.#lastAt = now;
				this.#onSize(size);
			}
		}
		if (lookAgain > 0) {
			this.#timer ??= setTimeout(() => {
				this.#timer = undefined;
				this.#tell();
			}, lookAgain + 1);
		}
	}
}
