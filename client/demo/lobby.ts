/** Before the call: who, where, and how one looks and sounds. */
import { createLocalTracks, onDevicesChanged } from "../sdk/index.ts";
import { deviceSelects } from "./devices.ts";
import { explain, h } from "./dom.ts";
import { icon } from "./icons.ts";
import { LevelMeter } from "./level-meter.ts";
import { device, preferences, remember } from "./preferences.ts";

export interface Wish {
	name: string;
	room: string;
	microphone: boolean;
	camera: boolean;
}

/** Shows the lobby; resolves when the user joins. `problem` is what ended the call before. */
export function lobby(root: HTMLElement, problem?: string): Promise<Wish> {
	return new Promise((resolve) => {
		const video = h("video", { autoplay: true, muted: true, playsInline: true, class: "mirrored" });
		const hint = h("p", { class: "preview-hint" });
		const meter = new LevelMeter();
		const microphone = toggle("mic", "Microphone", preferences.microphone);
		const camera = toggle("camera", "Camera", preferences.camera);
		const selects = h("div", { class: "selects" });
		const name = h("input", {
			id: "name",
			value: preferences.name,
			maxLength: 60,
			autocomplete: "name",
			placeholder: "How others see you",
		});
		const room = h("input", {
			id: "room",
			value: preferences.room,
			maxLength: 60,
			pattern: "[A-Za-z0-9][A-Za-z0-9._~:\\-]*",
			required: true,
		});
		const join = h("button", { id: "join", class: "primary", type: "submit" }, "Join the call");
		let stream = new MediaStream();
		let opening = 0;

		/** The preview that is being opened. */
		let pending = Promise.resolve();
		const open = () => {
			pending = preview();
		};

		async function preview(): Promise<void> {
			const turn = ++opening;
			stop();
			hint.textContent = "";
			try {
				if (!microphone.checked && !camera.checked) return;
				const tracks = await createLocalTracks({
					audio: microphone.checked && device(preferences.audioDevice),
					camera: camera.checked && device(preferences.videoDevice),
				});
				if (turn !== opening) {
					for (const track of Object.values(tracks)) track?.stop();
					return;
				}
				stream = new MediaStream(Object.values(tracks).filter((track) => track !== undefined));
				video.srcObject = stream;
				meter.listen(tracks.audio);
				selects.replaceChildren(...(await deviceSelects(open)));
			} catch (error) {
				if (turn === opening) hint.textContent = `${explain(error)} You can join without it.`;
			}
		}
		function stop(): void {
			for (const track of stream.getTracks()) track.stop();
			stream = new MediaStream();
			video.srcObject = null;
			meter.listen(undefined);
		}
		const unwatch = onDevicesChangedSafely(open);
		for (const input of [microphone, camera]) input.addEventListener("change", open);

		const form = h(
			"form",
			{ class: "card join-form" },
			h("h1", {}, "Join a call"),
			h("p", { class: "muted" }, "Signaling at the edge, media on your own nodes."),
			problem !== undefined && h("p", { class: "problem" }, problem),
			field("Your name", name),
			field("Room", room),
			join,
		);
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			opening++;
			unwatch();
			remember(name.value.trim());
			// The call opens the same devices: one that is being opened and stopped meanwhile may stay silent for it.
			void pending.then(() => {
				stop();
				resolve({
					name: name.value.trim() || "Guest",
					room: room.value.trim(),
					microphone: microphone.checked,
					camera: camera.checked,
				});
			});
		});
		root.replaceChildren(
			h(
				"div",
				{ class: "lobby" },
				h("header", { class: "brand" }, icon("logo"), "Switchyard"),
				h(
					"div",
					{ class: "lobby-columns" },
					h(
						"section",
						{ class: "card preview" },
						h("div", { class: "preview-stage" }, video, hint, meter.element),
						h("div", { class: "preview-toggles" }, microphone.parentElement ?? "", camera.parentElement ?? ""),
						selects,
					),
					form,
				),
				h("footer", { class: "muted" }, h("a", { href: "./docs/api/" }, "REST API")),
			),
		);
		if (preferences.autojoin && problem === undefined) form.requestSubmit();
		else {
			open();
			name.focus();
		}
	});
}

function onDevicesChangedSafely(callback: () => void): () => void {
	// Without a secure context there are no devices at all.
	return navigator.mediaDevices ? onDevicesChanged(callback) : () => {};
}

function field(label: string, input: HTMLInputElement): HTMLElement {
	return h("label", { class: "field" }, h("span", {}, label), input);
}

function toggle(name: "mic" | "camera", label: string, checked: boolean): HTMLInputElement {
	const input = h("input", { type: "checkbox", checked, id: `preview-${name}` });
	h("label", { class: "switch" }, input, icon(name), label);
	return input;
}
