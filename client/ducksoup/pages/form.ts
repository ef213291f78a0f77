/** Options as fields of a form; what is typed last is kept for the tab. */
import { h } from "../../demo/dom.ts";

export type Field = { name: string; label: string; hint?: string; wide?: boolean } & (
	| { type: "text"; value: string; placeholder?: string; required?: boolean }
	| { type: "number"; value: number; min: number; max: number }
	| { type: "choice"; value: string; choices: [value: string, label: string][] }
	| { type: "switch"; value: boolean }
);
export type Values = Record<string, string | number | boolean>;

export class Form {
	readonly element: HTMLFormElement;
	readonly #fields: readonly Field[];
	readonly #inputs = new Map<string, HTMLInputElement | HTMLSelectElement>();
	readonly #set = h("fieldset", { class: "fields" });
	readonly #key: string;

	/** `groups`: a heading with fields; the first has none. */
	constructor(id: string, groups: [heading: string, fields: Field[]][], submit: () => void) {
		this.#key = `ducksoup-${id}`;
		this.#fields = groups.flatMap(([, fields]) => fields);
		const kept = this.#kept();
		for (const [heading, fields] of groups) {
			if (heading) this.#set.append(h("h2", {}, heading));
			for (const field of fields) this.#set.append(this.#field(field, kept[field.name]));
		}
		this.element = h("form", { class: "options" }, this.#set);
		this.element.addEventListener("submit", (event) => {
			event.preventDefault();
			submit();
		});
	}

	get values(): Values {
		const values: Values = {};
		for (const { name, type } of this.#fields) {
			const input = this.#inputs.get(name);
			if (!input) continue;
			if (type === "switch") values[name] = (input as HTMLInputElement).checked;
			else values[name] = type === "number" ? Number(input.value) : input.value.trim();
		}
		return values;
	}

	set(name: string, value: string): void {
		const input = this.#inputs.get(name);
		if (input) input.value = value;
	}

	/** Options are those of a run that is on. */
	set busy(busy: boolean) {
		this.#set.disabled = busy;
		if (busy) sessionStorage.setItem(this.#key, JSON.stringify(this.values));
	}

	#kept(): Partial<Values> {
		try {
			return JSON.parse(sessionStorage.getItem(this.#key) ?? "{}");
		} catch {
			return {};
		}
	}

	#field(field: Field, kept: string | number | boolean | undefined): HTMLElement {
		const { name, label, hint } = field;
		const value = kept ?? field.value;
		let input: HTMLInputElement | HTMLSelectElement;
		if (field.type === "choice") {
			input = h("select", {}, ...field.choices.map(([id, text]) => h("option", { value: id }, text)));
			input.value = String(value);
			if (input.selectedIndex < 0) input.value = field.value;
		} else if (field.type === "switch") {
			input = h("input", { type: "checkbox", checked: value === true });
		} else {
			input = h("input", { type: field.type, value: String(value), autocomplete: "off", spellcheck: false });
			if (field.type === "number") Object.assign(input, { min: field.min, max: field.max, required: true });
			else Object.assign(input, { placeholder: field.placeholder ?? "", required: field.required ?? false });
		}
		input.name = name;
		this.#inputs.set(name, input);
		const note = hint ? h("small", {}, hint) : false;
		if (field.type === "switch") {
			return h("label", { class: "switch" }, input, h("span", {}, label, note));
		}
		return h("label", { class: field.wide ? "field wide" : "field" }, h("span", {}, label), input, note);
	}
}
