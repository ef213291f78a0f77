/** What all pages have around them, and where their server is. */
import { h } from "../../demo/dom.ts";
import { icon } from "../../demo/icons.ts";

const PAGES = [
	["test/play/", "Play"],
	["test/mirror/", "Mirror"],
	["test/interaction/", "Interaction"],
	["test/ice/", "ICE"],
	["test/direct/", "Devices"],
	["test/audio_direct/", "Microphone"],
	["stats/", "Statistics"],
] as const;

/** The web root of the server; it may have a prefix, so it is told by how deep the page is. */
const root = new URL(document.body.dataset.root ?? "/", location.href);

export function serverUrl(path: string): URL {
	return new URL(path, root);
}

export function socketUrlOf(path = "ws"): string {
	const url = serverUrl(path);
	url.protocol = url.protocol.replace("http", "ws");
	return url.href;
}

/** With links to the other pages, where `alone` does not leave them out: participants have no business there. */
export function frame(title: string, lead: string, content: HTMLElement[], alone = false): void {
	const links = PAGES.map(([path, name]) => {
		const link = h("a", { href: serverUrl(path).href }, name);
		if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
		return link;
	});
	const brand = h("span", { class: "brand" }, icon("logo") as unknown as HTMLElement, h("span", {}, "DuckSoup"));
	const nav = h("nav", { aria: { label: "Test pages" } }, ...links);
	const head = h("header", { class: "top" }, brand, !alone && nav);
	const intro = h("div", { class: "intro" }, h("h1", {}, title), h("p", { class: "hint" }, lead));
	document.getElementById("app")?.replaceChildren(head, h("main", { class: alone ? "alone" : "" }, intro, ...content));
	nav.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
}

/** A name that nobody else will have. */
export function randomName(prefix: string): string {
	const letters = crypto.getRandomValues(new Uint8Array(6));
	return `${prefix}-${[...letters].map((byte) => "abcdefghijkmnpqrstuvwxyz23456789"[byte % 32]).join("")}`;
}

/** What the page's address says, for links that are sent to people. */
export function fromAddress(name: string): string | undefined {
	return new URLSearchParams(location.search).get(name) || undefined;
}
