/** /test/mirror/: one person, all options, and their effects changed while it runs. */
import { Bench } from "./bench.ts";
import { type Live, sequencePanel, typedPanel } from "./control-panels.ts";
import * as fields from "./fields.ts";
import { Form } from "./form.ts";
import { randomName } from "./frame.ts";

const form = new Form(
	"mirror",
	[
		["", [fields.duration(120), fields.format, fields.recording]],
		["Effects", fields.effects],
		["Picture", fields.picture],
		["More", [...fields.switches, fields.logLevel]],
	],
	() => void bench.start(),
);
const live: Live = { player: () => bench.player, note: (kind, detail) => bench.note(kind, detail) };
const bench = new Bench({
	title: "Mirror",
	lead: "You alone: what you send comes back as others would get it.",
	form,
	mirror: true,
	options: () => ({
		...fields.peerOptions(form.values),
		interactionName: randomName("mirror"),
		userId: randomName("user"),
		namespace: "test_mirror",
		size: 1,
	}),
	panels: [
		sequencePanel("Sequence for audio_fx", "audio_fx", "pitch", live),
		sequencePanel("Sequence for video_fx", "video_fx", "", live),
		typedPanel("Typed control of video_fx", "video_fx", live),
	],
});
