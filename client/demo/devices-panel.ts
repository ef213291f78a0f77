/** Devices, and how good the others' video is to be. */
import type { Quality } from "../sdk/index.ts";
import { DeviceSelects } from "./devices.ts";
import { h } from "./dom.ts";
import type { OwnMedia } from "./own-media.ts";
import type { People } from "./people.ts";
import { QUALITIES } from "./quality.ts";
import type { Sound } from "./sound.ts";
import { toast } from "./toast.ts";
import { explain } from "./words.ts";

export class DevicesPanel {
	readonly element: HTMLElement;
	readonly #selects: DeviceSelects;

	constructor({ own, sound, people }: { own: OwnMedia; sound: Sound; people: People }) {
		this.#selects = new DeviceSelects((kind, id) => {
			if (kind === "audiooutput") sound.useSpeaker(id).catch((error: unknown) => toast(explain(error)));
			else void own.switchTo(kind === "audioinput" ? "audio" : "camera", id);
		});
		void this.#selects.refresh();
		this.element = h(
			"section",
			{ class: "panel-body" },
			this.#selects.element,
			h(
				"fieldset",
				{ class: "segments", id: "quality" },
				h("legend", {}, "Video quality of everyone"),
				...choices(people),
			),
			h("p", { class: "hint" }, "Auto asks for each video in the size it is shown at."),
		);
	}

	close(): void {
		this.#selects.close();
	}
}

function choices(people: People): HTMLElement[] {
	return QUALITIES.map(({ value, label }) => {
		const input = h("input", { type: "radio", name: "quality", value, checked: people.quality === value });
		input.addEventListener("change", () => {
			people.quality = input.value as Quality;
		});
		return h("label", {}, input, h("span", {}, label));
	});
}
