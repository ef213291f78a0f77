/** One person, or one shared screen, in the grid. */
import type { LocalTrack, Participant, Quality, RemoteTrack } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { icon } from "./icons.ts";

const QUALITIES: readonly Quality[] = ["auto", "high", "medium", "low"];

export class Tile {
	readonly element: HTMLElement;
	readonly screen: boolean;
	pinned = false;
	/** The user pinned or unpinned it. */
	onPin: () => void = () => {};
	readonly #video = h("video", { autoplay: true, playsInline: true, hidden: true });
	readonly #audio = h("audio", { autoplay: true });
	readonly #name = h("span", { class: "tile-name" });
	readonly #muted = h("span", { class: "tile-muted", hidden: true, title: "Muted" }, icon("micOff"));
	readonly #bars = h("span", { class: "bars", hidden: true }, h("i"), h("i"), h("i"));
	readonly #avatar = h("div", { class: "avatar", aria: { hidden: "true" } });
	readonly #away = h("div", { class: "tile-away", hidden: true }, "Reconnecting…");
	#shown: RemoteTrack | LocalTrack | undefined;
	#quality: Quality = "auto";

	constructor(participant: Pick<Participant, "id" | "name">, { own, screen }: { own: boolean; screen: boolean }) {
		this.screen = screen;
		const source = screen ? "screen" : "camera";
		if (!own) Object.assign(this.#video.dataset, { participant: participant.id, source });
		if (!own) this.#audio.dataset.participant = participant.id;
		if (own && !screen) this.#video.classList.add("mirrored");
		this.#video.muted = true;
		const menu = this.#menu(own);
		this.element = h(
			"article",
			{ class: `tile${screen ? " tile-screen" : ""}`, data: { tile: participant.id, source } },
			this.#avatar,
			this.#video,
			this.#audio,
			this.#away,
			h("footer", { class: "tile-bar" }, this.#muted, this.#name, this.#bars),
			menu,
		);
		this.rename(participant, own);
	}

	rename({ id, name }: Pick<Participant, "id" | "name">, own: boolean): void {
		const text = name || "Guest";
		this.#name.textContent = `${own ? "You" : text}${this.screen ? (own ? "r screen" : "’s screen") : ""}`;
		this.#avatar.textContent = initials(text);
		this.element.style.setProperty("--hue", String(hueOf(id)));
	}

	/** Shows a video track, or none. */
	show(track: RemoteTrack | LocalTrack | undefined): void {
		if (this.#shown !== track) {
			this.#shown?.detach(this.#video);
			this.#shown = track;
			track?.attach(this.#video);
			if (track && "setQuality" in track) track.setQuality(this.#quality);
		}
		this.#video.hidden = !track || track.muted;
	}

	/** Plays an audio track. */
	play(track: RemoteTrack): void {
		track.attach(this.#audio);
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
		this.#bars.dataset.level = score === undefined ? "" : score >= 7 ? "3" : score >= 4 ? "2" : "1";
		this.#bars.title = `Connection ${score ?? "?"} of 10`;
	}

	set quality(quality: Quality) {
		this.#quality = quality;
		if (this.#shown && "setQuality" in this.#shown) this.#shown.setQuality(quality);
	}

	remove(): void {
		this.show(undefined);
		this.element.remove();
	}

	#menu(own: boolean): HTMLElement {
		const pin = h("button", { type: "button", title: "Pin" }, icon("pin"));
		pin.addEventListener("click", () => {
			this.pinned = !this.pinned;
			pin.classList.toggle("on", this.pinned);
			this.onPin();
		});
		const select = h(
			"select",
			{ aria: { label: "Quality" }, title: "Quality" },
			...QUALITIES.map((it) => h("option", { value: it }, it[0]?.toUpperCase() + it.slice(1))),
		);
		select.addEventListener("change", () => {
			this.quality = select.value as Quality;
		});
		return h("div", { class: "tile-menu" }, !own && select, pin);
	}
}

function initials(name: string): string {
	const words = name.trim().split(/\s+/);
	return ((words[0]?.[0] ?? "") + (words.length > 1 ? (words.at(-1)?.[0] ?? "") : "")).toUpperCase();
}

/** The same colour for the same person, everywhere. */
function hueOf(id: string): number {
	let hash = 0;
	for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 360;
	return hash;
}
