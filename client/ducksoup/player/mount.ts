/** The element of a page that shows and plays what comes. */
export class Mount {
	readonly #root: HTMLElement;
	readonly #size: { width?: number; height?: number };

	constructor(root: HTMLElement, size: { width?: number; height?: number }) {
		this.#root = root;
		this.#size = size;
		root.replaceChildren();
	}

	add({ track, streams: [stream] }: RTCTrackEvent): void {
		const element = track.kind === "video" ? this.#video() : document.createElement("audio");
		element.id = track.id;
		element.autoplay = true;
		element.srcObject = stream ?? new MediaStream([track]);
		this.#root.append(element);
		const remove = () => this.#remove(element);
		stream?.addEventListener("removetrack", ({ track: gone }) => gone === track && remove());
		track.addEventListener("ended", remove);
	}

	clear(): void {
		for (const element of this.#root.querySelectorAll("audio, video")) this.#remove(element as HTMLMediaElement);
	}

	/** Its stream has the sound as well, which an element of its own plays: both would play it twice. */
	#video(): HTMLVideoElement {
		const video = document.createElement("video");
		const { width, height } = this.#size;
		video.muted = true;
		video.playsInline = true;
		video.style.width = width ? `${width}px` : "100%";
		if (height && width) video.style.height = `${height}px`;
		return video;
	}

	#remove(element: HTMLMediaElement): void {
		element.srcObject = null;
		element.remove();
	}
}
