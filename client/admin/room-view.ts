/** One room: who is in it, what they publish, and where they are served. */
import type { Participant, Room } from "../../shared/rest.ts";
import { h } from "../demo/dom.ts";
import { type Api, ApiError, type Page, pathOf } from "./api.ts";
import { Diagram } from "./diagram.ts";
import { ago, count } from "./figures.ts";
import type { FleetStore } from "./fleet-store.ts";
import { Keyed } from "./keyed.ts";
import { ParticipantRow } from "./participant-row.ts";
import { placementOf } from "./placement.ts";
import { poll } from "./poll.ts";
import { say, type View } from "./view.ts";

const POLL_MS = 2_000;
/** As many participants as are shown; the API's most in one page. */
const MOST = 500;
const DOTS = "A full dot publishes, an empty one only watches, a pale one is away.";
const LINES = "A line is a pipe between nodes, with the tracks it carries.";

export function roomView(api: Api, store: FleetStore, name: string): View {
	const about = h("p", { class: "hint" });
	const note = h("div", { class: "empty" }, h("p", {}, "Asking the edge …"));
	const diagram = new Diagram();
	const list = h("ul", { class: "card people-list" });
	const rows = new Keyed<Participant>(list, (participant) => new ParticipantRow(participant, name, api, refresh));
	const rest = h("p", { class: "hint" });
	const legend = h("p", { class: "hint" });
	const body = h(
		"div",
		{ class: "room-body", hidden: true },
		h("section", { class: "card where" }, h("h2", {}, "Served by"), diagram.element, legend),
		h("section", {}, h("h2", {}, "Participants"), list, rest),
	);
	const element = h(
		"section",
		{ class: "room" },
		h("nav", { ariaLabel: "Back" }, h("a", { href: "#/rooms", class: "back" }, "All rooms")),
		h("h1", {}, name),
		about,
		note,
		body,
	);

	async function refresh(): Promise<void> {
		try {
			const [room, page] = await Promise.all([
				api.get<Room>(pathOf(name)),
				api.get<Page<Participant>>(`${pathOf(name)}/participants?limit=${MOST}`),
			]);
			show(room, page);
		} catch (error) {
			const isGone = error instanceof ApiError && error.code === "not_found";
			body.hidden ||= isGone;
			note.hidden = false;
			about.textContent = "";
			if (isGone) say(note, "There is no such room now.", "It shows up here as soon as somebody joins it.");
			else say(note, `Not up to date: ${(error as Error).message}.`);
		}
	}

	function show(room: Room, { items, next }: Page<Participant>): void {
		const placement = placementOf(room, items, (id) => store.nodes.get(id)?.node);
		const isEmpty = items.length === 0 && placement.nodes.length === 0;
		about.textContent = [
			count(room.participants, "participant"),
			count(room.tracks, "track"),
			`created ${ago(room.createdAt)}`,
			...Object.entries(room.settings).map(([key, value]) => `${key} ${value}`),
		].join(" · ");
		note.hidden = !isEmpty;
		body.hidden = isEmpty;
		say(note, "Nobody is in this room, and no node carries it.");
		list.hidden = items.length === 0;
		rest.hidden = next === undefined && items.length > 0;
		rest.textContent = items.length === 0 ? "Nobody is in this room now." : `The first ${MOST} are shown.`;
		rows.show(items.map((participant) => [participant.id, participant]));
		diagram.show(placement.nodes, placement.pipes);
		legend.textContent = placement.pipes.length > 0 ? `${DOTS} ${LINES}` : DOTS;
	}

	const stop = poll(POLL_MS, refresh);
	return {
		title: name,
		element,
		close: () => {
			stop();
			diagram.close();
		},
	};
}
