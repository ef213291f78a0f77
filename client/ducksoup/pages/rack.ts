/** Effects that were picked, in the order they are passed through, each with its knobs. */
import { button, h } from "../../demo/dom.ts";
import { icon } from "../../demo/icons.ts";
import { type Chosen, type Control, choose, type Effect, type EffectType } from "./catalogue.ts";
import { knob } from "./knob.ts";

export class Rack {
	readonly element = h("section", { class: "rack" });
	readonly picker = h("section", { class: "card picker" });
	readonly chosen: Chosen[] = [];
	readonly #changed: (chosen: Chosen, control: Control, value: number) => void;
	readonly #rearranged: () => void;

	constructor(
		changed: (chosen: Chosen, control: Control, value: number) => void,
		/** Others are picked than before. */
		rearranged: () => void,
	) {
		this.#changed = changed;
		this.#rearranged = rearranged;
		this.#show();
	}

	offer(catalogue: readonly Effect[]): void {
		const groups: HTMLElement[] = [];
		for (const type of ["audio", "video"] as EffectType[]) {
			const those = catalogue.filter((effect) => effect.type === type);
			const categories = [...new Set(those.map(({ category }) => category))];
			groups.push(h("h2", {}, type === "audio" ? "Sound" : "Picture"));
			for (const category of categories) {
				const buttons = those.filter((effect) => effect.category === category).map((effect) => this.#button(effect));
				groups.push(h("div", { class: "pick-row" }, h("small", {}, category), h("div", {}, ...buttons)));
			}
		}
		this.picker.replaceChildren(...groups);
	}

	fail(hint: string): void {
		this.picker.replaceChildren(h("h2", {}, "No effects to choose from"), h("p", { class: "hint" }, hint));
	}

	#button(effect: Effect): HTMLElement {
		return button({ class: "small pick", title: effect.gst }, () => this.#pick(effect), effect.display);
	}

	#pick(effect: Effect): void {
		this.chosen.push(choose(effect, this.chosen));
		this.#show();
		this.#rearranged();
	}

	#show(): void {
		if (this.chosen.length === 0) {
			const hint = h(
				"p",
				{ class: "hint" },
				"Each gets a knob for every parameter. Turn them before or while it runs.",
			);
			this.element.replaceChildren(h("div", { class: "rack-empty" }, h("strong", {}, "Pick an effect"), hint));
			return;
		}
		this.element.replaceChildren(...this.chosen.map((chosen) => this.#unit(chosen)));
	}

	#unit(chosen: Chosen): HTMLElement {
		const { effect, values } = chosen;
		const remove = button({ class: "plain", aria: { label: `Remove ${effect.display}` } }, () => {
			this.chosen.splice(this.chosen.indexOf(chosen), 1);
			this.#show();
			this.#rearranged();
		});
		remove.append(icon("close"));
		const about = effect.url
			? h("a", { href: effect.url, target: "_blank", rel: "noreferrer" }, effect.gst)
			: h("span", {}, effect.gst);
		const controls = (effect.controls ?? []).map((control) => {
			const turned = (value: number) => {
				values[control.gst] = value;
				this.#changed(chosen, control, value);
			};
			const value = values[control.gst] ?? control.default;
			return control.choices ? choice(control, value, turned) : knob(control, value, turned);
		});
		if (controls.length === 0) controls.push(h("p", { class: "hint" }, "Nothing to turn."));
		const kind = h("small", { class: "kind" }, effect.type === "audio" ? "Sound" : "Picture");
		const head = h("header", {}, h("strong", {}, effect.display), about, kind, remove);
		return h(
			"article",
			{ class: "card unit", data: { name: chosen.name } },
			head,
			h("div", { class: "knobs" }, ...controls),
		);
	}
}

function choice(control: Control, value: number, changed: (value: number) => void): HTMLElement {
	const label = control.display ?? control.gst;
	const options = (control.choices ?? []).map((text, i) => h("option", { value: String(i) }, text));
	const select = h("select", { aria: { label } }, ...options);
	select.value = String(value);
	select.addEventListener("change", () => changed(Number(select.value)));
	return h("label", { class: "knob choice" }, select, h("span", { class: "knob-name" }, label));
}
