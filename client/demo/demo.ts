/** The demo: a lobby, a call, and the lobby again. */
import { connect, type Room } from "../sdk/index.ts";
import { call } from "./call.ts";
import { explain, h } from "./dom.ts";
import { lobby, type Wish } from "./lobby.ts";
import { preferences } from "./preferences.ts";

declare global {
	interface Window {
		/** For a look from the console, and for tests. */
		switchyard?: { room: Room };
	}
}

const root = document.getElementById("app") as HTMLElement;

/** The edge hands these to anybody, in development. */
async function demoToken(room: string, { name }: Wish): Promise<string> {
	const response = await fetch("/v1/demo/tokens", {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ room, identity: preferences.identity, name }),
	});
	if (response.status === 404 || response.status === 403) {
		throw new Error("This service hands out no demo tokens (DEMO is off). Its back end makes tokens over REST.");
	}
	if (!response.ok) throw new Error(`No token: HTTP ${response.status}`);
	return ((await response.json()) as { token: string }).token;
}

let problem: string | undefined;
for (;;) {
	const wish = await lobby(root, problem);
	root.replaceChildren(h("div", { class: "joining" }, h("span", { class: "spinner" }), "Joining…"));
	try {
		const room = await connect({
			url: location.origin,
			room: wish.room,
			token: (name) => demoToken(name, wish),
			name: wish.name,
		});
		window.switchyard = { room };
		history.replaceState(null, "", `?room=${encodeURIComponent(wish.room)}`);
		preferences.room = wish.room;
		problem = (await call(root, room, wish)) ?? "";
	} catch (error) {
		problem = explain(error);
	}
}
