/** After the call: why it is over, and the way back in. */
import { button, h } from "./dom.ts";
import { icon } from "./icons.ts";
import type { Ending } from "./words.ts";

/** Resolves with whether to join as before, or by the lobby. */
export function ended(root: HTMLElement, { title, text, again }: Ending): Promise<"again" | "lobby"> {
	return new Promise((resolve) => {
		const join = button({ id: "join", class: "primary", data: { testid: "join" } }, () => resolve("again"), again);
		root.replaceChildren(
			h(
				"div",
				{ class: "between" },
				h("span", { class: "between-mark" }, icon("leave")),
				h("h1", {}, title),
				h("p", { class: "hint" }, text),
				h(
					"div",
					{ class: "between-actions" },
					join,
					button({ id: "back" }, () => resolve("lobby"), "Back to the lobby"),
				),
			),
		);
		join.focus({ preventScroll: true });
	});
}
