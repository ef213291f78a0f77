/** What opens beside the call, one at a time: chat, statistics, devices. */
import { button, h } from "./dom.ts";
import { icon } from "./icons.ts";

/** What is in it while it is open. */
export interface PanelContent {
	element: HTMLElement;
	/** In the document now. */
	opened?(): void;
	/** Out of the document again. */
	close?(): void;
}

export interface PanelKind {
	title: string;
	control: HTMLButtonElement;
	/** Over the call instead of beside it. */
	floating?: boolean;
	make: () => PanelContent;
}

export class SidePanel<Name extends string> {
	readonly element = h("aside", { class: "panel", id: "panel", hidden: true });
	onChange: () => void = () => {};
	readonly #kinds: Record<Name, PanelKind>;
	#open: Name | undefined;
	#content: PanelContent | undefined;

	constructor(kinds: Record<Name, PanelKind>) {
		this.#kinds = kinds;
		this.element.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
		for (const kind of Object.values<PanelKind>(kinds)) {
			kind.control.setAttribute("aria-expanded", "false");
			kind.control.setAttribute("aria-controls", "panel");
		}
	}

	get open(): Name | undefined {
		return this.#open;
	}

	toggle(name: Name): void {
		const wasOpen = this.#open === name;
		this.close();
		if (!wasOpen) this.#show(name);
	}

	close(): void {
		if (this.#open === undefined) return;
		const { control } = this.#kinds[this.#open];
		const hadFocus = this.element.contains(document.activeElement);
		this.#mark(control, false);
		this.#content?.close?.();
		this.#content = this.#open = undefined;
		this.element.hidden = true;
		this.element.replaceChildren();
		if (hadFocus) control.focus();
		this.onChange();
	}

	#show(name: Name): void {
		const { title, control, floating = false, make } = this.#kinds[name];
		this.#open = name;
		this.#content = make();
		this.#mark(control, true);
		const shut = button(
			{ class: "plain", title: "Close", aria: { label: "Close" } },
			() => this.close(),
			icon("close"),
		);
		this.element.replaceChildren(h("header", {}, h("h2", {}, title), shut), this.#content.element);
		this.element.setAttribute("aria-label", title);
		this.element.classList.toggle("floating", floating);
		this.element.dataset.panel = name;
		this.element.hidden = false;
		this.#content.opened?.();
		this.onChange();
	}

	#mark(control: HTMLButtonElement, open: boolean): void {
		control.classList.toggle("on", open);
		control.setAttribute("aria-expanded", String(open));
	}
}
