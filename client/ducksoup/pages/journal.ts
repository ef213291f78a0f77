/** Events in the order they came, each with its time. */
import { h } from "../../demo/dom.ts";

const MOST = 300;

export class Journal {
	readonly element: HTMLElement;
	readonly #list = h("ol", { class: "journal" });
	#since = 0;

	constructor(title = "Events") {
		this.element = h("section", { class: "card" }, h("h2", {}, title), this.#list);
		this.#list.append(h("li", { class: "hint" }, "Everything the player tells is listed here."));
	}

	begin(): void {
		this.#since = performance.now();
		this.#list.replaceChildren();
	}

	add(kind: string, detail = ""): void {
		const time = h("time", {}, `${((performance.now() - this.#since) / 1_000).toFixed(2)} s`);
		const line = h("li", {}, time, h("b", {}, kind), h("span", {}, detail));
		if (kind.startsWith("error")) line.classList.add("bad");
		this.#list.append(line);
		if (this.#list.childElementCount > MOST) this.#list.firstElementChild?.remove();
		this.#list.scrollTop = this.#list.scrollHeight;
	}
}
