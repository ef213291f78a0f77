/** Panels that change effects of a running player. */
import { button, h } from "../../demo/dom.ts";
import type { Player } from "../player/index.ts";

const STEPS = 4;
const KINDS = ["float", "double", "int", "uint64", "string"];

/** What a panel acts on, and where it says what it did. */
export interface Live {
	player(): Player | undefined;
	note(kind: string, detail: string): void;
}

const input = (label: string, properties: Partial<HTMLInputElement> = {}) => {
	return h("input", { placeholder: label, aria: { label }, autocomplete: "off", spellcheck: false, ...properties });
};
const numeric = (label: string, value: string, most?: string) => {
	return input(label, { type: "number", step: "any", value, ...(most && { min: "0", max: most }) });
};

/** Steps that are played one after another, each over its time. */
export function sequencePanel(title: string, name: string, property: string, live: Live): HTMLElement {
	const rows = Array.from({ length: STEPS }, (_, i) => ({
		property: input("property", { value: i === 0 ? property : "" }),
		value: numeric("value", ""),
		duration: numeric("ms", "500", "5000"),
	}));
	const play = button({ class: "small" }, () => void run(), "Play");
	async function run(): Promise<void> {
		const player = live.player();
		if (!player) return live.note("hint", "Controls act on a run: press Start first.");
		play.disabled = true;
		for (const row of rows) {
			const wish = row.property.value.trim();
			if (!wish || row.value.value === "" || live.player() !== player) continue;
			const duration = row.duration.valueAsNumber || 0;
			player.controlFx(name, wish, row.value.valueAsNumber, duration);
			live.note("controlFx", `${name} ${wish} → ${row.value.value} in ${duration} ms`);
			await new Promise((resolve) => setTimeout(resolve, duration));
		}
		play.disabled = false;
	}
	const lines = rows.map((row) => h("div", { class: "step" }, row.property, row.value, row.duration));
	const heads = ["property", "value", "ms"].map((text) => h("span", {}, text));
	const head = h("div", { class: "panel-head" }, h("h2", {}, title), play);
	return h("section", { class: "card panel" }, head, h("div", { class: "step heads" }, ...heads), ...lines);
}

/** One property of a declared type, set at once. */
export function typedPanel(title: string, name: string, live: Live): HTMLElement {
	const property = input("property", { value: "preset" });
	const value = input("value", { value: "2" });
	const kind = h("select", { aria: { label: "kind" } }, ...KINDS.map((text) => h("option", { value: text }, text)));
	kind.value = "int";
	const set = button(
		{ class: "small" },
		() => {
			const player = live.player();
			if (!player) return live.note("hint", "Controls act on a run: press Start first.");
			player.polyControlFx(name, property.value.trim(), kind.value, value.value);
			live.note("polyControlFx", `${name} ${property.value} → ${value.value} (${kind.value})`);
		},
		"Set",
	);
	const heads = ["property", "value", "kind"].map((text) => h("span", {}, text));
	return h(
		"section",
		{ class: "card panel wide" },
		h("div", { class: "panel-head" }, h("h2", {}, title), set),
		h("div", { class: "step heads" }, ...heads),
		h("div", { class: "step" }, property, value, kind),
	);
}

/** A property of an effect of anybody in the interaction. */
export class TargetPanel {
	readonly element: HTMLElement;
	readonly #target = h("select", { aria: { label: "of" } });

	constructor(live: Live) {
		const effect = h("select", { aria: { label: "effect" } });
		for (const name of ["audio_fx", "video_fx"]) effect.append(h("option", { value: name }, name));
		const property = input("property", { value: "pitch" });
		const value = numeric("value", "1.2");
		const duration = numeric("ms", "500", "5000");
		const set = button(
			{ class: "small" },
			() => {
				const player = live.player();
				if (!player) return live.note("hint", "Controls act on a run: press Start first.");
				const of = this.#target.value || undefined;
				player.controlFx(effect.value, property.value.trim(), value.valueAsNumber, duration.valueAsNumber || 0, of);
				const whose = of ? ` of ${of}` : "";
				live.note("controlFx", `${effect.value}${whose} ${property.value} → ${value.value} in ${duration.value} ms`);
			},
			"Set",
		);
		const heads = ["of", "effect", "property", "value", "ms"].map((text) => h("span", {}, text));
		this.element = h(
			"section",
			{ class: "card panel" },
			h("div", { class: "panel-head" }, h("h2", {}, "Control an effect"), set),
			h("div", { class: "step five heads" }, ...heads),
			h("div", { class: "step five" }, this.#target, effect, property, value, duration),
		);
		this.people([]);
	}

	people(others: Iterable<string>): void {
		const { value } = this.#target;
		const options = [...others].map((user) => h("option", { value: user }, user));
		this.#target.replaceChildren(h("option", { value: "" }, "yourself"), ...options);
		this.#target.value = value;
		if (this.#target.selectedIndex < 0) this.#target.value = "";
	}
}
