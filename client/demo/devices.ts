/** Choosing camera, microphone and speaker. */
import { listDevices, onDevicesChanged } from "../sdk/index.ts";
import { h } from "./dom.ts";
import { preferences, rememberDevice } from "./preferences.ts";

const KINDS = [
	{ kind: "audioinput", label: "Microphone", key: "audioDevice" },
	{ kind: "videoinput", label: "Camera", key: "videoDevice" },
	{ kind: "audiooutput", label: "Speaker", key: "speakerDevice" },
] as const;

export type DeviceKind = (typeof KINDS)[number]["kind"];

/** A select for each kind of which there is one to choose; kept as devices come and go. */
export class DeviceSelects {
	readonly element = h("div", { class: "selects" });
	readonly #onChoice: (kind: DeviceKind, id: string) => void;
	#unwatch: () => void = () => {};

	constructor(onChoice: (kind: DeviceKind, id: string) => void) {
		this.#onChoice = onChoice;
		// Without a secure context there are no devices at all.
		if (navigator.mediaDevices) this.#unwatch = onDevicesChanged((devices) => this.#show(devices));
	}

	/** Names of devices are known only after one was opened. */
	async refresh(): Promise<void> {
		this.#show(await listDevices().catch(() => []));
	}

	close(): void {
		this.#unwatch();
	}

	#show(devices: readonly MediaDeviceInfo[]): void {
		this.element.replaceChildren(...KINDS.flatMap((it) => this.#select(devices, it) ?? []));
	}

	#select(devices: readonly MediaDeviceInfo[], { kind, label, key }: (typeof KINDS)[number]): HTMLElement | undefined {
		const choices = devices.filter((device) => device.kind === kind && device.label !== "");
		if (choices.length === 0 || (kind === "audiooutput" && !("setSinkId" in HTMLMediaElement.prototype))) return;
		const select = h(
			"select",
			{ id: `choose-${kind}` },
			...choices.map(({ deviceId, label: text }) => h("option", { value: deviceId }, text)),
		);
		const known = choices.some(({ deviceId }) => deviceId === preferences[key]);
		select.value = (known ? preferences[key] : choices[0]?.deviceId) ?? "";
		select.addEventListener("change", () => {
			rememberDevice(key, select.value);
			this.#onChoice(kind, select.value);
		});
		return h("label", { class: "field" }, h("span", {}, label), select);
	}
}
