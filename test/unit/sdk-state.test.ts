import { describe, expect, it } from "vitest";
import { type Change, RoomStateModel } from "../../client/sdk/state.ts";
import type { EventFrame, Snapshot } from "../../shared/native.ts";
import { person } from "./sdk-fake-room.ts";

const mic = { id: "mic", kind: "audio", source: "audio", muted: false } as const;
const cam = { id: "cam", kind: "video", source: "camera", muted: false } as const;

function whole(participants: Snapshot["participants"], metadata?: unknown): Snapshot {
	return { incarnation: "i", seq: 1, room: { name: "demo", topology: "sfu", createdAt: 1, metadata }, participants };
}

/** Changes as short texts, in order. */
function told(changes: Change[]): string[] {
	return changes.map((change) => {
		const who = "participant" in change ? ` ${change.participant.id}` : "";
		const what = "track" in change ? ` ${change.track.id}` : "";
		return `${change.type}${who}${what}${"reason" in change ? ` ${change.reason}` : ""}`;
	});
}

function known(...participants: Snapshot["participants"]): RoomStateModel {
	const state = new RoomStateModel();
	state.replace(whole(participants));
	return state;
}

function apply(state: RoomStateModel, event: Record<string, unknown>): string[] {
	return told(state.apply({ seq: 1, ...event } as unknown as EventFrame));
}

describe("what an event changes", () => {
	it("tells somebody who joins with tracks before the tracks", () => {
		const state = known();
		expect(apply(state, { type: "participantJoined", participant: person("bob", { tracks: [mic, cam] }) })).toEqual([
			"participantJoined bob",
			"trackPublished bob mic",
			"trackPublished bob cam",
		]);
	});

	it("tells the tracks of somebody who leaves before the leaving", () => {
		const state = known(person("bob", { tracks: [mic] }));
		expect(apply(state, { type: "participantLeft", participant: "bob", reason: "timeout" })).toEqual([
			"trackUnpublished bob mic",
			"participantLeft bob timeout",
		]);
		expect(state.participants.size).toBe(0);
	});

	it("keeps what an update does not name", () => {
		const state = known(person("bob", { name: "Bob", metadata: 1 }));
		expect(apply(state, { type: "participantUpdated", participant: "bob", state: "away" })).toEqual([
			"participantUpdated bob",
		]);
		expect(state.participants.get("bob")).toMatchObject({ name: "Bob", metadata: 1, state: "away" });
	});

	it("is the topology when it differs", () => {
		const state = known();
		expect(apply(state, { type: "topologyChanged", topology: "mesh" })).toEqual(["topologyChanged"]);
		expect(apply(state, { type: "topologyChanged", topology: "mesh" })).toEqual([]);
		expect(told(state.replace(whole([])))).toEqual(["topologyChanged"]);
		expect(state.topology).toBe("sfu");
	});

	it("is a recording's state, and that it is over when a later whole has it no more", () => {
		const state = known();
		const recording = { id: "r", sources: ["audio" as const], effects: false, createdAt: 1, written: 0, stored: 0 };
		const told = (it: "recording" | "ended") =>
			({ type: "recordingChanged", recording: { ...recording, state: it } }) as const;
		expect(apply(state, told("recording"))).toEqual(["recordingChanged"]);
		expect(apply(state, told("recording"))).toEqual([]);
		const [change] = state.replace(whole([]));
		expect(change).toEqual(told("ended"));
		expect(state.recordings.size).toBe(0);
		expect(state.replace({ ...whole([]), recordings: [told("recording").recording] })).toEqual([told("recording")]);
		expect(state.recordings.get("r")?.state).toBe("recording");
		expect(apply(state, told("ended"))).toEqual(["recordingChanged"]);
		expect(state.recordings.size).toBe(0);
	});

	it("is nothing when a track is published or muted as it was", () => {
		const state = known(person("bob", { tracks: [mic] }));
		expect(apply(state, { type: "trackPublished", participant: "bob", track: mic })).toEqual([]);
		expect(apply(state, { type: "trackUpdated", participant: "bob", track: "mic", muted: false })).toEqual([]);
		expect(apply(state, { type: "trackUpdated", participant: "bob", track: "mic", muted: true })).toEqual([
			"trackMuted bob mic",
		]);
	});

	it("is nothing when it is about somebody unknown", () => {
		const state = known();
		for (const event of [
			{ type: "participantUpdated", participant: "x", name: "y" },
			{ type: "participantLeft", participant: "x", reason: "left" },
			{ type: "trackPublished", participant: "x", track: mic },
			{ type: "trackUpdated", participant: "x", track: "mic", muted: true },
			{ type: "trackUnpublished", participant: "x", track: "mic" },
			{ type: "presence", presence: { x: 1 } },
		]) {
			expect(apply(state, event)).toEqual([]);
		}
	});

	it("is the presence of everyone it names", () => {
		const state = known(person("bob"), person("carol"));
		expect(apply(state, { type: "presence", presence: { bob: { hand: true }, gone: 1 } })).toEqual([
			"presenceChanged bob",
		]);
		expect(state.participants.get("bob")?.presence).toEqual({ hand: true });
	});
});

describe("a whole state in place of what was known", () => {
	it("is told as the differences, those who left first", () => {
		const state = known(person("bob", { tracks: [mic] }), person("carol", { name: "C", tracks: [cam] }));
		const changes = state.replace(
			whole(
				[person("carol", { name: "Carol", tracks: [{ ...cam, muted: true }] }), person("dave", { tracks: [mic] })],
				{ title: 1 },
			),
		);
		expect(told(changes)).toEqual([
			"trackUnpublished bob mic",
			"participantLeft bob left",
			"participantUpdated carol",
			"trackMuted carol cam",
			"participantJoined dave",
			"trackPublished dave mic",
			"roomUpdated",
		]);
	});

	it("is nothing when it is the same", () => {
		const people = [person("bob", { metadata: { a: [1] }, presence: { b: 2 }, tracks: [mic, cam] })];
		expect(known(...people).replace(whole(structuredClone(people)))).toEqual([]);
	});

	it("tells another join of the same identity as somebody new", () => {
		const state = known(person("bob", { tracks: [mic] }));
		expect(told(state.replace(whole([person("bob", { join: 2, tracks: [mic] })])))).toEqual([
			"trackUnpublished bob mic",
			"participantLeft bob left",
			"participantJoined bob",
			"trackPublished bob mic",
		]);
	});

	it("says why those who are missing are: in another room nobody of the former is", () => {
		expect(told(known(person("bob")).replace(whole([person("me", { join: 7 })]), "moved"))).toEqual([
			"participantLeft bob moved",
			"participantJoined me",
		]);
	});
});
