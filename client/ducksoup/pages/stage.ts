/** Who is seen and heard: a picture for each stream. */
import { button, h } from "../../demo/dom.ts";
import { icon } from "../../demo/icons.ts";

export class Stage {
	readonly element = h("div", { class: "stage" });
	readonly #tiles = new Map<string, HTMLElement>();
	readonly #names = new Map<string, string>();
	readonly #own: string;
	readonly #mirror: boolean;

	/** `mirror`: what comes is one's own. */
	constructor(own: string, mirror: boolean) {
		this.#own = own;
		this.#mirror = mirror;
		this.clear();
	}

	clear(): void {
		for (const video of this.element.querySelectorAll("video")) video.srcObject = null;
		this.#tiles.clear();
		this.#names.clear();
		this.element.replaceChildren(h("p", { class: "stage-empty hint" }, "Pictures appear here once it runs."));
	}

	local(stream: MediaStream): void {
		const tile = this.#tile("local", this.#own, stream, true);
		tile.classList.add("local");
	}

	track({ track, streams: [stream] }: RTCTrackEvent): void {
		const { id } = stream ?? {};
		if (!stream || !id) return;
		const name = this.#mirror ? "You, as others get you" : (this.#names.get(id) ?? "Somebody");
		const tile = this.#tiles.get(id) ?? this.#tile(id, name, stream, false);
		if (track.kind === "video") tile.classList.add("seen");
		stream.addEventListener("removetrack", () => {
			if (stream.getTracks().length === 0) this.#remove(id);
		});
	}

	name(streamId: string, name: string): void {
		this.#names.set(streamId, name);
		const caption = this.#tiles.get(streamId)?.querySelector("figcaption span");
		if (caption) caption.textContent = name;
	}

	left(streamId: string): void {
		this.#remove(streamId);
	}

	#remove(id: string): void {
		this.#tiles.get(id)?.remove();
		this.#tiles.delete(id);
	}

	#tile(id: string, name: string, stream: MediaStream, silent: boolean): HTMLElement {
		this.element.querySelector(".stage-empty")?.remove();
		const video = h("video", { autoplay: true, playsInline: true, muted: silent, srcObject: stream });
		const size = h("small", {});
		const note = () => {
			if (video.videoWidth) size.textContent = `${video.videoWidth} × ${video.videoHeight}`;
		};
		video.addEventListener("resize", note);
		video.addEventListener("loadedmetadata", note);
		const sound = button({ class: "sound small", aria: { label: `Sound of ${name}`, pressed: "true" } }, () => {
			video.muted = !video.muted;
			sound.setAttribute("aria-pressed", String(!video.muted));
			sound.replaceChildren(icon("sound"), video.muted ? "Silent" : "Sound");
		});
		sound.append(icon("sound"), "Sound");
		const caption = h("figcaption", {}, h("span", {}, name), size, !silent && sound);
		const tile = h("figure", { class: "tile", data: { stream: id } }, video, caption);
		if (silent && stream.getVideoTracks().length > 0) tile.classList.add("seen");
		this.#tiles.set(id, tile);
		this.element.append(tile);
		return tile;
	}
}
