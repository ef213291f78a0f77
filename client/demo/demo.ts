/** The demo: a lobby, a call, what ended it, and again. */
import { connect, type Room } from "../sdk/index.ts";
import { call } from "./call.ts";
import { button, h } from "./dom.ts";
import { ended } from "./ended.ts";
import { lobby, type Wish, wishFromAddress } from "./lobby.ts";
import { preferences } from "./preferences.ts";
import { type Ending, endingOf, notJoined } from "./words.ts";

declare global {
	interface Window {
		/** For a look from the console, and for tests. */
		switchyard?: { room: Room };
	}
}

const root = document.getElementById("app") as HTMLElement;

let wish = preferences.autojoin ? wishFromAddress() : await lobby(root);
for (;;) {
	const ending = await attend(wish);
	document.title = "Switchyard";
	const next = ending && (await ended(root, ending));
	wish = next === "again" ? { ...wish, tracks: {} } : await lobby(root);
}

/** Joins, and stays until the call is over. Undefined when the user thought better of it. */
async function attend(wish: Wish): Promise<Ending | undefined> {
	const abort = new AbortController();
	showJoining(wish.room, () => abort.abort());
	try {
		const room = await connect({
			url: location.origin,
			room: wish.room,
			token: (name) => demoToken(name, wish),
			name: wish.name,
			signal: abort.signal,
		});
		window.switchyard = { room };
		enter(wish, room.name);
		room.on("moved", (name) => enter(wish, name));
		const { reason, on } = await call(root, room, wish);
		wish.wanted = on;
		return endingOf(reason);
	} catch (error) {
		return abort.signal.aborted ? undefined : notJoined(error);
	} finally {
		for (const track of Object.values(wish.tracks)) track?.stop();
	}
}

/** From here on a reload, and another try, lead to this room. */
function enter(wish: Wish, room: string): void {
	wish.room = preferences.room = room;
	document.title = `${room} · Switchyard`;
	history.replaceState(null, "", `?room=${encodeURIComponent(room)}`);
}

function showJoining(room: string, onCancel: () => void): void {
	root.replaceChildren(
		h(
			"div",
			{ class: "between" },
			h("span", { class: "spinner large" }),
			h("p", { class: "hint", role: "status" }, `Joining ${room}…`),
			button({ id: "cancel" }, onCancel, "Cancel"),
		),
	);
}

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
	if (!response.ok) throw new Error(`The service gave no token (HTTP ${response.status}).`);
	return ((await response.json()) as { token: string }).token;
}
