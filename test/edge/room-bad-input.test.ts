import { describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import type { ErrorBody } from "../../shared/errors.ts";
import { newRoom, TestClient } from "./support/client.ts";

const refused = (frame: unknown) => (frame as { type?: string }).type === "refused";

describe("a frame that cannot be used", () => {
	it.each([
		["is not JSON", "{", "bad_json"],
		["is binary", new ArrayBuffer(4), "bad_json"],
		["is not an object", "[]", "bad_request"],
		["is null", "null", "bad_request"],
		["has no type", "{}", "bad_request"],
		["has an unknown type and no id", JSON.stringify({ type: "dance" }), "unknown_type"],
		["has a prototype's name as type", JSON.stringify({ type: "constructor" }), "unknown_type"],
		["has a type but no id", JSON.stringify({ type: "leave" }), "bad_request"],
		["has an id that is none", JSON.stringify({ id: -1, type: "leave" }), "bad_request"],
		["is too large", JSON.stringify({ type: "message", payload: "x".repeat(65_536) }), "too_large"],
		[
			"is too large in bytes, not in characters",
			JSON.stringify({ type: "message", payload: "é".repeat(33_000) }),
			"too_large",
		],
	])("is refused with its code when it %s, and the socket lives on", async (_, frame, code) => {
		const alice = await TestClient.join(newRoom(), "alice");
		alice.socket.send(frame);
		const { error } = await alice.socket.take<{ error: ErrorBody }>(refused);
		expect(error.code).toBe(code);
		expect(error.message).not.toBe("");
		await alice.do("update", { name: "still here" });
	});

	it("is answered by its id when it has one, and says which field is wrong", async () => {
		const alice = await TestClient.join(newRoom(), "alice");
		alice.socket.send({ id: 7, type: "mute", track: "mic", muted: "yes" });
		expect(await alice.answer(7)).toMatchObject({ type: "error", error: { code: "bad_request" } });
		alice.socket.send({ id: 8, type: "dance" });
		expect(await alice.answer(8)).toMatchObject({ type: "error", error: { code: "unknown_type" } });
	});

	it("is refused when it is over the limit of metadata or presence", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		const large = "x".repeat(5_000);
		expect(await alice.refusal("update", { metadata: large })).toBe("too_large");
		expect(await alice.refusal("presence", { presence: large })).toBe("too_large");
		expect(await (await TestClient.open(room, "bob")).refusal("join", { metadata: large })).toBe("too_large");
	});
});

describe("a frame at the wrong time", () => {
	it("is refused before joining, and joining still works", async () => {
		const alice = await TestClient.open(newRoom(), "alice");
		expect(await alice.refusal("message", { payload: 1 })).toBe("not_joined");
		expect(await alice.refusal("leave", {})).toBe("not_joined");
		expect((await alice.request("join", {})).type).toBe("joined");
		expect(await alice.refusal("join", {})).toBe("already_joined");
	});

	it("is not read after leaving", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		bob.post("leave", {});
		bob.post("message", { payload: "from the grave" });
		await alice.event("participantLeft");
		expect(JSON.stringify(await alice.settled())).not.toContain("grave");
	});

	it("resuming a session that never was is refused, and joining still works", async () => {
		const alice = await TestClient.open(newRoom(), "alice");
		expect(await alice.refusal("resume", { session: "A".repeat(22), incarnation: "x", seq: 0 })).toBe("session_gone");
		expect((await alice.request("join", {})).type).toBe("joined");
	});
});

describe("too many frames", () => {
	it("are refused over the rate, each by its id, without harm to others", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		const ids = Array.from({ length: 260 }, () => alice.post("message", { payload: "flood" }));
		const codes = await Promise.all(ids.map((id) => alice.answer(id)));
		const limited = codes.filter((reply) => reply.type === "error" && reply.error.code === "rate_limited");
		expect(limited.length).toBeGreaterThan(20);
		await bob.do("message", { payload: "unharmed" });
		expect((await alice.event("message")).payload).toBe("unharmed");
	});

	it("end in a closed socket, whose member may come back", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		for (let i = 0; i < 700; i++) alice.socket.send("not json");
		expect((await alice.socket.closed).code).toBe(CLOSE.abuse);
		expect(await bob.event("participantUpdated")).toMatchObject({ participant: "alice", state: "away" });
		const back = await alice.again(room);
		expect((await back.resume(alice)).type).toBe("replayed");
	});
});
