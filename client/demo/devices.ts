/** Choosing camera, microphone and speaker. */
import { listDevices, type Room } from "../sdk/index.ts";
import { explain, h, toast } from "./dom.ts";
import { preferences } from "./preferences.ts";

const KINDS = [
	{ kind: "audioinput", label: "Microphone", key: "audioDevice" },
	{ kind: "videoinput", label: "Camera", key: "videoDevice" },
	{ kind: "audiooutput", label: "Speaker", key: "speakerDevice" },
] as const;

type Kind = (typeof KINDS)[number]["kind"];

/** One select per kind there is a device of. */
export async function deviceSelects(onChange: (kind: Kind, id: string) => void): Promise<HTMLElement[]> {
	const devices = await listDevices();
	return KINDS.flatMap(({ kind, label, key }) => {
		const choices = devices.filter((device) => device.kind === kind && device.label !== "");
		if (choices.length === 0 || (kind === "audiooutput" && !("setSinkId" in HTMLMediaElement.prototype))) return [];
		const select = h(
			"select",
			{ aria: { label } },
			...choices.map(({ deviceId, label: text }) => h("option", { value: deviceId }, text)),
		);
		select.value = preferences[key] ?? choices[0]?.deviceId ?? "";
		select.addEventListener("change", () => {
			preferences[key] = select.value;
			onChange(kind, select.value);
		});
		return [h("label", { class: "field" }, h("span", {}, label), select)];
	});
}

/** Puts a choice into effect during a call. */
export async function switchDevice(room: Room, kind: Kind, id: string): Promise<void> {
	try {
		if (kind === "audiooutput") {
			const elements = document.querySelectorAll<HTMLMediaElement>("[data-participant]");
			await Promise.all([...elements].map((element) => element.setSinkId(id)));
		} else await room.me.track(kind === "audioinput" ? "audio" : "camera")?.switchDevice(id);
	} catch (error) {
		toast(explain(error));
	}
}
