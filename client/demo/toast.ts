import { button, h } from "./dom.ts";

const SHOWN_MS = 5_000;
const FADE_MS = 200;
/** With something to press, it waits for that. */
const ASKING_MS = 60_000;

interface Action {
	text: string;
	run: () => unknown;
}

/** A line that comes and goes: something was done, or could not be. */
export function toast(text: string, action?: Action): void {
	const element = h("div", { class: "toast" }, text);
	const shownMs = action ? ASKING_MS : SHOWN_MS;
	if (action) {
		const press = () => {
			element.remove();
			return action.run();
		};
		element.append(button({ class: "small" }, press, action.text));
	}
	document.getElementById("toasts")?.append(element);
	setTimeout(() => element.classList.add("going"), shownMs);
	setTimeout(() => element.remove(), shownMs + FADE_MS);
}
