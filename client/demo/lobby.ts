/** Before the call: who, where, and how one looks and sounds. */
import type { CapturedTracks } from "../sdk/index.ts";
import { DeviceSelects } from "./devices.ts";
import { button, h } from "./dom.ts";
import { hueOf, initials } from "./face.ts";
import { type Icon, icon } from "./icons.ts";
import { LevelMeter } from "./level-meter.ts";
import { type Device, openDevices } from "./own-media.ts";
import { preferences, randomRoom, rememberName } from "./preferences.ts";
import { explainDevices } from "./words.ts";

export interface Wish {
	name: string;
	room: string;
	wanted: Record<Device, boolean>;
	/** Opened for the preview, to go on with. */
	tracks: CapturedTracks;
}

/** Without a lobby. */
export function wishFromAddress(): Wish {
	const { name, room, microphone: audio, camera } = preferences;
	return { name: name.trim() || "Guest", room, wanted: { audio, camera }, tracks: {} };
}

/** Shows the lobby; resolves when the user joins. */
export function lobby(root: HTMLElement): Promise<Wish> {
	return new Promise((resolve) => {
		const preview = new Preview();
		const name = h("input", {
			id: "name",
			value: preferences.name,
			maxLength: 60,
			autocomplete: "name",
			placeholder: "How others see you",
		});
		name.addEventListener("input", () => preview.show(name.value));
		const room = h("input", {
			id: "room",
			value: preferences.room,
			maxLength: 128,
			pattern: "[A-Za-z0-9][A-Za-z0-9._~:\\-]*",
			required: true,
			autocomplete: "off",
			spellcheck: false,
			title: "Letters, digits, and . _ ~ : - without spaces",
		});
		room.autocapitalize = "off";
		// People type names of rooms as they speak them.
		room.addEventListener("change", () => {
			room.value = room.value.trim().replace(/\s+/g, "-");
		});
		const other = button(
			{ class: "plain", title: "Another name", aria: { label: "Another room name" } },
			() => {
				room.value = randomRoom();
			},
			icon("renew"),
		);
		const join = h(
			"button",
			{ id: "join", class: "primary", type: "submit", data: { testid: "join" } },
			"Join the call",
		);
		const form = h(
			"form",
			{ class: "join-form" },
			h("h1", {}, "Ready to join?"),
			h("p", { class: "hint" }, "Everybody with the name of the room can come in."),
			h("label", { class: "field" }, h("span", {}, "Your name"), name),
			h("div", { class: "field with-button" }, h("label", { htmlFor: "room" }, "Room"), room, other),
			join,
		);
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			if (join.disabled) return;
			join.disabled = true;
			join.textContent = "Joining…";
			rememberName(name.value.trim());
			preferences.room = room.value.trim();
			const wish = { name: name.value.trim() || "Guest", room: preferences.room };
			void preview.handOver().then((tracks) => resolve({ ...wish, wanted: preview.wanted, tracks }));
		});
		root.replaceChildren(
			h(
				"div",
				{ class: "lobby" },
				h("header", { class: "brand" }, icon("logo"), "Switchyard"),
				h("div", { class: "lobby-columns" }, preview.element, form),
				h(
					"footer",
					{ class: "hint" },
					h("span", {}, "Signaling at the edge, media on your own nodes."),
					h("a", { href: "./docs/api/" }, "REST API"),
				),
			),
		);
		preview.show(name.value);
		preview.open(["audio", "camera"]);
		// On a phone it would bring up the keyboard over the preview.
		if (name.value === "" && matchMedia("(hover: hover)").matches) name.focus();
	});
}

/** Own picture and level, with switches. */
class Preview {
	readonly element: HTMLElement;
	readonly #video = h("video", { autoplay: true, muted: true, playsInline: true, hidden: true, class: "mirrored" });
	readonly #face = h("span", { class: "face" });
	readonly #hint = h("p", { class: "preview-hint", role: "status" });
	readonly #meter = new LevelMeter();
	readonly #switches: Record<Device, Switch> = {
		audio: new Switch("preview-mic", "Microphone", { on: "mic", off: "micOff" }, preferences.microphone),
		camera: new Switch("preview-camera", "Camera", { on: "camera", off: "cameraOff" }, preferences.camera),
	};
	readonly #selects = new DeviceSelects((kind) => {
		if (kind !== "audiooutput") this.open([kind === "audioinput" ? "audio" : "camera"]);
	});
	readonly #problems = new Map<Device, unknown>();
	/** Counted, so that what opens too late is closed again. */
	readonly #turns: Record<Device, number> = { audio: 0, camera: 0 };
	#tracks: CapturedTracks = {};
	/** Everything that is being opened. */
	#opening: Promise<unknown> = Promise.resolve();

	constructor() {
		const stage = h(
			"div",
			{ class: "preview-stage" },
			h("div", { class: "avatar", aria: { hidden: "true" } }, this.#face),
			this.#video,
			this.#hint,
			h("div", { class: "preview-switches" }, this.#switches.audio.element, this.#switches.camera.element),
			this.#meter.element,
		);
		stage.style.setProperty("--hue", String(hueOf(preferences.identity)));
		this.element = h("section", { class: "preview", aria: { label: "Preview" } }, stage, this.#selects.element);
		for (const source of ["audio", "camera"] as const) {
			this.#switches[source].onChange = () => this.open([source]);
		}
	}

	get wanted(): Record<Device, boolean> {
		return { audio: this.#switches.audio.on, camera: this.#switches.camera.on };
	}

	show(name: string): void {
		this.#face.textContent = initials(name || "You");
	}

	/** Opens what is switched on, and closes what is switched off. */
	open(sources: readonly Device[]): void {
		const others = this.#opening;
		const these = this.#open(sources);
		this.#opening = Promise.allSettled([others, these]);
	}

	async #open(sources: readonly Device[]): Promise<void> {
		const turns = sources.map((source) => ++this.#turns[source]);
		for (const source of sources) {
			this.#put(source, undefined);
			this.#problems.delete(source);
		}
		const on = sources.filter((source) => this.#switches[source].on);
		this.#tell(on);
		if (on.length === 0) return;
		const opened = await openDevices(on, (source, error) => {
			if (turns[sources.indexOf(source)] !== this.#turns[source]) return;
			this.#problems.set(source, error);
			this.#switches[source].on = false;
		});
		sources.forEach((source, i) => {
			if (turns[i] === this.#turns[source]) this.#put(source, opened[source]);
			else opened[source]?.stop();
		});
		this.#tell([]);
		await this.#selects.refresh();
	}

	/**
	 * The call goes on with what is open. What is still being opened is waited for: a device that is stopped while
	 * the call opens it again may stay silent for it.
	 */
	async handOver(): Promise<CapturedTracks> {
		await this.#opening;
		const tracks = this.#tracks;
		this.#tracks = {};
		for (const source of ["audio", "camera"] as const) this.#turns[source]++;
		this.#meter.listen(undefined);
		this.#selects.close();
		return tracks;
	}

	#put(source: Device, track: MediaStreamTrack | undefined): void {
		this.#tracks[source]?.stop();
		this.#tracks[source] = track;
		if (source === "audio") this.#meter.listen(track);
		else {
			this.#video.srcObject = track ? new MediaStream([track]) : null;
			this.#video.hidden = track === undefined;
		}
		this.#meter.element.hidden = this.#tracks.audio === undefined;
	}

	#tell(opening: readonly Device[]): void {
		this.#hint.replaceChildren();
		const problems = explainDevices(this.#problems);
		this.#hint.classList.toggle("problem", problems.length > 0);
		if (problems.length > 0) this.#hint.append(...problems.map((text) => h("span", {}, text)));
		else if (opening.includes("camera")) this.#hint.append("Opening your camera…");
		else if (!this.#switches.camera.on) this.#hint.append("Your camera is off");
	}
}

class Switch {
	readonly element: HTMLElement;
	onChange: () => void = () => {};
	readonly #input: HTMLInputElement;
	readonly #icons: { on: Icon; off: Icon };

	constructor(id: string, label: string, icons: { on: Icon; off: Icon }, checked: boolean) {
		this.#icons = icons;
		this.#input = h("input", { id, type: "checkbox", checked, role: "switch", aria: { label } });
		this.element = h("label", { class: "switch", title: label }, this.#input, icon("mic"));
		this.#input.addEventListener("change", () => {
			this.#draw();
			this.onChange();
		});
		this.#draw();
	}

	get on(): boolean {
		return this.#input.checked;
	}

	set on(on: boolean) {
		this.#input.checked = on;
		this.#draw();
	}

	#draw(): void {
		this.element.querySelector(".icon")?.replaceWith(icon(this.on ? this.#icons.on : this.#icons.off));
	}
}
