import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";

/** Alice and Bob; Bob's socket has dropped and Alice knows. */
async function bobAway(settings?: { resumeGraceMs: number }) {
	const room = newRoom();
	const stub = testEnv.ROOM.getByName(room);
	if (settings) await stub.create({ name: room, settings });
	const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
	await alice.event("participantJoined");
	bob.socket.close(3001);
	await alice.event("participantUpdated");
	return { room, stub, alice, bob };
}

describe("a socket that dropped", () => {
	it("gets what it missed, in order and once, from the same memory", async () => {
		const { room, alice, bob } = await bobAway();
		await alice.do("message", { payload: 1 });
		await alice.do("update", { name: "Ada" });
		await alice.do("message", { payload: 2 });
		const back = await bob.again(room);
		expect((await back.resume(bob)).type).toBe("replayed");
		expect((await back.event("message")).payload).toBe(1);
		expect((await back.event("participantUpdated")).name).toBe("Ada");
		expect((await back.event("message")).payload).toBe(2);
		expect(await back.settled()).toEqual([]);
		expect(await alice.event("participantUpdated")).toMatchObject({ participant: "bob", state: "joined" });
	});

	it.each(["evict", "abort"] as const)(
		"gets a snapshot and its messages when the object lost its memory by %s",
		async (how) => {
			const { room, stub, alice, bob } = await bobAway();
			await alice.do("message", { payload: 1 });
			await alice.do("message", { payload: 2, to: ["bob"] });
			if (how === "evict") await evictDurableObject(stub, { webSockets: "hibernate" });
			else await abortAllDurableObjects();
			const back = await bob.again(room);
			const reply = await back.resume(bob);
			expect(reply.type).toBe("resumed");
			expect(reply).toMatchObject({ participants: [{ id: "alice" }, { id: "bob", state: "joined" }] });
			expect((await back.event("message")).payload).toBe(1);
			expect((await back.event("message")).payload).toBe(2);
			expect(await back.settled()).toEqual([]);
		},
	);

	it("is not come back for on a socket of another session, though its token is for the same identity", async () => {
		const { room, bob } = await bobAway();
		const other = await TestClient.open(room, "bob");
		const reply = await other.resume(bob);
		expect(reply).toMatchObject({ type: "error", error: { code: "session_gone" } });
	});

	it("keeps its presence on the next one, also over a lost memory", async () => {
		const room = newRoom();
		const stub = testEnv.ROOM.getByName(room);
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		await bob.do("presence", { presence: "typing" });
		await alice.news("presence");
		const back = await bob.again(room);
		expect((await back.resume(bob)).type).toBe("replayed");
		await evictDurableObject(stub, { webSockets: "hibernate" });
		const carol = await TestClient.join(room, "carol");
		expect(carol.joined.participants.find(({ id }) => id === "bob")?.presence).toBe("typing");
	});

	it("was not noticed to be gone: messages on their way are given again, with the ids they had", async () => {
		const room = newRoom();
		const stub = testEnv.ROOM.getByName(room);
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		await alice.do("message", { payload: "on its way" });
		// Bob's side broke before he could read it: what counts is the number he resumes from.
		bob.socket.close(3001);
		await alice.event("participantUpdated");
		await evictDurableObject(stub, { webSockets: "hibernate" });
		const back = await bob.again(room);
		expect((await back.resume(bob)).type).toBe("resumed");
		expect(await back.event("message")).toMatchObject({ from: "alice", payload: "on its way", id: 2 });
	});

	it("is overtaken by its successor when it is only half open", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		const again = await alice.again(room);
		expect((await again.resume(alice)).type).toBe("replayed");
		expect((await alice.socket.closed).code).toBe(CLOSE.resumedElsewhere);
		expect((await again.do("update", { name: "still here" })).type).toBe("ok");
	});

	it("cannot be resumed with somebody else's session", async () => {
		const { room, alice, bob } = await bobAway();
		const back = await alice.again(room);
		const stolen = await back.request("resume", {
			session: bob.welcome.session.id,
			incarnation: bob.joined.incarnation,
			seq: 0,
		});
		expect(stolen).toMatchObject({ type: "error", error: { code: "session_gone" } });
	});

	it("has left when its grace time is over, and joins anew", async () => {
		const { room, stub, alice, bob } = await bobAway({ resumeGraceMs: 1 });
		await runDurableObjectAlarm(stub);
		expect(await alice.event("participantLeft")).toMatchObject({ participant: "bob", reason: "timeout" });
		const back = await bob.again(room);
		expect(await back.resume(bob)).toMatchObject({ type: "error", error: { code: "session_gone" } });
		expect((await back.request("join", {})).type).toBe("joined");
	});

	it("has left at once where there is no grace time", async () => {
		const room = newRoom();
		await testEnv.ROOM.getByName(room).create({ name: room, settings: { resumeGraceMs: 0 } });
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		bob.socket.close(3001);
		expect(await alice.event("participantLeft")).toMatchObject({ participant: "bob", reason: "timeout" });
	});

	it("leaves no ghost behind when no close event ever came", async () => {
		const room = newRoom();
		const stub = testEnv.ROOM.getByName(room);
		await stub.create({ name: room, settings: { resumeGraceMs: 1 } });
		await TestClient.join(room, "alice");
		await abortAllDurableObjects();
		// A stub does not outlive its object.
		const anew = testEnv.ROOM.getByName(room);
		expect(await anew.listParticipants({ limit: 10 })).toMatchObject({
			ok: true,
			value: { items: [{ state: "away" }] },
		});
		await runDurableObjectAlarm(anew);
		expect(await anew.listParticipants({ limit: 10 })).toMatchObject({ ok: true, value: { items: [] } });
	});
});

describe("a request sent again", () => {
	it("gets the same answer and is not carried out twice", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		const frame = { id: 50, type: "message", payload: "once" };
		alice.socket.send(frame);
		alice.socket.send(frame);
		await alice.answer(50);
		await alice.answer(50);
		await alice.socket.send({ id: 51, type: "message", payload: "then" });
		expect((await bob.event("message")).payload).toBe("once");
		expect((await bob.event("message")).payload).toBe("then");
	});

	it("is not carried out twice though its answer is kept no more, where doing it again would show", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		const frame = { id: 50, type: "message", payload: "once" };
		alice.socket.send(frame);
		await alice.answer(50);
		// The last 64 answers are kept.
		for (let id = 51; id <= 115; id++) {
			alice.socket.send({ id, type: "presence", presence: id });
			await alice.answer(id);
		}
		alice.socket.send(frame);
		expect((await alice.answer(50)).type).toBe("ok");
		alice.socket.send({ id: 116, type: "message", payload: "then" });
		expect((await bob.event("message")).payload).toBe("once");
		expect((await bob.event("message")).payload).toBe("then");
	});

	it("carries its sender's id, by which a receiver knows it when the room has forgotten", async () => {
		const room = newRoom();
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		const frame = { id: 50, type: "message", payload: "once" };
		alice.socket.send(frame);
		await alice.answer(50);
		const first = await bob.event("message");
		await evictDurableObject(testEnv.ROOM.getByName(room), { webSockets: "hibernate" });
		alice.socket.send(frame);
		await alice.answer(50);
		const second = await bob.event("message");
		expect([second.from, second.join, second.id]).toEqual([first.from, first.join, first.id]);
	});

	it("that was refused is refused again", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice");
		const frame = { id: 50, type: "message", payload: 1, to: ["nobody"] };
		alice.socket.send(frame);
		alice.socket.send(frame);
		expect((await alice.answer(50)).type).toBe("error");
		expect((await alice.answer(50)).type).toBe("error");
	});
});

describe("hibernation", () => {
	it("is noticed by nobody: the next message works, presence and order stay", async () => {
		const room = newRoom();
		const stub = testEnv.ROOM.getByName(room);
		const [alice, bob] = [await TestClient.join(room, "alice"), await TestClient.join(room, "bob")];
		await alice.do("presence", { presence: "typing" });
		await bob.news("presence");
		for (const payload of [1, 2, 3]) {
			await evictDurableObject(stub, { webSockets: "hibernate" });
			await alice.do("message", { payload });
			expect((await bob.event("message")).payload).toBe(payload);
		}
		const carol = await TestClient.join(room, "carol");
		expect(carol.joined.participants.find(({ id }) => id === "alice")?.presence).toBe("typing");
	});
});

describe("an empty room", () => {
	it("is deleted when its time is over, and not a moment before somebody is in it", async () => {
		const room = newRoom();
		const stub = testEnv.ROOM.getByName(room);
		await stub.create({ name: room, settings: { emptyRoomMs: 1_000 } });
		const alice = await TestClient.join(room, "alice");
		await runDurableObjectAlarm(stub);
		expect((await stub.describe()).ok).toBe(true);
		await alice.do("leave", {});
		await expect.poll(async () => (await stub.describe()).ok, { timeout: 5_000 }).toBe(false);
	});
});
