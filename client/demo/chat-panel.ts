/** Messages between everybody here now; newcomers do not see what was said before. */
import type { Room } from "../sdk/index.ts";
import { explain, h, toast } from "./dom.ts";
import { icon } from "./icons.ts";

const TOPIC = "chat";

export class ChatPanel {
	readonly element: HTMLElement;
	readonly input = h("input", { placeholder: "Message to everyone", maxLength: 2_000, aria: { label: "Message" } });
	/** A message came. */
	onMessage: () => void = () => {};
	readonly #list = h("ol", { class: "messages" });

	constructor(room: Room) {
		const form = h(
			"form",
			{ class: "composer" },
			this.input,
			h("button", { type: "submit", title: "Send" }, icon("send")),
		);
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			const text = this.input.value.trim();
			if (text === "") return;
			this.input.value = "";
			const mine = this.#add("You", text, true);
			room.send(text, { topic: TOPIC }).then(
				() => mine.classList.remove("pending"),
				(error: unknown) => {
					mine.classList.add("failed");
					toast(explain(error));
				},
			);
			mine.classList.add("pending");
		});
		room.on("message", ({ from, topic, payload }) => {
			if (topic !== TOPIC || typeof payload !== "string") return;
			this.#add(typeof from === "string" ? from : from.name || "Guest", payload, false);
			this.onMessage();
		});
		this.element = h("section", { class: "panel-body chat" }, this.#list, form);
	}

	#add(who: string, text: string, own: boolean): HTMLElement {
		const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
		const item = h(
			"li",
			{ class: own ? "own" : "" },
			h("span", { class: "muted" }, `${who} · ${time}`),
			h("p", {}, text),
		);
		this.#list.append(item);
		item.scrollIntoView({ block: "end" });
		return item;
	}
}
