/** The call: people, controls, panels. Resolves with why it ended. */
import type { CloseReason, Quality, Room } from "../sdk/index.ts";
import { ChatPanel } from "./chat-panel.ts";
import { deviceSelects, switchDevice } from "./devices.ts";
import { explain, h, toast } from "./dom.ts";
import { Grid } from "./grid.ts";
import { type Icon, icon } from "./icons.ts";
import type { Wish } from "./lobby.ts";
import { People } from "./people.ts";
import { device, inviteLink, preferences } from "./preferences.ts";
import { StatsPanel } from "./stats-panel.ts";

const ENDED: Record<CloseReason, string | undefined> = {
	left: undefined,
	replaced: "You joined this room from somewhere else.",
	removed: "You were removed from the room.",
	roomClosed: "The room was closed.",
	resumedElsewhere: "The call goes on in another tab.",
	unauthorized: "Your invitation is no longer valid.",
	lost: "The connection was lost and did not come back in time.",
	refused: "The service refused the connection.",
};

export function call(root: HTMLElement, room: Room, wish: Wish): Promise<string | undefined> {
	const grid = new Grid();
	const people = new People(room, grid);
	const chat = new ChatPanel(room);
	const banner = h("div", { class: "banner", hidden: true, role: "status" } as never);
	const side = h("aside", { class: "panel", hidden: true });
	const ends: (() => void)[] = [];

	// ------------------------------------------------------------ panels

	let open: string | undefined;
	let stats: StatsPanel | undefined;
	function show(name: string | undefined): void {
		open = open === name ? undefined : name;
		stats?.stop();
		stats = undefined;
		side.hidden = open === undefined;
		for (const [id, control] of Object.entries({ chat: chatButton, stats: statsButton, devices: devicesButton })) {
			control.classList.toggle("on", open === id);
			control.setAttribute("aria-expanded", String(open === id));
		}
		if (open === undefined) return;
		const close = h("button", { type: "button", class: "plain", title: "Close" }, icon("close"));
		close.addEventListener("click", () => show(undefined));
		const title = { chat: "Chat", stats: "Statistics", devices: "Devices and quality" }[open] ?? "";
		const body = h("div", { class: "panel-fill" });
		side.replaceChildren(h("header", {}, h("h2", {}, title), close), body);
		if (open === "chat") {
			unread.hidden = true;
			body.append(chat.element);
			chat.input.focus();
		} else if (open === "stats") {
			stats = new StatsPanel(room);
			body.append(stats.element);
		} else void showDevices(body);
	}

	async function showDevices(body: HTMLElement): Promise<void> {
		const selects = await deviceSelects((kind, id) => void switchDevice(room, kind, id));
		const quality = h(
			"select",
			{ id: "quality" },
			...(["auto", "high", "medium", "low"] as const).map((it) =>
				h("option", { value: it }, it[0]?.toUpperCase() + it.slice(1)),
			),
		);
		quality.addEventListener("change", () => {
			people.quality = quality.value as Quality;
		});
		const hint = h("p", { class: "muted" }, "Auto asks for each video in the size it is shown at.");
		body.append(
			h(
				"section",
				{ class: "panel-body" },
				...selects,
				h("label", { class: "field" }, h("span", {}, "Quality of everybody’s video"), quality),
				hint,
			),
		);
	}

	// ------------------------------------------------------------ controls

	const microphone = control("toggle-mic", "mic", "Microphone (M)", () => void toggle("audio"));
	const camera = control("toggle-camera", "camera", "Camera (V)", () => void toggle("camera"));
	const screen = control("toggle-screen", "screen", "Share your screen (S)", () => void share());
	const devicesButton = control("open-devices", "devices", "Devices and quality", () => show("devices"));
	const chatButton = control("open-chat", "chat", "Chat (C)", () => show("chat"));
	const statsButton = control("open-stats", "stats", "Statistics (I)", () => show("stats"));
	const invite = control("invite", "invite", "Invite", () => void shareLink());
	const leave = control("leave", "leave", "Leave", () => void room.leave());
	leave.classList.add("danger");
	const unread = h("i", { class: "dot", hidden: true });
	chatButton.append(unread);
	chat.onMessage = () => {
		unread.hidden = open === "chat";
	};

	async function toggle(source: "audio" | "camera"): Promise<void> {
		const track = room.me.track(source);
		try {
			if (!track) {
				await (source === "audio"
					? room.me.enableMicrophone(device(preferences.audioDevice))
					: room.me.enableCamera(device(preferences.videoDevice)));
			} else await (track.muted ? track.unmute() : track.mute());
		} catch (error) {
			toast(explain(error));
		}
		refresh();
	}

	async function share(): Promise<void> {
		const sharing = room.me.track("screen");
		try {
			if (sharing) {
				sharing.stop();
				room.me.track("screenAudio")?.stop();
			} else await room.me.shareScreen();
		} catch (error) {
			if ((error as { code?: string }).code !== "permission_denied") toast(explain(error));
		}
		refresh();
	}

	async function shareLink(): Promise<void> {
		const url = inviteLink(room.name);
		try {
			if (navigator.share && matchMedia("(pointer: coarse)").matches)
				await navigator.share({ title: "Join the call", url });
			else {
				await navigator.clipboard.writeText(url);
				toast("The link is copied. Whoever opens it can join.");
			}
		} catch {
			toast(url);
		}
	}

	function refresh(): void {
		const muted = (source: "audio" | "camera") => room.me.track(source)?.muted ?? true;
		set(microphone, muted("audio") ? "micOff" : "mic", muted("audio"));
		set(camera, muted("camera") ? "cameraOff" : "camera", muted("camera"));
		screen.classList.toggle("on", room.me.track("screen") !== undefined);
		people.refreshOwn();
	}

	function onKey({ key, target, metaKey, ctrlKey, altKey }: KeyboardEvent): void {
		if (metaKey || ctrlKey || altKey || target instanceof HTMLInputElement || target instanceof HTMLSelectElement)
			return;
		const action = { m: microphone, v: camera, s: screen, c: chatButton, i: statsButton }[key.toLowerCase()];
		action?.click();
	}
	document.addEventListener("keydown", onKey);
	ends.push(() => document.removeEventListener("keydown", onKey));

	// ------------------------------------------------------------ state

	function announce(): void {
		const text =
			room.state === "reconnecting"
				? "Connection lost. Reconnecting…"
				: room.node
					? ""
					: room.mediaState === "disconnected"
						? "Audio and video wait for a media node…"
						: "No media node yet. Waiting…";
		banner.textContent = text;
		banner.hidden = text === "";
	}
	// A node comes within moments; only a wait that can be noticed is told.
	const first = setTimeout(announce, 1_500);
	ends.push(() => clearTimeout(first));
	room.on("stateChanged", announce);
	room.on("mediaStateChanged", announce);
	room.on("trackMuted", refresh);
	room.on("trackUnmuted", refresh);
	room.on("localTrackPublished", refresh);
	room.on("localTrackUnpublished", refresh);
	room.on("participantJoined", count);
	room.on("participantLeft", count);
	room.on("moved", (name) => {
		title.textContent = name;
		toast(`You were moved to ${name}.`);
	});

	const peopleCount = h("span", { class: "muted" });
	const title = h("strong", {}, room.name);
	function count(): void {
		const n = room.participants.size + 1;
		peopleCount.textContent = n === 1 ? "Only you" : `${n} people`;
	}
	count();

	root.replaceChildren(
		h(
			"div",
			{ class: "call" },
			h("header", { class: "call-head" }, h("span", { class: "brand" }, icon("logo")), title, peopleCount),
			banner,
			h("div", { class: "call-body" }, grid.element, side),
			h(
				"nav",
				{ class: "controls", aria: { label: "Call" } },
				microphone,
				camera,
				screen,
				h("span", { class: "gap" }),
				devicesButton,
				chatButton,
				statsButton,
				invite,
				h("span", { class: "gap" }),
				leave,
			),
		),
	);
	refresh();
	if (wish.microphone) void toggle("audio");
	if (wish.camera) void toggle("camera");

	return new Promise((resolve) => {
		room.on("closed", ({ reason }) => {
			stats?.stop();
			for (const end of ends) end();
			resolve(ENDED[reason]);
		});
	});
}

function control(id: string, name: Icon, title: string, onClick: () => void): HTMLButtonElement {
	const button = h("button", { id, type: "button", class: "control", title, aria: { label: title } }, icon(name));
	button.addEventListener("click", onClick);
	return button;
}

function set(button: HTMLButtonElement, name: Icon, off: boolean): void {
	button.querySelector(".icon")?.replaceWith(icon(name));
	button.classList.toggle("off", off);
	button.setAttribute("aria-pressed", String(!off));
}
