/** When a participant's pipeline is begun, as its tracks come. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type EffectsHost, ParticipantEffects } from "../../media-node/effects/participant.ts";
import { Running } from "../../media-node/effects/running.ts";
import { log } from "../../media-node/observability/logger.ts";
import type { RoomTrack } from "../../media-node/rtc/tracks.ts";

const start = vi.spyOn(Running, "start");
let effects: ParticipantEffects;

beforeEach(() => {
	vi.useFakeTimers();
	// None of them ever runs.
	start.mockReset().mockReturnValue(new Promise(() => {}));
	const host = {
		...{ alter: () => undefined, restore: () => {}, report: () => {}, log, bandwidth: { forget: () => {} } },
		settings: async () => ({ participant: "a", latencyMs: 0, hardware: new Set<string>() }),
	};
	effects = new ParticipantEffects(host as unknown as EffectsHost);
	const options = { codec: "VP8", overlay: false, hardware: false } as const;
	effects.set({ audio: [{ element: "pitch", properties: {} }], options });
});

afterEach(() => {
	effects.close();
	vi.useRealTimers();
});

const track = (kind: "audio" | "video") =>
	({
		kind,
		source: kind === "audio" ? "audio" : "camera",
		mimeType: kind === "audio" ? "audio/opus" : "video/VP8",
	}) as RoomTrack;
/** Kinds of the tracks of each that was begun. */
const begun = () => start.mock.calls.map(([tracks]) => tracks.map(({ kind }) => kind));

it("a voice waits a moment for a picture", async () => {
	effects.add(track("audio"));
	await vi.advanceTimersByTimeAsync(249);
	expect(begun()).toEqual([]);
	await vi.advanceTimersByTimeAsync(1);
	expect(begun()).toEqual([["audio"]]);
});

it("both wait for nothing more", async () => {
	effects.add(track("audio"));
	await vi.advanceTimersByTimeAsync(100);
	effects.add(track("video"));
	await vi.advanceTimersByTimeAsync(1);
	expect(begun()).toEqual([["audio", "video"]]);
});

it("those that come in one go begin one pipeline", async () => {
	for (const kind of ["audio", "video", "video"] as const) effects.add(track(kind));
	await vi.advanceTimersByTimeAsync(1_000);
	expect(begun()).toEqual([["audio", "video", "video"]]);
});
