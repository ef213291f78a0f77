/** One person, or one shared screen, in the grid. */
import type { LocalTrack, Participant, Quality, RemoteTrack } from "../sdk/index.ts";
import { button, h } from "./dom.ts";
import { hueOf, initials } from "./face.ts";
import { icon } from "./icons.ts";
import { qualityOptions } from "./quality.ts";

/** How long a touch shows what hovering does, ms. */
const TOUCHED_MS = 4_000;

export class Tile {
	readonly element: HTMLElement;
	readonly own: boolean;
	readonly screen: boolean;
	/** The user pinned or unpinned it. */
	onPin: () => void = () => {};
	/** Its picture has another shape now. */
	onAspect: () => void = () => {};
	readonly #video = h("video", { autoplay: true, playsInline: true, muted: true, hidden: true });
	readonly #name = h("span", { class: "tile-name" });
	readonly #muted = h("span", { class: "tile-muted", hidden: true, title: "Muted" }, icon("micOff"));
	readonly #bars = h("span", { class: "bars", hidden: true, role: "img" }, h("i"), h("i"), h("i"));
	readonly #face = h("span", { class: "face" });
	readonly #away = h("div", { class: "tile-away", hidden: true }, h("span", { class: "spinner" }), "Reconnecting…");
	readonly #pin = button(
		{ class: "tile-button", title: "Pin", aria: { pressed: "false" } },
		() => this.onPin(),
		icon("pin"),
	);
	readonly #select = h("select", { title: "Quality" }, ...qualityOptions());
	#shown: RemoteTrack | LocalTrack | undefined;
	#quality: Quality = "auto";
	#untouch: ReturnType<typeof setTimeout> | undefined;

	constructor(participant: Pick<Participant, "id" | "name">, { own, screen }: { own: boolean; screen: boolean }) {
		this.own = own;
		this.screen = screen;
		const source = screen ? "screen" : "camera";
		if (!own) Object.assign(this.#video.dataset, { participant: participant.id, source });
		if (own && !screen) this.#video.classList.add("mirrored");
		this.#video.addEventListener("resize", () => this.onAspect());
		this.element = h(
			"article",
			{ class: `tile${screen ? " tile-screen" : ""}`, data: { tile: participant.id, source } },
			h("div", { class: "avatar", aria: { hidden: "true" } }, this.#face),
			this.#video,
			this.#away,
			h("footer", { class: "tile-bar" }, this.#muted, this.#name, this.#bars),
			this.#menu(),
		);
		this.element.style.setProperty("--hue", String(hueOf(participant.id)));
		this.element.addEventListener("pointerup", ({ pointerType }) => pointerType === "touch" && this.#touch());
		this.rename(participant);
	}

	/** Width over height of what it shows. */
	get aspect(): number {
		const { videoWidth, videoHeight, hidden } = this.#video;
		return hidden || !videoHeight ? 16 / 9 : videoWidth / videoHeight;
	}

	rename({ name }: Pick<Participant, "name">): void {
		const who = name || "Guest";
		const text = this.screen ? (this.own ? "Your screen" : `${who}’s screen`) : this.own ? "You" : who;
		this.#name.textContent = text;
		this.#face.textContent = initials(who);
		this.element.setAttribute("aria-label", text);
		this.#select.setAttribute("aria-label", `Quality of ${text}`);
	}

	/** Shows a video track, or none. */
	show(track: RemoteTrack | LocalTrack | undefined): void {
		if (this.#shown !== track) {
			this.#shown?.detach(this.#video);
			this.#shown = track;
			track?.attach(this.#video);
			this.#ask();
		}
		const hidden = !track || track.muted;
		if (hidden === this.#video.hidden) return;
		this.#video.hidden = hidden;
		this.onAspect();
	}

	set pinned(pinned: boolean) {
		this.#pin.classList.toggle("on", pinned);
		this.#pin.title = pinned ? "Unpin" : "Pin";
		this.#pin.setAttribute("aria-pressed", String(pinned));
	}

	set muted(muted: boolean) {
		this.#muted.hidden = !muted;
	}

	set speaking(speaking: boolean) {
		this.element.classList.toggle("speaking", speaking);
	}

	set away(away: boolean) {
		this.#away.hidden = !away;
	}

	/** 0 to 10. */
	set connection(score: number | undefined) {
		this.#bars.hidden = score === undefined;
		if (score === undefined) return;
		const [level, word] = score >= 7 ? ["3", "good"] : score >= 4 ? ["2", "fair"] : ["1", "poor"];
		this.#bars.dataset.level = level;
		this.#bars.title = `Connection: ${word} (${score} of 10)`;
		this.#bars.setAttribute("aria-label", this.#bars.title);
	}

	set quality(quality: Quality) {
		this.#quality = quality;
		this.#select.value = quality;
		this.#ask();
	}

	remove(): void {
		clearTimeout(this.#untouch);
		this.show(undefined);
		this.element.remove();
	}

	#ask(): void {
		if (this.#shown && "setQuality" in this.#shown) this.#shown.setQuality(this.#quality);
	}

	#menu(): HTMLElement {
		this.#select.addEventListener("change", () => {
			this.quality = this.#select.value as Quality;
		});
		const large = button(
			{ class: "tile-button", title: "Full screen" },
			() => (document.fullscreenElement ? document.exitFullscreen() : this.element.requestFullscreen()),
			icon("expand"),
		);
		large.hidden = !this.screen || !document.fullscreenEnabled;
		return h("div", { class: "tile-menu" }, !this.own && this.#select, large, this.#pin);
	}

	/** Fingers do not hover. */
	#touch(): void {
		this.element.classList.add("touched");
		clearTimeout(this.#untouch);
		this.#untouch = setTimeout(() => this.element.classList.remove("touched"), TOUCHED_MS);
	}
}
