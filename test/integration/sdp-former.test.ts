/** What is answered to clients of former times, by a real node's workers. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Workers } from "../../media-node/rtc/workers.ts";
import { SdpSettings } from "../../shared/sdp.ts";
import { SdpRoom, startWorkers } from "../support/sdp-room.ts";

const OFFER = new URL("../vectors/libwebrtc-2017-plan-b.sdp", import.meta.url);

let workers: Workers;
beforeAll(async () => {
	workers = await startWorkers(0);
});
afterAll(() => workers?.close());

it("an app that has a data channel in each of its connections is answered, without the channel", async () => {
	const room = new SdpRoom("former", workers);
	const [endpoint, participant] = ["e1", "app"];
	const description = { type: "offer", sdp: readFileSync(OFFER, "utf8") } as const;
	room.execute(
		{ type: "open", endpoint, participant, send: true, recv: false, data: false, sdp: SdpSettings.parse({}) },
		{ type: "description", endpoint, connection: "", description, cause: { participant, request: 1 } },
	);
	const told = await room.report((it) => ("cause" in it && it.cause?.request === 1 ? it : undefined));
	expect(told.type === "failed" ? told.error : told.type).toBe("description");
	const answer = told.type === "description" ? told.description.sdp : "";
	expect(answer.match(/^m=\S+ \d+/gm)).toEqual(["m=audio 9", "m=video 9", "m=application 0"]);
	expect(answer).toMatch(/^a=group:BUNDLE audio video\r$/m);
	room.media.close();
});
