/** The catalogue of DuckSoup's play page against GStreamer: its elements are there, allowed, and have those properties. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { chainText, choose, parseCatalogue } from "../../client/ducksoup/pages/catalogue.ts";
import { Pipeline } from "../../media-node/gst/pipeline.ts";
import { log } from "../../media-node/observability/logger.ts";
import { parseEffects } from "../../shared/effects.ts";

const catalogue = parseCatalogue(
	JSON.parse(readFileSync(new URL("../../client/ducksoup/play.json", import.meta.url), "utf8")),
);
const AROUND = {
	audio: ["audiotestsrc is-live=true ! audioconvert", "audioconvert"],
	video: ["videotestsrc is-live=true ! video/x-raw,width=320,height=240 ! videoconvert", "videoconvert"],
} as const;

beforeAll(() => {
	log.level = "silent";
});

describe.each(catalogue)("$display ($gst)", (effect) => {
	it("plays as the page asks for it, and its knobs reach from end to end", async () => {
		const { type, controls = [] } = effect;
		const [parsed] = parseEffects(chainText([choose(effect, [])], type), type);
		if (!parsed) throw new Error("nothing is left of it");
		const [before, after] = AROUND[type];
		const name = parsed.name ?? "";
		const settings = Object.entries(parsed.properties).map(([property, value]) => ({ element: name, property, value }));
		const pipeline = new Pipeline({
			...{ text: `${before} ! ${parsed.element} name=${name} ! ${after} ! fakesink`, settings, name },
		});
		try {
			await Promise.all([once(pipeline, "playing"), pipeline.started]);
			for (const { gst, min, max, step, default: usual, choices } of controls) {
				for (const value of choices ? choices.keys() : [min, max, usual - step, usual]) {
					const wish = Math.max(min, Math.min(max, value));
					pipeline.set({ element: name, property: gst, value: wish });
					const found = await pipeline.get(name, gst);
					expect(Number(found), `${gst} ${wish}`).toBeCloseTo(wish, 3);
				}
			}
			expect(await pipeline.finish()).toEqual({ cause: "finished" });
		} finally {
			pipeline.kill();
		}
	});
});
