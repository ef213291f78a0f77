/** The API key: asked for once, kept for as long as this tab is open, and sent to the REST API only. */
import { button, h } from "../demo/dom.ts";
import { icon } from "../demo/icons.ts";
import { Api, ApiError } from "./api.ts";

const KEPT = "switchyard.admin.key";

export function forgetKey(): void {
	sessionStorage.removeItem(KEPT);
}

/** Resolves with an API that has let this key in. */
export async function signIn(root: HTMLElement, why = ""): Promise<Api> {
	const kept = sessionStorage.getItem(KEPT);
	if (kept) {
		const refusal = await tryKey(kept);
		if (refusal === undefined) return new Api(kept);
		why = refusal;
	}
	return new Promise((resolve) => {
		root.replaceChildren(
			form(why, (key) => {
				sessionStorage.setItem(KEPT, key);
				resolve(new Api(key));
			}),
		);
		root.querySelector("input")?.focus();
	});
}

/** Why the key will not do, or undefined. */
async function tryKey(key: string): Promise<string | undefined> {
	try {
		await new Api(key).get("/nodes?limit=1");
		return undefined;
	} catch (error) {
		if (!(error instanceof ApiError)) return "A key has no such signs in it.";
		if (error.code !== "unauthorized") return `That did not work: ${error.message}. Try again.`;
		forgetKey();
		return "This key is not one of the edge’s. Use its AUTH_KEY, or one of API_KEYS.";
	}
}

function form(why: string, onKey: (key: string) => void): HTMLElement {
	const input = h("input", {
		...{ type: "password", id: "key", name: "key", required: true, autocomplete: "off", spellcheck: false },
		aria: { describedby: "key-hint key-error" },
	});
	const error = h("p", { id: "key-error", class: "form-error", role: "alert" }, why);
	const open = h("button", { type: "submit", class: "primary" }, "Open");
	const show = button({ class: "plain small", aria: { pressed: "false" } }, () => reveal(), "Show");
	const reveal = () => {
		const shown = input.type === "password";
		input.type = shown ? "text" : "password";
		show.textContent = shown ? "Hide" : "Show";
		show.setAttribute("aria-pressed", String(shown));
	};
	const element = h(
		"form",
		{ class: "key-form" },
		h("div", { class: "brand" }, icon("logo"), "Switchyard"),
		h("h1", {}, "Admin"),
		h(
			"div",
			{ class: "field" },
			h("label", { htmlFor: "key" }, "API key"),
			h("div", { class: "with-button" }, input, show),
		),
		error,
		open,
		h(
			"p",
			{ class: "hint", id: "key-hint" },
			"The edge’s AUTH_KEY, one of its API_KEYS, or a token signed with one. It is kept until this tab closes.",
		),
	);
	element.addEventListener("submit", async (event) => {
		event.preventDefault();
		const key = input.value.trim();
		if (key === "") return;
		open.disabled = true;
		error.textContent = "";
		const refusal = await tryKey(key);
		open.disabled = false;
		if (refusal === undefined) return onKey(key);
		error.textContent = refusal;
		input.select();
	});
	return h("main", { class: "key-page" }, element);
}
