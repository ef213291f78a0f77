/** A question before something is done; the dialog element sees to focus, Escape and what lies behind. */
import { button, h } from "../demo/dom.ts";

export interface Question {
	title: string;
	text: string;
	/** What the button that does it says. */
	confirm: string;
	danger?: boolean;
	field?: {
		label: string;
		value?: string;
		type?: "text" | "number";
		required?: boolean;
		pattern?: string;
		hint?: string;
	};
}

/** The field's text (empty without one), or undefined when the user thought better of it. */
export function ask({ title, text, confirm, danger = false, field }: Question): Promise<string | undefined> {
	const input =
		field &&
		h("input", {
			...{
				id: "dialog-field",
				type: field.type ?? "text",
				value: field.value ?? "",
				required: field.required ?? false,
			},
			...{ autocomplete: "off", ...(field.pattern && { pattern: field.pattern, title: field.hint ?? "" }) },
			...(field.type === "number" && { min: "1", max: "86400", step: "1" }),
		});
	const dialog = h("dialog", { aria: { labelledby: "dialog-title", describedby: "dialog-text" } });
	const form = h(
		"form",
		{ method: "dialog" },
		h("h2", { id: "dialog-title" }, title),
		h("p", { class: "hint", id: "dialog-text" }, text),
		field && input && h("div", { class: "field" }, h("label", { htmlFor: "dialog-field" }, field.label), input),
		h(
			"div",
			{ class: "dialog-buttons" },
			button({}, () => dialog.close(), "Cancel"),
			h("button", { type: "submit", class: danger ? "danger" : "primary", value: "yes" }, confirm),
		),
	);
	dialog.append(form);
	document.body.append(dialog);
	dialog.showModal();
	input?.select();
	return new Promise((resolve) => {
		dialog.addEventListener("close", () => {
			dialog.remove();
			resolve(dialog.returnValue === "yes" ? (input?.value.trim() ?? "") : undefined);
		});
	});
}
