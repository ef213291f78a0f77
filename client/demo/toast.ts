import { h } from "./dom.ts";

const SHOWN_MS = 5_000;
const FADE_MS = 200;

/** A line that comes and goes: something was done, or could not be. */
export function toast(text: string): void {
	const element = h("div", { class: "toast" }, text);
	document.getElementById("toasts")?.append(element);
	setTimeout(() => element.classList.add("going"), SHOWN_MS);
	setTimeout(() => element.remove(), SHOWN_MS + FADE_MS);
}
