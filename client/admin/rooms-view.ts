/** The list of rooms: page by page, or those whose name has a text in it. */
import type { RoomSummary } from "../../shared/rest.ts";
import { button, h } from "../demo/dom.ts";
import type { Api, Page } from "./api.ts";
import { ago, count, moment } from "./figures.ts";
import { Keyed } from "./keyed.ts";
import { poll } from "./poll.ts";
import type { View } from "./view.ts";

const PAGE = 50;
/** The API's most. */
const MOST = 500;
const POLL_MS = 5_000;
/** How much of the list a search reads at a time. */
const SEARCH_PAGES = 20;

export function roomsView(api: Api): View {
	const view = new RoomsView(api);
	return { title: "Rooms", element: view.element, close: () => view.close() };
}

class RoomsView {
	readonly element = h("section", { class: "rooms" });
	readonly #api: Api;
	readonly #search = h("input", {
		...{ type: "search", id: "search", placeholder: "Part of a name", autocomplete: "off", spellcheck: false },
	});
	readonly #list = h("ul", { class: "card room-list", hidden: true });
	readonly #rows = new Keyed<RoomSummary>(this.#list, row);
	readonly #note = h("p", { class: "hint", role: "status" }, "Asking the edge …");
	readonly #more = button({ hidden: true }, () => this.#goOn(), "More");
	readonly #stop: () => void;
	#rooms: RoomSummary[] = [];
	#next: string | undefined;
	/** Rooms that a search has looked at. */
	#looked = 0;
	/** Counts what was begun; the answers of what is superseded are dropped. */
	#turn = 0;
	/** The user asked for more; what is shown is not renewed under that. */
	#going = 0;

	constructor(api: Api) {
		this.#api = api;
		this.#search.addEventListener("input", () => void this.#begin());
		this.#search.addEventListener("keydown", ({ key }) => {
			const [only] = this.#rooms;
			if (key === "Enter" && only && this.#rooms.length === 1) location.hash = hashOf(only.name);
		});
		this.element.append(
			h("h1", {}, "Rooms"),
			h("div", { class: "field search" }, h("label", { htmlFor: "search" }, "Search"), this.#search),
			this.#list,
			this.#note,
			this.#more,
		);
		this.#stop = poll(POLL_MS, () => this.#renew());
	}

	close(): void {
		this.#stop();
		this.#turn++;
	}

	get #text(): string {
		return this.#search.value.trim().toLowerCase();
	}

	/** What is shown, as it is now. A search is not repeated by itself: it reads the whole list. */
	async #renew(): Promise<void> {
		if (this.#text !== "" || this.#rooms.length > MOST || this.#going > 0) return;
		const limit = Math.max(PAGE, this.#rooms.length);
		await this.#take(async (isOld) => {
			const { items, next } = await this.#page(limit);
			if (isOld()) return;
			this.#rooms = items;
			this.#next = next;
		});
	}

	async #begin(): Promise<void> {
		this.#rooms = [];
		this.#next = undefined;
		this.#looked = 0;
		await this.#goOn();
	}

	async #goOn(): Promise<void> {
		const text = this.#text;
		this.#going++;
		await this.#take(async (isOld) => {
			if (text === "") {
				const page = await this.#page(PAGE, this.#next);
				return isOld() ? undefined : this.#add(page);
			}
			const enough = this.#rooms.length + PAGE;
			for (let i = 0; i < SEARCH_PAGES && this.#rooms.length < enough; i++) {
				const { items, next } = await this.#page(MOST, this.#next);
				if (isOld()) return;
				this.#looked += items.length;
				this.#add({ items: items.filter(({ name }) => name.toLowerCase().includes(text)), next });
				if (next === undefined) return;
			}
		});
		this.#going--;
	}

	#add({ items, next }: Page<RoomSummary>): void {
		const known = new Set(this.#rooms.map(({ name }) => name));
		this.#rooms.push(...items.filter(({ name }) => !known.has(name)));
		this.#next = next;
	}

	/** Runs what fetches, and shows what came of it unless something else was begun meanwhile. */
	async #take(work: (isOld: () => boolean) => Promise<void>): Promise<void> {
		const turn = ++this.#turn;
		const isOld = () => turn !== this.#turn;
		try {
			await work(isOld);
			if (!isOld()) this.#show();
		} catch (error) {
			if (!isOld()) this.#note.textContent = `The list is not up to date: ${(error as Error).message}.`;
		}
	}

	#page(limit: number, cursor?: string): Promise<Page<RoomSummary>> {
		return this.#api.get(`/rooms?limit=${limit}${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
	}

	#show(): void {
		this.#rows.show(this.#rooms.map((room) => [room.name, room]));
		this.#list.hidden = this.#rooms.length === 0;
		this.#more.hidden = this.#next === undefined;
		this.#note.textContent = this.#describe();
	}

	#describe(): string {
		const rest = this.#next === undefined ? "" : ", and there are more";
		if (this.#text !== "") {
			return `${count(this.#rooms.length, "room")} found among ${this.#looked.toLocaleString("en")}${rest}`;
		}
		if (this.#rooms.length === 0) return "There is no room. One is made when somebody joins it, or over REST.";
		return `${count(this.#rooms.length, "room")}${rest}`;
	}
}

export const hashOf = (room: string) => `#/rooms/${encodeURIComponent(room)}`;

function row({ name, createdAt }: RoomSummary) {
	const made = h("span", { class: "hint", title: moment(createdAt) });
	const element = h("li", {}, h("a", { href: hashOf(name) }, h("span", { class: "name" }, name), made));
	return { element, update: () => made.replaceChildren(`created ${ago(createdAt)}`) };
}
