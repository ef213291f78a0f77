/** What the address and earlier visits say. */
const parameters = new URLSearchParams(location.search);
const COLOURS = ["amber", "azure", "coral", "ivory", "jade", "ochre", "rose", "sable", "teal", "umber"];
const PLACES = ["bridge", "depot", "harbor", "junction", "meadow", "platform", "siding", "summit", "tower", "valley"];

export type DeviceKey = "audioDevice" | "videoDevice" | "speakerDevice";

/** The same person after a reload, and another in another tab. */
const identity = sessionStorage.getItem("identity") ?? `p-${randomHex(4)}`;
sessionStorage.setItem("identity", identity);

export const preferences = {
	identity,
	room: parameters.get("room") || randomRoom(),
	name: parameters.get("name") ?? localStorage.getItem("name") ?? "",
	autojoin: parameters.has("autojoin"),
	microphone: parameters.get("mic") !== "0",
	camera: parameters.get("camera") !== "0",
	audioDevice: localStorage.getItem("audioDevice") ?? undefined,
	videoDevice: localStorage.getItem("videoDevice") ?? undefined,
	speakerDevice: localStorage.getItem("speakerDevice") ?? undefined,
};

export function rememberName(name: string): void {
	preferences.name = name;
	localStorage.setItem("name", name);
}

export function rememberDevice(key: DeviceKey, id: string): void {
	preferences[key] = id;
	localStorage.setItem(key, id);
}

export function randomRoom(): string {
	return `${pick(COLOURS)}-${pick(PLACES)}-${10 + Math.floor(Math.random() * 90)}`;
}

/** The chosen device where it is still plugged in, else the browser's choice. */
export function device(key: "audioDevice" | "videoDevice"): MediaTrackConstraints {
	const id = preferences[key];
	return id ? { deviceId: { ideal: id } } : {};
}

function pick(words: readonly string[]): string {
	return words[Math.floor(Math.random() * words.length)] ?? "room";
}

/** `crypto.randomUUID` is missing where the page is not served by https. */
function randomHex(bytes: number): string {
	return [...crypto.getRandomValues(new Uint8Array(bytes))].map((it) => it.toString(16).padStart(2, "0")).join("");
}
