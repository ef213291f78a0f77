import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { PartReport, Recording } from "../../shared/recordings.ts";
import type { Recorded } from "../../worker/room/state.ts";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, TestNode } from "./support/node.ts";
import { call, fileOf, publish, scene, start, tell } from "./support/recordings.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

/** By when they were asked for, and by id within a millisecond. */
async function inOrder(room: string, ids: readonly string[]): Promise<string[]> {
	const all = await Promise.all(ids.map(async (id) => (await call("GET", `${room}/recordings/${id}`)).body));
	return all.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)).map(({ id }) => id);
}

describe("a recording", () => {
	it("of somebody who is there begins on their node with all its tracks, and is told of", async () => {
		const it = await scene(node, "audio", "camera");
		const { status, body } = await start(it.room);
		expect(status).toBe(201);
		expect(body).toMatchObject({ participant: "alice", state: "waiting", files: [], container: "mp4" });
		const record = await it.link.command("record");
		expect(record).toMatchObject({
			recording: body.id,
			part: 1,
			endpoint: it.endpoint,
			tracks: ["audio", "camera"],
			path: `recordings/${it.room}/${body.id}-${body.createdAt}`,
			epoch: it.link.epoch,
			effects: false,
			split: false,
		});
		it.link.report({ type: "recording", recording: body.id, part: 1, state: "started" });
		await expect.poll(async () => (await call("GET", `${it.room}/recordings/${body.id}`)).body.state).toBe("recording");
		const list = await call<{ items: Recording[] }>("GET", `${it.room}/recordings`);
		expect(list.body.items.map(({ id }) => id)).toEqual([body.id]);
	});

	it("is listed in pages, oldest first", async () => {
		const room = newRoom();
		await call("POST", "", { name: room });
		const ids = ["c", "a", "b"];
		for (const id of ids) await start(room, { id, path: `pages/${room}/${id}` });
		await evictDurableObject(testEnv.ROOM.getByName(room));
		const listed: string[] = [];
		let query = "?limit=2";
		for (let page = 1; query !== ""; page++) {
			const { status, body } = await call<{ items: Recording[]; next?: string }>("GET", `${room}/recordings${query}`);
			expect(status).toBe(200);
			expect(body.items).toHaveLength(page === 1 ? 2 : 1);
			listed.push(...body.items.map(({ id }) => id));
			query = body.next === undefined ? "" : `?limit=2&cursor=${encodeURIComponent(body.next)}`;
		}
		expect(listed).toEqual(await inOrder(room, ids));
		expect((await call("GET", `${room}/recordings?cursor=nonsense`)).status).toBe(400);
	});

	it("waits for somebody who is not there, and for their tracks to be published together", async () => {
		const room = newRoom();
		await call("POST", "", { name: room });
		const { body } = await start(room);
		expect(body.state).toBe("waiting");
		const alice = await TestClient.join(room, "alice", { rtpCapabilities: capabilities });
		const link = await node.link(room);
		await link.open();
		const { endpoint } = await alice.event("endpoint");
		await publish({ room, alice, link, endpoint }, "audio");
		await publish({ room, alice, link, endpoint }, "camera");
		expect(await link.command("record")).toMatchObject({ part: 1, tracks: ["audio", "camera"] });
	});

	it("asked for again by its id is the one that is there; a path is one recording's", async () => {
		const { room } = await scene(node, "audio");
		const first = await start(room, { id: "one", path: "there/it" });
		expect((await start(room, { id: "one", effects: true })).body).toEqual(first.body);
		expect((await start(room, { id: "two", path: "there/it" })).status).toBe(409);
		expect((await start(room, { id: "three", path: "../etc" })).status).toBe(400);
		expect((await start(room, { id: "three", path: "/etc/it" })).status).toBe(400);
		expect((await start(newRoom())).status).toBe(404);
	});

	it("goes on in another part when a track comes, and ends the former when the new one is being written", async () => {
		const it = await scene(node, "audio");
		const { id } = (await start(it.room)).body;
		expect(await it.link.command("record")).toMatchObject({ part: 1, tracks: ["audio"] });
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		await publish(it, "camera");
		expect(await it.link.command("record")).toMatchObject({ part: 2, tracks: ["audio", "camera"] });
		it.link.report({ type: "recording", recording: id, part: 2, state: "started" });
		expect(await it.link.command("stopRecord")).toMatchObject({ recording: id, part: 1 });
	});

	it("outlives the room's memory, and is stopped after that", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		await evictDurableObject(testEnv.ROOM.getByName(it.room));
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		await expect.poll(async () => (await call("GET", `${it.room}/recordings/${id}`)).body.state).toBe("recording");
		expect((await call("POST", `${it.room}/recordings/${id}/stop`)).body.state).toBe("finishing");
		expect(await it.link.command("stopRecord")).toMatchObject({ recording: id, part: 1 });
	});

	it("that fails is tried again as another part, and says what failed", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		const error = { code: "node_failed" as const, message: "no space left" };
		it.link.report({ type: "recording", recording: id, part: 1, state: "failed", error });
		await expect
			.poll(async () => (await call("GET", `${it.room}/recordings/${id}`)).body)
			.toMatchObject({
				state: "waiting",
				error,
			});
		expect(await it.link.command("record")).toMatchObject({ recording: id, part: 2 });
	});

	it("that failed and has nothing to record any more wakes nobody", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		const error = { code: "node_failed" as const, message: "no space left" };
		it.link.report({ type: "recording", recording: id, part: 1, state: "failed", error });
		await expect.poll(async () => (await call("GET", `${it.room}/recordings/${id}`)).body.error).toEqual(error);
		for (const track of ["audio", "camera"]) await it.alice.request("unpublish", { track });
		await runInDurableObject(testEnv.ROOM.getByName(it.room), async (_, { storage }) => {
			const at = await storage.getAlarm();
			expect((at ?? Number.POSITIVE_INFINITY) - Date.now()).toBeGreaterThan(2_000);
		});
	});

	it("of a part that a node which came back does not know begins another", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		it.link.report(
			{ type: "recording", recording: id, part: 1, state: "started" },
			{
				type: "attached",
				endpoints: [{ endpoint: it.endpoint, tracks: ["audio", "camera"], subscriptions: [] }],
				recordings: [{ recording: "unknown", part: 7 }],
			},
		);
		const stopped = [await it.link.command("stopRecord"), await it.link.command("stopRecord")];
		expect(stopped).toContainEqual({ type: "stopRecord", recording: "unknown", part: 7 });
		expect(await it.link.command("record")).toMatchObject({ recording: id, part: 2 });
	});

	it("whose files cannot be brought away for now says so, and is none the worse when they can", async () => {
		const it = await scene(node, "audio", "camera");
		const { id: recording, path } = (await start(it.room)).body;
		await it.link.command("record");
		it.link.report({ type: "recording", recording, part: 1, state: "started" });
		await call("POST", `${it.room}/recordings/${recording}/stop`);
		const file = await fileOf(new Uint8Array(10), `${path}.mp4`);
		const error = { code: "node_failed", message: "the bucket does not answer" };
		const report = { room: it.room, recording, part: 1, files: [file], over: true };
		await tell(node.id, "reports", { ...report, error });
		const url = `${it.room}/recordings/${recording}`;
		expect((await call("GET", url)).body).toMatchObject({ state: "ended", error, files: [{ state: "written" }] });
		await tell(node.id, "reports", { ...report, files: [{ ...file, state: "stored" }] });
		expect((await call("GET", url)).body).toMatchObject({ state: "ended", files: [{ state: "stored" }] });
		// Said late: it has arrived all the same.
		await tell(node.id, "reports", report);
		expect((await call("GET", url)).body.files).toMatchObject([{ state: "stored" }]);
	});

	it("of everybody has all who are on its node, and begins anew when somebody comes or goes", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room, { participant: undefined, layout: "grid", sources: ["audio", "camera"] }))
			.body;
		const first = await it.link.command("record");
		expect(first).toMatchObject({ part: 1, layout: "grid", tracks: ["audio", "camera"] });
		expect(first.endpoint).toBeUndefined();
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		const bob = await TestClient.join(it.room, "bob", { rtpCapabilities: capabilities });
		await it.link.open();
		const { endpoint } = await bob.event("endpoint");
		await publish({ ...it, alice: bob, endpoint }, "camera", "bobs");
		expect(await it.link.command("record")).toMatchObject({ part: 2, tracks: ["audio", "camera", "bobs"] });
		it.link.report({ type: "recording", recording: id, part: 2, state: "started" });
		expect(await it.link.command("stopRecord")).toMatchObject({ part: 1 });
		bob.socket.close(1000);
		expect(await it.link.command("record")).toMatchObject({ part: 3, tracks: ["audio", "camera"] });
	});

	it("is of a participant or of everybody, and of everybody whole", async () => {
		const { room } = await scene(node, "audio");
		expect((await start(room, { layout: "grid" })).status).toBe(400);
		expect((await start(room, { participant: undefined })).status).toBe(400);
		expect((await start(room, { participant: undefined, layout: "grid", split: true })).status).toBe(400);
	});

	it("has ended when its files are written, and tells of each that arrived", async () => {
		const it = await scene(node, "audio", "camera");
		const { id, path } = (await start(it.room)).body;
		await it.link.command("record");
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		await call("POST", `${it.room}/recordings/${id}/stop`);
		const file = await fileOf(new Uint8Array(10), `${path}.mp4`);
		const report: PartReport = { room: it.room, recording: id, part: 1, files: [file], over: true };
		expect((await tell("somebody-else", "reports", report)).status).toBe(403);
		expect((await tell(node.id, "reports", { ...report, files: [{ ...file, path: "elsewhere.mp4" }] })).status).toBe(
			403,
		);
		expect((await tell(node.id, "reports", report)).status).toBe(204);
		expect((await call("GET", `${it.room}/recordings/${id}`)).body).toMatchObject({ state: "ended", files: [file] });
	});
});

/** What is in storage of a recording, and room to alter it; memory is lost after that. */
async function stored(room: string, id: string, alter: (row: Recorded) => void = () => {}): Promise<Recorded> {
	const stub = testEnv.ROOM.getByName(room);
	const row = await runInDurableObject(stub, (_, { storage }) => {
		const { value } = storage.sql.exec<{ value: string }>("SELECT value FROM recording WHERE key = ?", id).one();
		const row = JSON.parse(value) as Recorded;
		alter(row);
		storage.sql.exec("UPDATE recording SET value = ? WHERE key = ?", JSON.stringify(row), id);
		return row;
	});
	await evictDurableObject(stub);
	return row;
}

describe("a recording that goes on for long", () => {
	it("is told of by its last parts alone, with the tracks of those that are being written", async () => {
		const it = await scene(node, "audio");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		const over = { epoch: it.link.epoch, node: node.id, tracks: [], state: "done" as const };
		await stored(it.room, id, (row) => {
			row.parts.push(...Array.from({ length: 500 }, (_, i) => ({ ...over, part: i + 2 })));
			row.lastPart = 501;
		});
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		await publish(it, "camera");
		expect(await it.link.command("record")).toMatchObject({ part: 502 });
		it.link.report({ type: "recording", recording: id, part: 502, state: "started" });
		await it.link.command("stopRecord");
		const { parts } = await stored(it.room, id);
		expect(parts.length).toBe(102);
		expect(parts.find(({ part }) => part === 1)).toMatchObject({ state: "finishing", tracks: [] });
		expect(parts.at(-1)).toMatchObject({ part: 502, tracks: ["audio", "camera"] });
	});

	it("ends when it has as many parts as one may have, and says so", async () => {
		const it = await scene(node, "audio");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		await stored(it.room, id, (row) => {
			row.lastPart = 5_000;
		});
		await publish(it, "camera");
		expect(await it.link.command("stopRecord")).toMatchObject({ recording: id, part: 1 });
		const { body } = await call("GET", `${it.room}/recordings/${id}`);
		expect(body).toMatchObject({ state: "finishing", error: { code: "too_large" } });
	});
});

describe("a recording whose node says nothing more", () => {
	it("is not finishing for ever, and takes the files that come late", async () => {
		const it = await scene(node, "audio", "camera");
		const { id, path } = (await start(it.room)).body;
		await it.link.command("record");
		expect((await call("POST", `${it.room}/recordings/${id}/stop`)).body.state).toBe("finishing");
		const { parts } = await stored(it.room, id, ({ parts: [part] }) => {
			if (part) part.due = Date.now() - 1;
		});
		expect(parts).toMatchObject([{ state: "finishing" }]);
		await expect
			.poll(async () => (await call("GET", `${it.room}/recordings/${id}`)).body)
			.toMatchObject({ state: "failed", error: { code: "node_failed" } });
		const file = await fileOf(new Uint8Array(10), `${path}.mp4`);
		await tell(node.id, "reports", { room: it.room, recording: id, part: 1, files: [file], over: true });
		const late = (await call("GET", `${it.room}/recordings/${id}`)).body;
		expect(late).toMatchObject({ state: "ended", files: [file] });
	});

	it("has as long as that takes once it began", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		await expect.poll(async () => (await call("GET", `${it.room}/recordings/${id}`)).body.state).toBe("recording");
		await call("POST", `${it.room}/recordings/${id}/stop`);
		const { parts } = await stored(it.room, id);
		expect((parts[0]?.due ?? 0) - Date.now()).toBeGreaterThan(3_600_000);
	});

	it("is over when the node comes back without having heard of it", async () => {
		const it = await scene(node, "audio", "camera");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		await call("POST", `${it.room}/recordings/${id}/stop`);
		const endpoints = [{ endpoint: it.endpoint, tracks: ["audio", "camera"], subscriptions: [] }];
		it.link.report({ type: "attached", endpoints });
		await expect.poll(async () => (await call("GET", `${it.room}/recordings/${id}`)).body.state).toBe("failed");
	});

	it("is being written when the node comes back and writes it, whatever was told of that before", async () => {
		const it = await scene(node, "audio");
		const { id } = (await start(it.room)).body;
		await it.link.command("record");
		it.link.report({ type: "recording", recording: id, part: 1, state: "started" });
		await publish(it, "camera");
		await it.link.command("record");
		it.link.report({
			type: "attached",
			endpoints: [{ endpoint: it.endpoint, tracks: ["audio", "camera"], subscriptions: [] }],
			recordings: [
				{ recording: id, part: 1, started: true },
				{ recording: id, part: 2, started: true },
			],
		});
		expect(await it.link.command("stopRecord")).toMatchObject({ recording: id, part: 1 });
		const { parts } = await stored(it.room, id);
		expect(parts).toMatchObject([{ state: "finishing" }, { state: "started" }]);
	});
});

describe("a recording of a room that was made again", () => {
	it("has nothing of the former one's, whose files arrive all the same", async () => {
		const it = await scene(node, "audio", "camera");
		const first = (await start(it.room, { id: "one" })).body;
		await it.link.command("record");
		const { epoch } = it.link;
		await fetchEdge(`/v1/rooms/${it.room}`, {
			method: "DELETE",
			headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` },
		});
		const alice = await TestClient.join(it.room, "alice", { rtpCapabilities: capabilities });
		const link = await node.link(it.room);
		await link.open();
		const { endpoint } = await alice.event("endpoint");
		await publish({ room: it.room, link, alice, endpoint }, "audio");
		await publish({ room: it.room, link, alice, endpoint }, "camera");
		const second = (await start(it.room, { id: "one" })).body;
		expect(second.path).not.toBe(first.path);
		await link.command("record");
		const file = await fileOf(new Uint8Array(10), `${first.path}.mp4`);
		const report = { room: it.room, recording: "one", part: 1, files: [file], over: true };
		expect((await tell(node.id, "reports", { ...report, epoch })).status).toBe(204);
		expect((await tell(node.id, "uploads", { room: it.room, recording: "one", part: 1, epoch, file })).status).toBe(
			200,
		);
		expect((await call("GET", `${it.room}/recordings/one`)).body).toMatchObject({ state: "waiting", files: [] });
		// Of its own it is told as ever.
		const own = await fileOf(new Uint8Array(10), `${second.path}.mp4`);
		await tell(node.id, "reports", { ...report, files: [own], epoch: link.epoch });
		expect((await call("GET", `${it.room}/recordings/one`)).body.files).toEqual([own]);
	});
});
