/** The buttons of the call, and the keys that press them. */
import type { Rights } from "../sdk/index.ts";
import { button, h } from "./dom.ts";
import { type Icon, icon } from "./icons.ts";
import type { OwnMedia } from "./own-media.ts";
import type { Recorder } from "./recorder.ts";

interface Control {
	id: string;
	icon: Icon;
	label: string;
	/** Shown with the label, and pressed as a shortcut. */
	key?: string;
}

const KEY = {
	microphone: { id: "toggle-mic", icon: "mic", label: "Microphone", key: "M" },
	camera: { id: "toggle-camera", icon: "camera", label: "Camera", key: "V" },
	screen: { id: "toggle-screen", icon: "screen", label: "Share your screen", key: "S" },
	record: { id: "toggle-record", icon: "record", label: "Record the call", key: "R" },
	devices: { id: "open-devices", icon: "devices", label: "Devices and quality" },
	chat: { id: "open-chat", icon: "chat", label: "Chat", key: "C" },
	stats: { id: "open-stats", icon: "stats", label: "Statistics", key: "I" },
	leave: { id: "leave", icon: "leave", label: "Leave the call" },
} satisfies Record<string, Control>;

export type ControlName = keyof typeof KEY;
export type Actions = Record<ControlName, () => unknown>;

export class Controls {
	readonly element: HTMLElement;
	readonly buttons: Record<ControlName, HTMLButtonElement>;
	readonly #unread = h("i", { class: "dot", hidden: true });

	constructor(actions: Actions, rights: Rights) {
		const all = Object.entries(KEY).map(([name, control]) => [name, make(control, actions[name as ControlName])]);
		this.buttons = Object.fromEntries(all);
		const { microphone, camera, screen, record, devices, chat, stats, leave } = this.buttons;
		leave.classList.add("danger");
		chat.append(this.#unread);
		microphone.hidden = !rights.publish.includes("audio");
		camera.hidden = !rights.publish.includes("camera");
		// Phones have no such thing.
		screen.hidden = !rights.publish.includes("screen") || !("getDisplayMedia" in (navigator.mediaDevices ?? {}));
		record.hidden = !rights.record && !rights.moderate;
		this.element = h(
			"nav",
			{ class: "controls", aria: { label: "Call" } },
			h("div", { class: "control-group" }, microphone, camera, screen),
			h("div", { class: "control-group" }, record, devices, chat, stats),
			h("div", { class: "control-group" }, leave),
		);
		document.addEventListener("keydown", this.#onKey);
	}

	/** Messages that were not seen. */
	set unread(count: number) {
		this.#unread.hidden = count === 0;
		this.#unread.textContent = count > 9 ? "9+" : String(count);
		const { chat } = this.buttons;
		chat.setAttribute("aria-label", count === 0 ? "Chat" : `Chat, ${count} unread`);
	}

	refresh(own: OwnMedia, recorder: Recorder): void {
		const { microphone, camera, screen, record } = this.buttons;
		setDevice(microphone, own.on("audio") ? "mic" : "micOff", own.on("audio"), own.busy("audio"));
		setDevice(camera, own.on("camera") ? "camera" : "cameraOff", own.on("camera"), own.busy("camera"));
		screen.classList.toggle("on", own.sharing);
		screen.setAttribute("aria-pressed", String(own.sharing));
		screen.dataset.tip = own.sharing ? "Stop sharing (S)" : "Share your screen (S)";
		record.classList.toggle("off", recorder.on && !recorder.busy);
		record.classList.toggle("busy", recorder.busy);
		record.setAttribute("aria-pressed", String(recorder.on));
		record.dataset.tip = recorder.on ? "Stop recording (R)" : "Record the call (R)";
	}

	close(): void {
		document.removeEventListener("keydown", this.#onKey);
	}

	readonly #onKey = ({ key, target, metaKey, ctrlKey, altKey, repeat }: KeyboardEvent): void => {
		const typing = target instanceof HTMLElement && target.matches("input:not([type=radio]), select, textarea");
		if (metaKey || ctrlKey || altKey || repeat || typing) return;
		const found = Object.entries<Control>(KEY).find(([, control]) => control.key === key.toUpperCase());
		const pressed = found && this.buttons[found[0] as ControlName];
		if (pressed && !pressed.hidden) pressed.click();
	};
}

function make({ id, icon: name, label, key }: Control, onClick: () => unknown): HTMLButtonElement {
	const made = button(
		{ id, class: "control", data: { tip: key ? `${label} (${key})` : label, testid: id }, aria: { label } },
		onClick,
		icon(name),
	);
	if (key) made.setAttribute("aria-keyshortcuts", key);
	return made;
}

function setDevice(control: HTMLButtonElement, name: Icon, on: boolean, busy: boolean): void {
	control.querySelector(".icon")?.replaceWith(icon(name));
	control.classList.toggle("off", !on && !busy);
	control.classList.toggle("busy", busy);
	control.setAttribute("aria-pressed", String(on));
}
