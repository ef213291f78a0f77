/** What the address and earlier visits say. */
const parameters = new URLSearchParams(location.search);
const WORDS = [
	"amber",
	"birch",
	"cedar",
	"delta",
	"ember",
	"fjord",
	"grove",
	"harbor",
	"island",
	"juniper",
	"lagoon",
	"meadow",
];

function pick(): string {
	return WORDS[Math.floor(Math.random() * WORDS.length)] ?? "room";
}

export const preferences = {
	room: parameters.get("room") ?? `${pick()}-${pick()}-${Math.floor(Math.random() * 90 + 10)}`,
	name: parameters.get("name") ?? localStorage.getItem("name") ?? "",
	autojoin: parameters.has("autojoin"),
	microphone: parameters.get("mic") !== "0",
	camera: parameters.get("camera") !== "0",
	/** The same person after a reload, and another in another tab. */
	identity: sessionStorage.getItem("identity") ?? `p-${crypto.randomUUID().slice(0, 8)}`,
	audioDevice: undefined as string | undefined,
	videoDevice: undefined as string | undefined,
	speakerDevice: undefined as string | undefined,
};
sessionStorage.setItem("identity", preferences.identity);

export function remember(name: string): void {
	preferences.name = name;
	localStorage.setItem("name", name);
}

/** The address that brings somebody into this room. */
export function inviteLink(room: string): string {
	return `${location.origin}${location.pathname}?room=${encodeURIComponent(room)}`;
}

/** Constraints that name a device only when one was chosen. */
export function device(id: string | undefined): MediaTrackConstraints {
	return id ? { deviceId: { exact: id } } : {};
}
