/** /test/interaction/: several people, each in a tab. */
import { Bench } from "./bench.ts";
import { TargetPanel } from "./control-panels.ts";
import * as fields from "./fields.ts";
import { Form } from "./form.ts";
import { randomName } from "./frame.ts";

const form = new Form(
	"interaction",
	[
		[
			"",
			[
				{ type: "text", name: "userId", label: "User name", value: randomName("user"), required: true },
				{ type: "text", name: "interactionName", label: "Interaction", value: "hall", required: true },
				fields.size,
				fields.duration(60),
				fields.format,
				fields.recording,
			],
		],
		["Effects", fields.effects],
		["Picture", fields.picture],
		["More", [...fields.switches, fields.logLevel]],
	],
	() => void bench.start(),
);
const others = new Map<string, string>();
const target = new TargetPanel({ player: () => bench.player, note: (kind, detail) => bench.note(kind, detail) });
const bench = new Bench({
	title: "Interaction",
	lead: "Several people: open this page in as many tabs as there are participants, each with a user name of its own.",
	form,
	mirror: false,
	options: () => ({ ...fields.peerOptions(form.values), namespace: "test_interaction" }),
	panels: [target.element],
	event: (event) => {
		if (event.kind === "other_joined") others.set(event.payload.userId, event.payload.streamId);
		// Who came back has another stream, and the former one leaves after that.
		else if (event.kind === "other_left" && others.get(event.payload.userId) === event.payload.streamId) {
			others.delete(event.payload.userId);
		} else if (event.kind === "closed") others.clear();
		else return;
		target.people(others.keys());
	},
});
