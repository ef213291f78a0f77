/** The call: people, controls, panels. Resolves with why it ended. */
import type { CapturedTracks, CloseReason, Room } from "../sdk/index.ts";
import { Banner } from "./banner.ts";
import { ChatPanel } from "./chat-panel.ts";
import { Controls } from "./controls.ts";
import { DevicesPanel } from "./devices-panel.ts";
import { button, h } from "./dom.ts";
import { Grid } from "./grid.ts";
import { icon } from "./icons.ts";
import { invite, inviteLink } from "./invite.ts";
import { type Device, OwnMedia } from "./own-media.ts";
import { People } from "./people.ts";
import { Recorder } from "./recorder.ts";
import { SidePanel } from "./side-panel.ts";
import { Sound } from "./sound.ts";
import { StatsHistory } from "./stats-history.ts";
import { StatsPanel } from "./stats-panel.ts";
import { toast } from "./toast.ts";

export interface CallEnd {
	reason: CloseReason;
	/** What was on, for the next time. */
	on: Record<Device, boolean>;
}

export interface CallBegin {
	wanted: Record<Device, boolean>;
	/** Opened already. */
	tracks: CapturedTracks;
}

export function call(root: HTMLElement, room: Room, { wanted, tracks }: CallBegin): Promise<CallEnd> {
	const grid = new Grid();
	const people = new People(room, grid);
	const own = new OwnMedia(room);
	const sound = new Sound(room);
	const chat = new ChatPanel(room);
	const history = new StatsHistory(room);
	const banner = new Banner(room, () => sound.unblock());
	const recorder = new Recorder(room);
	const head = new Head(room, recorder.badge);
	let leaving = false;
	const controls = new Controls(
		{
			microphone: () => own.toggle("audio"),
			camera: () => own.toggle("camera"),
			screen: () => own.toggleScreen(),
			record: () => recorder.toggle(),
			devices: () => panel.toggle("devices"),
			chat: () => panel.toggle("chat"),
			stats: () => panel.toggle("stats"),
			leave: () => {
				leaving = true;
				return room.leave();
			},
		},
		room.me.rights,
	);
	const { devices: devicesControl, chat: chatControl, stats: statsControl } = controls.buttons;
	const panel: SidePanel<"chat" | "stats" | "devices"> = new SidePanel({
		chat: { title: "Chat", control: chatControl, make: () => chat },
		stats: { title: "Statistics", control: statsControl, make: () => new StatsPanel(room, history) },
		devices: {
			title: "Devices and quality",
			control: devicesControl,
			floating: true,
			make: () => new DevicesPanel({ own, sound, people }),
		},
	});

	let unread = 0;
	const setUnread = (count: number) => {
		unread = count;
		controls.unread = count;
	};
	chat.onMessage = () => setUnread(panel.open === "chat" ? 0 : unread + 1);
	panel.onChange = () => {
		if (panel.open === "chat") setUnread(0);
	};
	sound.onBlocked = (blocked) => {
		banner.blocked = blocked;
	};

	const refresh = () => {
		controls.refresh(own, recorder);
		people.refreshOwn();
	};
	for (const event of ["trackMuted", "trackUnmuted", "localTrackPublished", "localTrackUnpublished"] as const) {
		room.on(event, refresh);
	}
	recorder.onChange = refresh;
	// What the user chose; that all tracks end with the call says nothing about that.
	const on = { ...wanted };
	own.onChange = () => {
		refresh();
		if (leaving || room.state === "closed") return;
		for (const source of ["audio", "camera"] as const) if (!own.busy(source)) on[source] = own.on(source);
	};
	room.on("moved", (name) => toast(`You were moved to ${name}.`));

	root.replaceChildren(
		h(
			"div",
			{ class: "call" },
			head.element,
			banner.element,
			h("div", { class: "call-body" }, h("div", { class: "call-stage" }, grid.element, head.alone), panel.element),
			controls.element,
			sound.element,
		),
	);
	refresh();
	void own.begin(wanted, tracks);

	return new Promise((resolve) => {
		room.on("closed", ({ reason }) => {
			history.stop();
			panel.close();
			banner.close();
			controls.close();
			resolve({ reason, on });
		});
	});
}

/** Which room, who is in it, how it is connected, and the way to more people. */
class Head {
	readonly element: HTMLElement;
	/** In an empty room. */
	readonly alone: HTMLElement;
	readonly #room: Room;
	readonly #name = h("strong", {});
	readonly #count = h("span", { class: "count" });
	readonly #state = h("span", { class: "state" });
	readonly #link = h("code", {});

	constructor(room: Room, badge: HTMLElement) {
		this.#room = room;
		this.element = h(
			"header",
			{ class: "call-head" },
			h("span", { class: "brand" }, icon("logo")),
			this.#name,
			this.#count,
			badge,
			this.#state,
			button(
				{ id: "invite", class: "small", data: { testid: "invite" }, aria: { label: "Invite" } },
				() => invite(room.name),
				icon("invite"),
				h("span", { class: "wide" }, "Invite"),
			),
		);
		this.alone = h(
			"div",
			{ class: "alone" },
			h("p", {}, "You are the only one here. Send this link to whoever should join."),
			button({ class: "copy", title: "Copy the link" }, () => invite(room.name), icon("link"), this.#link),
		);
		for (const event of [
			"participantJoined",
			"participantLeft",
			"stateChanged",
			"mediaStateChanged",
			"topologyChanged",
			"moved",
		] as const) {
			room.on(event, () => this.#refresh());
		}
		this.#refresh();
	}

	#refresh(): void {
		const { name, participants, state, mediaState, node, topology } = this.#room;
		this.#name.textContent = name;
		this.#count.textContent = participants.size === 0 ? "Only you" : `${participants.size + 1} people`;
		this.alone.hidden = participants.size > 0;
		this.#link.textContent = inviteLink(name).replace(/^https?:\/\//, "");
		const isGood =
			state === "connected" && (node !== undefined || topology === "mesh") && mediaState !== "disconnected";
		this.#state.className = `state ${isGood ? "good" : "warn"}`;
		const text = isGood ? (node?.region ?? "direct") : state === "connected" ? "no media" : state;
		this.#state.replaceChildren(h("span", { class: "wide" }, text));
		this.#state.title = node
			? `Media node ${node.id} in ${node.region}`
			: isGood
				? "People talk directly"
				: "No media node";
	}
}
