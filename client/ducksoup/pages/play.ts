/** /test/play/: effects out of the catalogue, played live. */
import { button, h } from "../../demo/dom.ts";
import { Bench } from "./bench.ts";
import { chainText, isGradual, parseCatalogue } from "./catalogue.ts";
import * as fields from "./fields.ts";
import { Form } from "./form.ts";
import { randomName, serverUrl } from "./frame.ts";
import { Rack } from "./rack.ts";

/** A knob that is being turned says its value this often. */
const EVERY_MS = 60;

const form = new Form(
	"play",
	[
		[
			"",
			[
				fields.duration(300),
				fields.format,
				{
					...{ type: "choice", name: "recordingMode", label: "Recording", value: "none" },
					choices: [
						["none", "none"],
						["muxed", "muxed"],
					],
				},
				{ type: "number", name: "transition", label: "Transition, ms", value: 200, min: 0, max: 5000 },
				{ type: "switch", name: "gpu", label: "GPU", hint: "Hardware codecs, where the node has them.", value: true },
			],
		],
	],
	() => void bench.start(),
);

/** By effect and property: the value that is still to be told, and when that may be. */
const due = new Map<string, () => void>();
const rack = new Rack(
	({ name }, control, value) => {
		const key = `${name}.${control.gst}`;
		const waits = due.has(key);
		due.set(key, () => {
			const { player } = bench;
			const transition = Number(form.values.transition);
			if (isGradual(control)) player?.controlFx(name, control.gst, value, transition);
			else player?.polyControlFx(name, control.gst, control.kind, value);
		});
		if (waits) return;
		setTimeout(() => {
			due.get(key)?.();
			due.delete(key);
		}, EVERY_MS);
	},
	() => {
		renew.hidden = !bench.running;
	},
);
const renew = h(
	"div",
	{ class: "card renew", hidden: true },
	h("p", {}, h("strong", {}, "Other effects than those that run. "), "They are put in when it starts again."),
	button({ class: "primary" }, () => restart(), "Start again"),
);
const bench = new Bench({
	title: "Play",
	lead: "Pick effects, start, and turn their knobs: you see and hear yourself through them.",
	form,
	mirror: true,
	choices: rack.picker,
	options: () => {
		const { transition: _, ...values } = form.values;
		renew.hidden = true;
		return {
			...fields.peerOptions(values),
			interactionName: randomName("play"),
			userId: randomName("user"),
			namespace: "play",
			size: 1,
			audioFx: chainText(rack.chosen, "audio"),
			videoFx: chainText(rack.chosen, "video"),
		};
	},
	panels: [renew, rack.element],
	event: ({ kind }) => {
		if (kind !== "closed") return;
		renew.hidden = true;
		if (!again) return;
		again = false;
		// The former run is over for the page as well once this event is.
		queueMicrotask(() => void bench.start());
	},
});
let again = false;

function restart(): void {
	again = true;
	bench.player?.stop();
}

try {
	const response = await fetch(serverUrl("config/play.json"));
	if (!response.ok) throw new Error(`the server answered ${response.status}`);
	rack.offer(parseCatalogue(await response.json()));
} catch (error) {
	rack.fail(`The catalogue, ${serverUrl("config/play.json").pathname}, cannot be used: ${error}. Mend it and reload.`);
}
