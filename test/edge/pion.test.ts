import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { Description } from "../../shared/sdp.ts";
import { roomOf } from "../../worker/api/ducksoup/settings.ts";
import { roomNamed } from "../../worker/api/sockets/open-grant.ts";
import { openRoom } from "../../worker/api/sockets/visitor.ts";
import { fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { type TestLink, TestNode } from "./support/node.ts";
import { makeChannel } from "./support/odoo.ts";
import { type Candidate, PionClient } from "./support/pion.ts";
import { agree, answer, CANDIDATES, clientSdp, nodeSdp, offer, refuse, sent } from "./support/sdp.ts";

const stubOf = (room: string) => testEnv.ROOM.getByName(room);
const authorized = { headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` } };
const camera = () => [
	sent("audio", "0", { stream: "s", track: "mic" }),
	sent("video", "1", { stream: "s", track: "cam" }),
];

/** The only one, so that rooms are its own: it takes the place of the former test's. */
let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("pion-node");
});

/** Whoever is in a room, as its storage has it. */
function members(room: string): Promise<string[]> {
	return runInDurableObject(stubOf(room), (_, state) =>
		state.storage.sql
			.exec<{ key: string }>("SELECT key FROM participant ORDER BY key")
			.toArray()
			.map(({ key }) => key),
	);
}

/** As if that much time had passed for a row's times, and memory had been lost: what is due is done. */
async function later(room: string, ms: number): Promise<void> {
	await runInDurableObject(stubOf(room), (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value) as { dueAt?: number; own: Record<string, unknown> };
			if (member.dueAt !== undefined) member.dueAt -= ms;
			for (const time of ["connectBy", "retryAt"]) {
				const at = member.own?.[time];
				if (typeof at === "number") member.own[time] = at - ms;
			}
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
	});
	await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
	await runDurableObjectAlarm(stubOf(room));
}

/** A peer whose first offer was answered, on a node that is there for it. */
async function enter(room: string, self: string, link?: TestLink, sends = camera()) {
	const client = await PionClient.join(self, room);
	const on = link ?? (await node.link(room));
	const { endpoint, ...open } = await on.open();
	client.offer();
	await answer(on, sends);
	const description = await client.told<Description>("answer");
	for (const { kind } of sends) if (kind) await on.publish();
	return { client, link: on, endpoint, open, description };
}

describe("joining", () => {
	it("makes the room, and opens a connection that accepts what comes", async () => {
		const room = newRoom();
		const { open, description, client } = await enter(room, "ada");
		expect(open.sdp).toMatchObject({ connections: "one", offers: true, polite: true });
		expect(open).toMatchObject({ participant: "ada", send: true, recv: true });
		expect(description).toEqual({ type: "answer", sdp: nodeSdp() });
		for (const line of CANDIDATES) {
			expect(await client.told<Candidate>("candidate")).toEqual({
				...{ candidate: line, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "node" },
			});
		}
		expect(client.untaken).toEqual([]);
	});

	it("goes on /pion as well, and an id that is no room's name is one all the same", async () => {
		const room = `room of ${newRoom()}, größer`;
		const client = await PionClient.join("ada", room, "/pion");
		client.offer();
		await expect.poll(async () => members(await roomNamed(room))).toEqual(["ada"]);
		expect(client.untaken).toEqual([]);
	});

	it("does not lead into rooms that another protocol guards, unless a token for them is shown", async () => {
		const { uuid } = await makeChannel();
		const hall = await roomOf("https://lab.test", { namespace: "default", name: newRoom() });
		for (const guarded of [uuid, hall]) {
			const client = await PionClient.join("ada", guarded);
			client.offer();
			// The same id is that of a room of its own.
			await expect.poll(async () => members(await openRoom(testEnv, guarded))).toEqual(["ada"]);
			expect(await members(guarded)).toEqual([]);

			const token = await tokenFor(guarded, "ben", { publish: ["audio"] });
			const impostor = await PionClient.join("eve", guarded, `/pion?token=${token}`);
			expect(await impostor.error()).toContain("somebody else");
			const elsewhere = await PionClient.join("ben", newRoom(), `/pion?token=${token}`);
			expect(await elsewhere.error()).toContain("wrong room");
			expect(await members(guarded)).toEqual([]);
			await PionClient.join("ben", guarded, `/pion?token=${token}`);
			await expect.poll(() => members(guarded)).toEqual(["ben"]);
			const shown = await fetchEdge(`/v1/rooms/${guarded}/participants/ben`, authorized);
			expect(await shown.json()).toMatchObject({ rights: { publish: ["audio"] } });
		}
		// An id that only looks like a channel's is nobody's to guard.
		const like = crypto.randomUUID();
		await PionClient.join("ada", like);
		await expect.poll(() => members(like)).toEqual(["ada"]);
	});

	it("is refused when the id is one that somebody proved to have", async () => {
		const room = newRoom();
		const native = await TestClient.join(room, "ada");
		const client = await PionClient.join("ada", room);
		expect(await client.error()).toContain("taken");
		// Another one will do, on the same socket.
		client.say("joinRoom", { self_id: "ada2", room_id: room });
		expect((await native.event("participantJoined")).participant.id).toBe("ada2");
	});

	it("again with the same id replaces the former socket", async () => {
		const room = newRoom();
		const first = await PionClient.join("ada", room);
		await expect.poll(() => members(room)).toEqual(["ada"]);
		await PionClient.join("ada", room);
		expect((await first.socket.closed).code).toBe(4001);
		expect(await members(room)).toEqual(["ada"]);
	});

	it("twice on one socket is refused, and what is before it too", async () => {
		const room = newRoom();
		const client = await PionClient.dial("ada", room, "/pion");
		client.offer();
		expect(await client.error()).toContain("join");
		client.join();
		client.join();
		expect(await client.error()).toContain("leave");
		expect(await members(room)).toEqual(["ada"]);
	});

	it("does not let back in whom a moderator removed", async () => {
		const room = newRoom();
		const client = await PionClient.join("ada", room);
		const moderator = await TestClient.join(room, "mod", { rights: { moderate: true } });
		await moderator.do("remove", { participant: "ada", reason: "noise" });
		expect(await client.error()).toContain("noise");
		expect((await client.socket.closed).code).toBe(4002);
		const again = await PionClient.join("ada", room);
		expect(await again.error()).toContain("removed");
	});
});

describe("tracks", () => {
	it("of a peer are published as they are described, under its stream and track ids", async () => {
		const room = newRoom();
		const watcher = await TestClient.join(room, "watcher");
		const { client, link, endpoint } = await enter(room, "ada", undefined, []);
		await watcher.event("participantJoined");
		client.offer();
		await answer(link, [...camera(), sent("video", "2", { stream: "s", track: "second" })]);
		const [audio, video] = [await link.publish(), await link.publish()];
		expect(audio).toMatchObject({ endpoint, source: "audio", media: { rtpParameters: { msid: "s mic" } } });
		expect(video).toMatchObject({ endpoint, source: "camera", media: { rtpParameters: { msid: "s cam" } } });
		const told = [await watcher.event("trackPublished"), await watcher.event("trackPublished")];
		expect(told.map(({ track }) => track.source)).toEqual(["audio", "camera"]);
		// The second video of a peer has no place in this protocol; and one that ends is gone.
		client.offer();
		await answer(link, camera().slice(0, 1));
		expect((await watcher.event("trackUnpublished")).track).toBe(video.track);
		expect((await link.command("unpublish")).track).toBe(video.track);
	});

	it("of all others go to a peer, never its own", async () => {
		const room = newRoom();
		const { link } = await enter(room, "ada");
		const client = await PionClient.join("ben", room);
		const { endpoint } = await link.open();
		client.offer();
		await answer(link);
		const { endpoint: to, tracks } = await link.command("subscribe");
		expect(to).toBe(endpoint);
		expect(tracks.map(({ track }) => track.replace(/\d+/, "#"))).toEqual(["pion-#-audio", "pion-#-video"]);
		offer(link, endpoint, nodeSdp("node", ["0", "1", "2"]));
		expect((await client.told<Description>("offer")).type).toBe("offer");
		client.answer();
		const answered = await agree(link);
		expect(answered).toMatchObject({ endpoint, description: { type: "answer", sdp: clientSdp } });
	});

	it("of a peer whose socket closed are gone for all, and the room with the last one", async () => {
		const room = newRoom();
		const watcher = await TestClient.join(room, "watcher");
		const { client, link, endpoint } = await enter(room, "ada");
		client.socket.close(4000);
		expect((await watcher.event("participantLeft")).participant).toBe("ada");
		expect((await link.command("close")).endpoint).toBe(endpoint);
	});
});

describe("a message", () => {
	it("that names another peer or room is refused", async () => {
		const room = newRoom();
		const { client, link } = await enter(room, "ada");
		await PionClient.join("ben", room);
		const other = { self_id: "ben", room_id: room };
		const elsewhere = { self_id: "ada", room_id: "elsewhere" };
		for (const ids of [other, elsewhere]) {
			for (const [event, data] of [
				["leaveRoom", {}],
				["offer", { offer: { type: "offer", sdp: clientSdp } }],
				["answer", { answer: { type: "answer", sdp: clientSdp } }],
				["ice-candidate", { candidate: { candidate: "" } }],
			] as const) {
				client.say(event, { ...ids, ...data });
				expect(await client.error()).toContain("joined with");
			}
		}
		expect(await members(room)).toEqual(["ada", "ben"]);
		// None of them got to the node: the next description that it hears of is this one.
		client.offer("v=0 mine");
		expect((await answer(link)).description.sdp).toBe("v=0 mine");
	});

	it("that cannot be read is answered by an error, and the socket lives on", async () => {
		const room = newRoom();
		for (const path of ["/pion", "/"]) {
			const client = await PionClient.dial("ada", room, path);
			// At the bare origin the first frame tells the protocol.
			const bad = ['{"event":5}', '{"event":"nonsense"}', '{"event":"joinRoom"}', '{"event":"joinRoom","data":{}}'];
			for (const frame of [...bad, "{", "null", "[]", '"x"', ""]) {
				client.socket.send(frame);
				expect(typeof (await client.error())).toBe("string");
			}
			client.join();
			await expect.poll(() => members(room)).toEqual(["ada"]);
			for (const frame of [...bad, "{", "null", "[]", '"x"', "", new Uint8Array([255, 0]).buffer]) {
				client.socket.send(frame);
				expect(typeof (await client.error())).toBe("string");
			}
			client.say("leaveRoom", client.ids);
			await expect.poll(() => members(room)).toEqual([]);
		}
	});

	it("is heard as text in binary, and candidates are taken in any of their forms", async () => {
		const room = newRoom();
		const client = await PionClient.join("ada", room);
		for (const candidate of [
			{ candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0, usernameFragment: null },
			{ candidate: "", sdpMid: "0", sdpMLineIndex: 0 },
			null,
		]) {
			client.say("ice-candidate", { ...client.ids, candidate });
		}
		const text = JSON.stringify({ event: "ice-candidate", data: { candidate: { candidate: 5 } } });
		client.socket.send(new TextEncoder().encode(text).buffer as ArrayBuffer);
		expect(await client.error()).toContain("candidate");
		expect(client.untaken).toEqual([]);
	});

	it("too many in a second are refused", async () => {
		const room = newRoom();
		const client = await PionClient.join("ada", room);
		await expect.poll(() => members(room)).toEqual(["ada"]);
		for (let i = 0; i < 1_000; i++) client.say("ice-candidate", { candidate: null });
		expect(await client.error()).toContain("slow down");
	});
});

describe("leaving", () => {
	it("ends the stay and not the socket, which may join again at once, elsewhere too", async () => {
		const [room, other] = [newRoom(), newRoom()];
		const client = await PionClient.join("ada", room);
		await expect.poll(() => members(room)).toEqual(["ada"]);
		client.say("leaveRoom", client.ids);
		client.say("joinRoom", { self_id: "ada", room_id: other });
		await expect.poll(() => members(other)).toEqual(["ada"]);
		await expect.poll(() => members(room)).toEqual([]);
		client.say("leaveRoom", client.ids);
		expect(await client.error()).toContain("joined with");
		client.say("leaveRoom", {});
		client.join();
		await expect.poll(() => members(room)).toEqual(["ada"]);
		expect(await members(other)).toEqual([]);
	});

	it("happens to a peer whose connection was lost, or never came about", async () => {
		const room = newRoom();
		const watcher = await TestClient.join(room, "watcher");
		const { client, link, endpoint } = await enter(room, "ada");
		link.report({ type: "media", endpoint, state: "connected" });
		link.report({ type: "media", endpoint, state: "disconnected" });
		link.report({ type: "media", endpoint, state: "connected" });
		await settled(client);
		await later(room, 60_000);
		expect(await members(room)).toEqual(["ada", "watcher"]);
		link.report({ type: "media", endpoint, state: "disconnected" });
		await settled(client);
		await later(room, 3_000);
		expect(await client.error()).toContain("gone");
		expect((await client.socket.closed).code).toBe(4008);
		expect((await watcher.event("participantLeft")).participant).toBe("ada");

		const never = await enter(room, "ben", link);
		await settled(never.client);
		await later(room, 30_000);
		expect((await never.client.socket.closed).code).toBe(4008);
	});
});

/** Everything sent to this client so far has come, and what came from the node before is done. */
async function settled(client: PionClient): Promise<void> {
	client.socket.send("{");
	await client.error();
}

describe("a renegotiation that its client refuses", () => {
	it("is tried 25 times in a row, and once more three seconds later", async () => {
		const room = newRoom();
		const { client, link, endpoint } = await enter(room, "ada");
		link.report({ type: "media", endpoint, state: "connected" });
		for (let tries = 1; tries <= 25; tries++) {
			offer(link, endpoint);
			await client.told("offer");
			client.answer("nonsense");
			await refuse(link, "no SDP");
			expect(await client.error()).toBe("no SDP");
			if (tries < 25) expect((await link.command("renegotiate")).endpoint).toBe(endpoint);
		}
		await settled(client);
		await later(room, 3_000);
		expect((await link.command("renegotiate")).connection).toBe("");
		// One that succeeds begins the count anew.
		offer(link, endpoint);
		await client.told("offer");
		client.answer();
		await agree(link);
		offer(link, endpoint);
		await client.told("offer");
		client.answer("nonsense");
		await refuse(link, "no SDP");
		await link.command("renegotiate");
	});
});

describe("offers that cross", () => {
	it("are not given to a client that waits for an answer; it gets what follows", async () => {
		const { client, link, endpoint } = await enter(newRoom(), "ada");
		client.offer("v=0 mine");
		const { cause } = await link.command("description");
		offer(link, endpoint, nodeSdp("node", ["void"]));
		const description = { type: "answer" as const, sdp: nodeSdp() };
		link.report({ type: "description", endpoint, connection: "", description, sections: [], cause });
		offer(link, endpoint, nodeSdp("node", ["next"]));
		expect((await client.told<Description>("answer")).sdp).toBe(nodeSdp());
		expect((await client.told<Description>("offer")).sdp).toBe(nodeSdp("node", ["next"]));
		expect(client.untaken).not.toContain("offer");
	});

	it("are told again when the client's own was no good", async () => {
		const { client, link, endpoint } = await enter(newRoom(), "ada");
		client.offer("nonsense");
		const { cause } = await link.command("description");
		offer(link, endpoint);
		link.report({ type: "failed", endpoint, cause, error: { code: "bad_request", message: "no SDP" } });
		expect(await client.error()).toBe("no SDP");
		expect((await link.command("renegotiate")).endpoint).toBe(endpoint);
		offer(link, endpoint);
		await client.told("offer");
	});

	it("come second when the client was given one: it takes its own back and answers", async () => {
		const { client, link, endpoint } = await enter(newRoom(), "ada");
		offer(link, endpoint);
		await client.told("offer");
		client.offer("v=0 mine");
		expect(await client.error()).toContain("answered first");
		client.answer("v=0 answer");
		expect((await agree(link)).description.sdp).toBe("v=0 answer");
		client.offer("v=0 mine");
		expect((await answer(link)).description.sdp).toBe("v=0 mine");
	});

	it("lose an answer to what is void, without a word", async () => {
		const { client, link } = await enter(newRoom(), "ada");
		client.answer("v=0 late");
		client.offer("v=0 mine");
		expect((await answer(link)).description.sdp).toBe("v=0 mine");
		expect(client.untaken).not.toContain("error");
	});
});

describe("a node that fails", () => {
	it("is replaced by another, which offers anew and is sent the same tracks", async () => {
		const room = newRoom();
		const { client, link, endpoint } = await enter(room, "ada");
		for (const _ of CANDIDATES) await client.told("candidate");
		link.report({ type: "closed", endpoint, error: { code: "node_failed", message: "its worker died" } });
		const { endpoint: next, connections } = await link.open();
		expect(next).not.toBe(endpoint);
		expect(connections).toEqual({ "": [expect.objectContaining({ mid: "0" }), expect.objectContaining({ mid: "1" })] });
		offer(link, next, nodeSdp("other"), camera());
		expect((await client.told<Description>("offer")).sdp).toContain("a=ice-ufrag:other");
		expect((await client.told<Candidate>("candidate")).usernameFragment).toBe("other");
		const published = [await link.publish(), await link.publish()];
		expect(published.map(({ endpoint: on }) => on)).toEqual([next, next]);
	});
});
