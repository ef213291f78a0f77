/** One line above the call: what is not as it should be, and what is done about it. */
import type { Room } from "../sdk/index.ts";
import { button, h } from "./dom.ts";
import { icon } from "./icons.ts";

/** What is over sooner is not worth telling, ms. */
const PATIENCE_MS = 1_200;

export class Banner {
	readonly element = h("div", { class: "banner", hidden: true, role: "status" });
	readonly #room: Room;
	readonly #unblock: () => Promise<void>;
	#blocked = false;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(room: Room, unblock: () => Promise<void>) {
		this.#room = room;
		this.#unblock = unblock;
		room.on("stateChanged", () => this.#soon());
		room.on("mediaStateChanged", () => this.#soon());
		room.on("topologyChanged", () => this.#soon());
		this.#soon();
	}

	/** The browser plays no sound yet. */
	set blocked(blocked: boolean) {
		this.#blocked = blocked;
		this.#soon();
	}

	close(): void {
		clearTimeout(this.#timer);
	}

	#soon(): void {
		clearTimeout(this.#timer);
		const isGood = this.#text() === undefined;
		this.#timer = setTimeout(() => this.#show(), isGood ? 0 : PATIENCE_MS);
	}

	#show(): void {
		const text = this.#text();
		this.element.hidden = text === undefined;
		this.element.replaceChildren();
		if (text === undefined) return;
		if (this.#isBlocked()) {
			const play = button({ class: "small primary", id: "unblock" }, () => this.#unblock(), "Play sound");
			this.element.append(icon("sound"), text, play);
		} else this.element.append(h("span", { class: "spinner" }), text);
	}

	#isBlocked(): boolean {
		return this.#blocked && this.#waiting() === undefined;
	}

	#text(): string | undefined {
		return this.#waiting() ?? (this.#blocked ? "Your browser keeps the sound off until you ask for it." : undefined);
	}

	#waiting(): string | undefined {
		const { state, mediaState, node, topology } = this.#room;
		if (state === "reconnecting") return "Connection lost. Reconnecting…";
		if (state === "closed") return undefined;
		const isCut = mediaState === "disconnected";
		if (!node && topology === "sfu")
			return isCut ? "Audio and video wait for a media node…" : "No media node yet, waiting… Chat works meanwhile.";
		// `new` and `connecting` may last as long as nobody sends anything.
		return isCut ? "Audio and video were interrupted. They come back on another way…" : undefined;
	}
}
