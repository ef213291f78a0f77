/** How good a received video is to be at most. `auto` asks for the size it is shown at. */
import type { Quality } from "../sdk/index.ts";
import { h } from "./dom.ts";

export const QUALITIES: readonly { value: Quality; label: string }[] = [
	{ value: "auto", label: "Auto" },
	{ value: "high", label: "High" },
	{ value: "medium", label: "Medium" },
	{ value: "low", label: "Low" },
];

export function qualityOptions(): HTMLOptionElement[] {
	return QUALITIES.map(({ value, label }) => h("option", { value }, label));
}
