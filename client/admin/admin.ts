/** The admin page: a key, then the fleet, the rooms, and one room. */
import { button, h } from "../demo/dom.ts";
import { icon } from "../demo/icons.ts";
import type { Api } from "./api.ts";
import { ago } from "./figures.ts";
import { FleetStore } from "./fleet-store.ts";
import { fleetView } from "./fleet-view.ts";
import { roomView } from "./room-view.ts";
import { roomsView } from "./rooms-view.ts";
import { forgetKey, signIn } from "./session.ts";
import type { View } from "./view.ts";

const root = document.getElementById("app") as HTMLElement;

for (let why = ""; ; ) {
	document.title = "Switchyard · Admin";
	why = await attend(await signIn(root, why));
	forgetKey();
}

/** Shows everything until the key is given up, or refused: why is what it resolves with. */
function attend(api: Api): Promise<string> {
	return new Promise((resolve) => {
		const store = new FleetStore(api);
		const main = h("main", {});
		const live = h("span", { class: "live" });
		const links = [link("#/", "Fleet"), link("#/rooms", "Rooms")];
		let view: View | undefined;

		const go = () => {
			view?.close();
			view = route(api, store);
			document.title = `${view.title} · Switchyard`;
			main.replaceChildren(view.element);
			scrollTo(0, 0);
			for (const it of links) {
				const isHere = it.hash === "#/" ? !location.hash.startsWith("#/rooms") : location.hash.startsWith(it.hash);
				if (isHere) it.setAttribute("aria-current", "page");
				else it.removeAttribute("aria-current");
			}
		};
		const turn = () => {
			go();
			// Whoever reads with their ears or hands is where the new page begins.
			const title = main.querySelector("h1");
			title?.setAttribute("tabindex", "-1");
			title?.focus({ preventScroll: true });
		};
		const end = (why: string) => {
			removeEventListener("hashchange", turn);
			view?.close();
			store.close();
			resolve(why);
		};
		api.onRefused = () => end("The key is not good any more. Give one that is.");

		root.replaceChildren(
			h(
				"header",
				{ class: "top" },
				h("span", { class: "brand" }, icon("logo"), h("span", {}, "Switchyard")),
				h("nav", { ariaLabel: "Pages" }, ...links),
				live,
				button({ class: "small plain" }, () => end(""), "Forget key"),
			),
			main,
		);
		store.watch(() => {
			const { trouble, updatedAt } = store;
			live.className = `live state ${trouble ? "warn" : "good"}`;
			const since = updatedAt === undefined ? "" : `, as of ${ago(updatedAt)}`;
			live.textContent = trouble ? `Not up to date${since}` : "Live";
			live.title = trouble ?? "Renewed every 2 seconds while this tab is in view";
		});
		addEventListener("hashchange", turn);
		go();
	});
}

function route(api: Api, store: FleetStore): View {
	const [, page, name] = location.hash.split("/");
	if (page === "rooms" && name) return roomView(api, store, decode(name));
	return page === "rooms" ? roomsView(api) : fleetView(api, store);
}

/** Somebody may have written the address by hand. */
function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

function link(href: string, text: string): HTMLAnchorElement {
	return h("a", { href }, text);
}
