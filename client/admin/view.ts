import { h } from "../demo/dom.ts";

/** One of the pages behind the key. */
export interface View {
	title: string;
	element: HTMLElement;
	/** No longer shown. */
	close(): void;
}

/** What stands where there is nothing to show. */
export function say(place: HTMLElement, text: string, hint?: string | false): void {
	place.replaceChildren(h("p", {}, text));
	if (hint) place.append(h("p", { class: "hint" }, hint));
}
