/** One participant of a room, with what can be done about it. */
import type { Participant } from "../../shared/rest.ts";
import type { Source } from "../../shared/tokens.ts";
import { button, h } from "../demo/dom.ts";
import { type Icon, icon } from "../demo/icons.ts";
import { act } from "./act.ts";
import { type Api, pathOf } from "./api.ts";
import { ask } from "./dialog.ts";
import { ago, count, moment } from "./figures.ts";

const SOURCES: Record<Source, { text: string; icon: Icon; muted?: Icon }> = {
	audio: { text: "Microphone", icon: "mic", muted: "micOff" },
	camera: { text: "Camera", icon: "camera", muted: "cameraOff" },
	screen: { text: "Screen", icon: "screen" },
	screenAudio: { text: "Screen sound", icon: "sound" },
	data: { text: "Data", icon: "link" },
};
/** What the API takes for a room's name (shared/ids.ts). */
const ROOM_NAME = "[A-Za-z0-9][A-Za-z0-9._~:\\-]{0,127}";

export class ParticipantRow {
	readonly element = h("li", { class: "person" });
	readonly #api: Api;
	readonly #room: string;
	readonly #refresh: () => Promise<void>;
	readonly #name = h("strong", {});
	readonly #about = h("span", { class: "hint" });
	readonly #tracks = h("ul", { class: "tracks-of" });
	readonly #mute = button({ class: "small" }, () => this.#muteAll(), "Mute");
	readonly #move = button({ class: "small" }, () => this.#moveAway(), "Move");
	readonly #remove = button({ class: "small" }, () => this.#removeIt(), "Remove");
	#participant: Participant;

	constructor(participant: Participant, room: string, api: Api, refresh: () => Promise<void>) {
		this.#participant = participant;
		this.#room = room;
		this.#api = api;
		this.#refresh = refresh;
		this.element.dataset.participant = participant.id;
		this.element.append(
			h("div", { class: "who" }, this.#name, this.#about),
			this.#tracks,
			h("div", { class: "actions" }, this.#mute, this.#move, this.#remove),
		);
		for (const it of [this.#mute, this.#move, this.#remove])
			it.setAttribute("aria-label", `${it.textContent} ${this.#who}`);
	}

	update(participant: Participant): void {
		this.#participant = participant;
		const { id, name, state, joinedAt, node, tracks } = participant;
		this.element.classList.toggle("away", state === "away");
		this.#name.textContent = name || id;
		const parts = [
			name && name !== id ? id : "",
			state === "away" ? "away" : "",
			node ?? "no node yet",
			`joined ${ago(joinedAt)}`,
		];
		this.#about.textContent = parts.filter(Boolean).join(" · ");
		this.#about.title = `Joined ${moment(joinedAt)}`;
		this.#tracks.replaceChildren(
			...(tracks.length === 0 ? [h("li", { class: "hint" }, "Publishes nothing")] : tracks.map(chip)),
		);
		this.#mute.disabled = !tracks.some(canBeMuted);
	}

	get #who(): string {
		return this.#participant.name || this.#participant.id;
	}

	get #path(): string {
		return pathOf(this.#room, this.#participant.id);
	}

	async #muteAll(): Promise<void> {
		const many = this.#participant.tracks.filter(canBeMuted).length;
		const done = `Muted ${count(many, "track")} of ${this.#who}`;
		await act(() => this.#api.post(`${this.#path}/mute`, { muted: true }), done, `Could not mute ${this.#who}`);
		await this.#refresh();
	}

	async #moveAway(): Promise<void> {
		const room = await ask({
			title: `Move ${this.#who}?`,
			text: `They leave ${this.#room} for another room, with the rights they have here.`,
			confirm: "Move",
			field: { label: "To room", required: true, pattern: ROOM_NAME, hint: "Letters, digits, or . _ ~ : -" },
		});
		if (room === undefined) return;
		const done = `Told ${this.#who} to go to ${room}`;
		await act(() => this.#api.post(`${this.#path}/move`, { room }), done, `Could not move ${this.#who}`);
		await this.#refresh();
	}

	async #removeIt(): Promise<void> {
		const reason = await ask({
			title: `Remove ${this.#who}?`,
			text: "They are disconnected. With a token that is still good they can join again.",
			confirm: "Remove",
			danger: true,
			field: { label: "Reason they are told (may be empty)" },
		});
		if (reason === undefined) return;
		const query = reason === "" ? "" : `?${new URLSearchParams({ reason })}`;
		await act(() => this.#api.delete(`${this.#path}${query}`), `Removed ${this.#who}`, `Could not remove ${this.#who}`);
		await this.#refresh();
	}
}

type Track = Participant["tracks"][number];

const canBeMuted = ({ kind, muted }: Track) => kind !== "data" && !muted;

function chip({ id, source, muted, label }: Track): HTMLElement {
	const { text, icon: shown, muted: off = shown } = SOURCES[source];
	const words = [label || text, muted && "muted"].filter(Boolean).join(", ");
	return h(
		"li",
		{ class: muted ? "chip muted" : "chip", title: id, data: { track: id } },
		icon(muted ? off : shown),
		words,
	);
}
