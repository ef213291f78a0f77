/** Messages between everybody here now; newcomers do not see what was said before. */
import type { Room } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { hueOf } from "./face.ts";
import { icon } from "./icons.ts";
import { toast } from "./toast.ts";
import { explain } from "./words.ts";

const TOPIC = "chat";
/** Messages of one person within this time stand under one name, ms. */
const TOGETHER_MS = 120_000;
const LINK = /https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]]/g;

interface Line {
	id: string;
	name: string;
	text: string;
	own: boolean;
}

export class ChatPanel {
	readonly element: HTMLElement;
	readonly input = h("input", {
		placeholder: "Message to everyone",
		maxLength: 2_000,
		autocomplete: "off",
		aria: { label: "Message" },
	});
	/** Somebody else wrote. */
	onMessage: () => void = () => {};
	readonly #list = h("ol", { class: "messages", aria: { live: "polite" } });
	readonly #empty = h("li", { class: "chat-empty" }, icon("chat"), "Messages reach everybody who is here now.");
	#last: { id: string; at: number } | undefined;

	constructor(room: Room) {
		const send = h("button", { type: "submit", title: "Send", aria: { label: "Send" } }, icon("send"));
		const form = h("form", { class: "composer" }, this.input, send);
		if (!room.me.rights.send) {
			this.input.disabled = send.disabled = true;
			this.input.placeholder = "You cannot write here";
		}
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			const text = this.input.value.trim();
			if (text === "") return;
			this.input.value = "";
			const item = this.#add({ id: room.me.id, name: "You", text, own: true });
			item.classList.add("pending");
			room.send(text, { topic: TOPIC }).then(
				() => item.classList.remove("pending"),
				(error: unknown) => {
					item.classList.replace("pending", "failed");
					toast(explain(error));
				},
			);
		});
		room.on("message", ({ from, topic, payload }) => {
			if (topic !== TOPIC || typeof payload !== "string") return;
			const { id, name } = typeof from === "string" ? { id: from, name: undefined } : from;
			this.#add({ id, name: name || "Guest", text: payload, own: false });
			this.onMessage();
		});
		room.on("participantJoined", ({ name }) => this.#note(`${name || "Guest"} joined`));
		room.on("participantLeft", ({ name }) => this.#note(`${name || "Guest"} left`));
		this.#list.append(this.#empty);
		this.element = h("section", { class: "panel-body chat" }, this.#list, form);
	}

	/** It is seen now. */
	opened(): void {
		this.#list.scrollTop = this.#list.scrollHeight;
		// On a phone the keyboard would cover what there is to read.
		if (matchMedia("(hover: hover)").matches) this.input.focus();
	}

	#add({ id, name, text, own }: Line): HTMLElement {
		const now = Date.now();
		const first = this.#last?.id !== id || now - this.#last.at > TOGETHER_MS;
		this.#last = { id, at: now };
		const time = new Date(now).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
		const item = h(
			"li",
			{ class: own ? "own" : "" },
			first && h("span", { class: "said-by" }, h("b", {}, name), ` ${time}`),
			h("p", { title: time }, ...linked(text)),
		);
		item.style.setProperty("--hue", String(hueOf(id)));
		this.#append(item);
		return item;
	}

	#note(text: string): void {
		this.#last = undefined;
		this.#append(h("li", { class: "note" }, text));
	}

	#append(item: HTMLElement): void {
		this.#empty.remove();
		const { scrollTop, scrollHeight, clientHeight } = this.#list;
		this.#list.append(item);
		// Whoever reads further up is left there.
		if (scrollHeight - scrollTop - clientHeight < 60 || item.classList.contains("own")) {
			this.#list.scrollTop = this.#list.scrollHeight;
		}
	}
}

/** Addresses can be clicked; everything else stays the text it is. */
function linked(text: string): (string | HTMLElement)[] {
	const parts: (string | HTMLElement)[] = [];
	let end = 0;
	for (const { 0: href, index } of text.matchAll(LINK)) {
		parts.push(text.slice(end, index), h("a", { href, target: "_blank", rel: "noopener noreferrer" }, href));
		end = index + href.length;
	}
	return [...parts, text.slice(end)];
}
