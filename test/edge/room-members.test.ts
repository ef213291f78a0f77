import { describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";

describe("joining", () => {
	it("answers with everyone who is there, and tells them of the newcomer", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice", { name: "Alice", metadata: { team: 1 } });
		expect(alice.joined.participants.map(({ id }) => id)).toEqual(["alice"]);
		const bob = await TestClient.join(room, "bob");
		expect(bob.joined.participants).toMatchObject([
			{ id: "alice", name: "Alice", metadata: { team: 1 }, state: "joined", tracks: [] },
			{ id: "bob", state: "joined" },
		]);
		expect((await alice.event("participantJoined")).participant.id).toBe("bob");
		expect(await bob.settled()).toEqual([]);
	});

	it("replaces an earlier join of the same identity", async () => {
		const room = newRoom();
		const first = await TestClient.join(room, "alice");
		const watcher = await TestClient.join(room, "bob");
		const second = await TestClient.join(room, "alice");
		expect((await first.socket.closed).code).toBe(CLOSE.replaced);
		expect(await watcher.event("participantLeft")).toMatchObject({ participant: "alice", reason: "replaced" });
		const { participant } = await watcher.event("participantJoined");
		expect(participant.join).toBeGreaterThan(first.joined.participants[0]?.join ?? 0);
		expect(second.joined.participants.filter(({ id }) => id === "alice")).toHaveLength(1);
	});

	it("refuses one more than the room may hold, and the socket lives on", async () => {
		const room = newRoom();
		await testEnv.ROOM.getByName(room).create({ name: room, settings: { maxParticipants: 1 } });
		const alice = await TestClient.join(room, "alice");
		const bob = await TestClient.open(room, "bob");
		expect(await bob.refusal("join", {})).toBe("room_full");
		await alice.do("leave", {});
		expect((await bob.request("join", {})).type).toBe("joined");
	});

	it("keeps the identities of two rooms apart", async () => {
		const [one, two] = [newRoom(), newRoom()];
		const here = await TestClient.join(one, "alice");
		const there = await TestClient.join(two, "alice");
		await there.do("message", { payload: "hello" });
		expect(await here.settled()).toEqual([]);
		expect(there.joined.participants).toHaveLength(1);
	});
});

describe("a large room", () => {
	it("tells of comings and goings in arrays, in order, and of nothing else late", async () => {
		const room = newRoom();
		const first = await TestClient.join(room, "first");
		const others = await Promise.all(Array.from({ length: 49 }, (_, i) => TestClient.join(room, `p${i}`)));
		for (const _ of others) await first.event("participantJoined");
		const late = await Promise.all(["x", "y", "z"].map((id) => TestClient.join(room, id)));
		const batch = await first.socket.take<{ type: string; seq: number }[]>((frame) => Array.isArray(frame));
		expect(batch.map(({ type }) => type)).toContain("participantJoined");
		expect(batch.map(({ seq }) => seq)).toEqual(batch.map(({ seq }) => seq).sort((a, b) => a - b));

		// A message to one, right after somebody left: what it may be about came before it.
		await late[0]?.do("leave", {});
		await late[1]?.do("message", { to: ["first"], payload: "hello" });
		const { seq } = await first.event("message");
		const told = first.socket.untaken.flat() as { type: string; seq: number; participant?: string }[];
		const left = told.find(({ type, participant }) => type === "participantLeft" && participant === "x");
		expect(left?.seq).toBeLessThan(seq);
	});
});

describe("leaving", () => {
	it("tells the others once, and closes the socket", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		await bob.do("leave", {});
		expect((await bob.socket.closed).code).toBe(CLOSE.normal);
		expect(await alice.event("participantLeft")).toMatchObject({ participant: "bob", reason: "left" });
		expect((await alice.settled()).filter((f) => (f as { type: string }).type === "participantLeft")).toEqual([]);
	});

	it("is what a clean close means", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		bob.socket.close(1000);
		expect(await alice.event("participantLeft")).toMatchObject({ participant: "bob", reason: "left" });
		// The runtime answers no Close of its own for hibernating sockets: without the room's, this never resolves.
		expect((await bob.socket.closed).code).toBe(1000);
	});

	it("makes the others see somebody away, not gone, when the socket breaks", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		bob.socket.close(3001);
		expect(await alice.event("participantUpdated")).toMatchObject({ participant: "bob", state: "away" });
	});
});

describe("what members tell each other", () => {
	it("reaches all others, or only those named, in order", async () => {
		const room = newRoom();
		const [a, b, c] = [
			await TestClient.join(room, "a"),
			await TestClient.join(room, "b"),
			await TestClient.join(room, "c"),
		];
		await a.do("message", { payload: { n: 1 }, topic: "chat" });
		await a.do("message", { payload: 2, to: ["c"] });
		await a.do("message", { payload: 3 });
		expect(await b.event("message")).toMatchObject({ from: "a", topic: "chat", payload: { n: 1 } });
		expect((await b.event("message")).payload).toBe(3);
		for (const payload of [{ n: 1 }, 2, 3]) expect((await c.event("message")).payload).toEqual(payload);
		expect(JSON.stringify(await a.settled())).not.toContain('"message"');
	});

	it("is refused whole when one of those named is not here", async () => {
		const room = newRoom();
		const [a, b] = [await TestClient.join(room, "a"), await TestClient.join(room, "b")];
		expect(await a.refusal("message", { payload: 1, to: ["b", "nobody"] })).toBe("not_found");
		expect(JSON.stringify(await b.settled())).not.toContain('"message"');
	});

	it("needs the right to send", async () => {
		const room = newRoom();
		const a = await TestClient.join(room, "a", { rights: { send: false } });
		await TestClient.join(room, "b");
		expect(await a.refusal("message", { payload: 1 })).toBe("forbidden");
		expect(await a.refusal("signal", { to: "b", signal: {} })).toBe("forbidden");
	});

	it("gathers candidates for one peer into one message, behind the SDP before them", async () => {
		const room = newRoom();
		const [a, b] = [await TestClient.join(room, "a"), await TestClient.join(room, "b")];
		const ids = [1, 2, 3].map((n) => a.post("signal", { to: "b", signal: { candidates: [{ candidate: `c${n}` }] } }));
		ids.push(a.post("signal", { to: "b", signal: { description: { type: "offer", sdp: "v=0" } } }));
		ids.push(a.post("signal", { to: "b", signal: { candidates: [{ candidate: "c4" }] } }));
		for (const id of ids) expect((await a.answer(id)).type).toBe("ok");
		const first = await b.event("signal");
		expect(first.signal.candidates?.map(({ candidate }) => candidate)).toEqual(["c1", "c2", "c3"]);
		expect((await b.event("signal")).signal.description?.type).toBe("offer");
		expect((await b.event("signal")).signal.candidates).toHaveLength(1);
	});

	it("merges presence, the latest of each winning, and shows it to newcomers", async () => {
		const room = newRoom();
		const [a, b] = [await TestClient.join(room, "a"), await TestClient.join(room, "b")];
		await Promise.all([
			a.do("presence", { presence: 1 }),
			a.do("presence", { presence: 2 }),
			b.do("presence", { presence: "hi" }),
		]);
		expect((await b.news("presence")).presence).toEqual({ a: 2, b: "hi" });
		const c = await TestClient.join(room, "c");
		expect(c.joined.participants).toMatchObject([{ presence: 2 }, { presence: "hi" }, { id: "c" }]);
	});

	it("includes changes of name and metadata", async () => {
		const room = newRoom();
		const [a, b] = [await TestClient.join(room, "a"), await TestClient.join(room, "b")];
		await a.do("update", { name: "Ada", metadata: { x: 1 } });
		expect(await b.event("participantUpdated")).toMatchObject({ participant: "a", name: "Ada", metadata: { x: 1 } });
	});
});

describe("moderation", () => {
	it("is refused to those without the right", async () => {
		const room = newRoom();
		const a = await TestClient.join(room, "a");
		await TestClient.join(room, "b");
		expect(await a.refusal("remove", { participant: "b" })).toBe("forbidden");
		expect(await a.refusal("move", { participant: "b", room: "elsewhere" })).toBe("forbidden");
		expect(await a.refusal("updateRoom", { metadata: 1 })).toBe("forbidden");
	});

	it("removes somebody for good: neither token lets them in again, a newer one does", async () => {
		const room = newRoom();
		const host = await TestClient.join(room, "host", { rights: { moderate: true } });
		const guest = await TestClient.join(room, "guest");
		await host.do("remove", { participant: "guest", reason: "rude" });
		expect((await guest.event("removed")).reason).toBe("rude");
		expect((await guest.socket.closed).code).toBe(CLOSE.removed);
		const back = await TestClient.dial(room, guest.welcome.session.token);
		expect(await back.socket.take((f) => (f as { type: string }).type === "refused")).toMatchObject({
			error: { code: "unauthorized" },
		});
		expect((await back.socket.closed).code).toBe(CLOSE.unauthorized);
	});

	it("moves somebody with a token that the other room accepts", async () => {
		const [room, elsewhere] = [newRoom(), newRoom()];
		const host = await TestClient.join(room, "host", { rights: { moderate: true } });
		const guest = await TestClient.join(room, "guest", { rights: { publish: ["audio"] } });
		await host.do("move", { participant: "guest", room: elsewhere });
		const moved = await guest.event("moved");
		expect((await guest.socket.closed).code).toBe(CLOSE.moved);
		const there = await TestClient.dial(elsewhere, moved.token);
		await there.greeted();
		expect(there.welcome.rights.publish).toEqual(["audio"]);
		expect((await there.request("join", {})).type).toBe("joined");
		expect(await host.event("participantLeft")).toMatchObject({ participant: "guest", reason: "moved" });
	});

	it("changes the room's metadata for all, newcomers too", async () => {
		const room = newRoom();
		const host = await TestClient.join(room, "host", { rights: { moderate: true } });
		const guest = await TestClient.join(room, "guest");
		await host.do("updateRoom", { metadata: { title: "Talk" } });
		expect((await guest.event("roomUpdated")).metadata).toEqual({ title: "Talk" });
		expect((await TestClient.join(room, "late")).joined.room.metadata).toEqual({ title: "Talk" });
	});
});
