/** The page of a room of Talksy's protocol: `/?room_id=NAME`, with `debug`, `dev` and `disablered` as its users know them. */
import { type Listener, TalksyConnection } from "./connection.ts";
import { Tiles } from "./tiles.ts";

const MAX_LINES = 200;
const query = new URLSearchParams(location.search);
const room = query.get("room_id") || "default";
const isDebug = (query.get("debug") ?? "") !== "";
const isDev = (query.get("dev") ?? "") !== "";

function element<T extends HTMLElement>(id: string): T {
	const found = document.getElementById(id);
	if (!found) throw new Error(`no element ${id}`);
	return found as T;
}

const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const [microphone, camera] = [element<HTMLButtonElement>("microphone"), element<HTMLButtonElement>("camera")];
const screen = element<HTMLButtonElement>("screen");
const quality = element<HTMLSelectElement>("quality");
const limit = element<HTMLInputElement>("limit");
const [state, log] = [element("state"), element("log")];

interface Call {
	connection: TalksyConnection;
	tiles: Tiles;
	own: MediaStream;
	shown?: MediaStream;
}
let call: Call | undefined;

element("room").textContent = room;
document.title = `Room ${room}`;
element("debug").hidden = !isDebug;

function say(text: string, bad = false): void {
	state.textContent = text;
	state.classList.toggle("bad", bad);
}

function note(direction: string, type: string, data: unknown): void {
	if (isDev) console.debug(direction, type, data);
	if (!isDebug || type === "track_stats") return;
	const line = document.createElement("li");
	line.textContent = `${direction === "in" ? "←" : "→"} ${type} ${JSON.stringify(data)?.slice(0, 200) ?? ""}`;
	log.append(line);
	if (log.childElementCount > MAX_LINES) log.firstElementChild?.remove();
}

function address(): string {
	const scheme = location.protocol === "https:" ? "wss" : "ws";
	const token = query.get("token");
	const params = new URLSearchParams({ room_id: room, ...(isDebug && { debug: "true" }), ...(token && { token }) });
	return `${scheme}://${location.host}/${scheme}?${params}`;
}

/** A camera and a microphone, what there is of them; without any it is a call to watch. */
async function capture(): Promise<MediaStream> {
	const wishes: MediaStreamConstraints[] = [
		{ audio: true, video: { width: 1280, height: 720 } },
		{ audio: true },
		{ video: { width: 1280, height: 720 } },
	];
	for (const wish of wishes) {
		try {
			return await navigator.mediaDevices.getUserMedia(wish);
		} catch {
			// The next one asks for less.
		}
	}
	return new MediaStream();
}

async function begin(): Promise<void> {
	start.disabled = true;
	say("connecting …");
	const own = await capture();
	const names = new Map<string, string>();
	const tiles = new Tiles(element("tiles"), (track, width, height) => connection.resize(track, width, height));
	const listener: Listener = {
		onId: (id) => {
			if (own.getTracks().length > 0) tiles.show(own, `${id} (you)`, true);
		},
		onStream: (stream) => {
			const name = stream
				.getTracks()
				.map(({ id }) => names.get(id))
				.find((it) => it !== undefined);
			tiles.show(stream, name ?? stream.id);
		},
		onStreamGone: (id) => tiles.remove(id),
		onAvailable: (tracks) => {
			for (const { id, client_id, source_type } of tracks) {
				names.set(id, source_type === "screen" ? `${client_id}: screen` : client_id);
			}
		},
		onVoice: (stream, speaking) => tiles.speaking(stream, speaking),
		onStats: (stats) => isDebug && tiles.measure(stats),
		onCondition: (stable) => say(stable ? "connected" : "connected, but the network is poor", !stable),
		onConnection: (connectionState) => {
			say(connectionState, connectionState === "failed");
			if (connectionState === "connected") ready(true);
		},
		onError: (message) => say(message, true),
		onClosed: (code) => {
			if (call?.connection === connection)
				end(code === 1000 ? "left" : `the connection was closed (${code})`, code !== 1000);
		},
		onFrame: note,
	};
	const connection = new TalksyConnection(address(), own, listener, { red: !query.has("disablered") });
	call = { connection, tiles, own };
	if (isDev) Object.assign(window, { talksy: call });
}

function ready(on: boolean): void {
	for (const control of [screen, quality, limit, stop]) control.disabled = !on;
	microphone.disabled = !on || !call?.own.getAudioTracks().length;
	camera.disabled = !on || !call?.own.getVideoTracks().length;
}

function end(message: string, bad = false): void {
	if (!call) return;
	const { connection, tiles, own, shown } = call;
	call = undefined;
	connection.close();
	tiles.clear();
	for (const track of [...own.getTracks(), ...(shown?.getTracks() ?? [])]) track.stop();
	ready(false);
	start.disabled = false;
	for (const button of [microphone, camera]) button.ariaPressed = "true";
	screen.ariaPressed = "false";
	quality.value = "high";
	limit.value = "";
	say(message, bad);
}

function toggle(button: HTMLButtonElement, tracks: readonly MediaStreamTrack[]): void {
	const on = button.ariaPressed !== "true";
	button.ariaPressed = String(on);
	for (const track of tracks) track.enabled = on;
}

async function toggleScreen(): Promise<void> {
	const current = call;
	if (!current) return;
	if (current.shown) {
		stopScreen(current);
		return;
	}
	const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
	if (call !== current) {
		for (const track of stream.getTracks()) track.stop();
		return;
	}
	current.shown = stream;
	screen.ariaPressed = "true";
	current.tiles.show(stream, "your screen", true);
	current.connection.shareScreen(stream);
	stream.getVideoTracks()[0]?.addEventListener("ended", () => stopScreen(current));
}

function stopScreen(of: Call): void {
	if (!of.shown) return;
	of.tiles.remove(of.shown.id);
	of.connection.stopScreen(of.shown);
	of.shown = undefined;
	screen.ariaPressed = "false";
}

const told = (error: unknown) => say(error instanceof Error ? error.message : String(error), true);
start.addEventListener("click", () => void begin().catch(told));
stop.addEventListener("click", () => end("left"));
microphone.addEventListener("click", () => toggle(microphone, call?.own.getAudioTracks() ?? []));
camera.addEventListener("click", () => toggle(camera, call?.own.getVideoTracks() ?? []));
screen.addEventListener("click", () => void toggleScreen().catch(told));
quality.addEventListener("change", () =>
	call?.connection.switchQuality(quality.value as "high" | "mid" | "low" | "none"),
);
limit.addEventListener("change", () => {
	// Without one it is as good as none.
	const kilobits = Number(limit.value) || 100_000;
	call?.connection.limit(kilobits * 1_000);
});
window.addEventListener("pagehide", () => end("left"));
