import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { fetchEdge, TestClient, testEnv } from "./support/client.ts";
import { DucksoupClient, dial, Hall, LAB, newName, roomNamed } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";
import { agree, clientSdp, nodeSdp, offer, sent } from "./support/sdp.ts";

/** The only one, so that rooms are its own: it takes the place of the former test's. */
let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("ducksoup-node");
});

function row(hall: Hall): Promise<{ own?: { interaction?: Record<string, unknown> } } | undefined> {
	return runInDurableObject(hall.stub, (_, state) => {
		const [found] = state.storage.sql.exec<{ value: string }>("SELECT value FROM room").toArray();
		return found && (JSON.parse(found.value) as { own?: { interaction?: Record<string, unknown> } });
	});
}
const interaction = async (hall: Hall) => (await row(hall))?.own?.interaction;

describe("the socket", () => {
	it("is for pages of listed origins alone, character by character", async () => {
		for (const origin of [
			null,
			"https://lab.test/",
			"http://lab.test",
			"https://lab.test.evil.test",
			"https://edge.test",
		]) {
			expect((await dial(undefined, origin)).status).toBe(403);
		}
		for (const origin of [LAB, "https://other-lab.test"]) {
			const { status, webSocket } = await dial(undefined, origin);
			expect(status).toBe(101);
			webSocket?.accept();
			webSocket?.close();
		}
	});

	it("is Talksy's where its address has nothing of DuckSoup's", async () => {
		const talksy = await dial("/ws");
		talksy.webSocket?.accept();
		const first = await new Promise((resolve) => {
			talksy.webSocket?.addEventListener("message", ({ data }) => resolve(JSON.parse(data as string)));
		});
		expect(first).toMatchObject({ type: "clientid" });
		talksy.webSocket?.close();
		const twice = await DucksoupClient.open("/ws?a=1?href=https://lab.test/");
		twice.say("join", { interactionName: newName(), userId: "ann" });
		expect(await twice.told("joined")).toEqual({ context: "new_interaction", iceServers: expect.any(Array) });
	});

	it("is closed when nothing is said for ten seconds", async () => {
		const { socket } = await DucksoupClient.open();
		const began = Date.now();
		expect((await socket.closed).code).toBe(1000);
		expect(Date.now() - began).toBeGreaterThan(9_500);
		expect(socket.untaken).toEqual([]);
	}, 15_000);

	it.each([
		["no JSON", "{"],
		["no object", "[]"],
		["a payload that is no text", '{"kind":"join","payload":{"interactionName":"a","userId":"b"}}'],
		["a payload that is no JSON", '{"kind":"join","payload":"a"}'],
		["another kind", '{"kind":"stop"}'],
		["no user", { interactionName: "hall" }],
		["a user of whom nothing is left", { interactionName: "hall", userId: "éé!" }],
		["a name of which nothing is left", { interactionName: "..", userId: "ann" }],
		["a size that is no number", { interactionName: "hall", userId: "ann", size: "two" }],
		["a flag that is none", { interactionName: "hall", userId: "ann", overlay: "perhaps" }],
		["effects that are no text", { interactionName: "hall", userId: "ann", audioFx: 5 }],
	])("is told error-join and closed: %s", async (_, first) => {
		const client = await DucksoupClient.open();
		if (typeof first === "string") client.socket.send(first);
		else client.say("join", first);
		expect(await client.told("error-join")).toBeNull();
		expect((await client.socket.closed).code).toBe(1000);
	});
});

describe("an interaction", () => {
	it("has outcomes for who comes first, next, twice, again and too late", async () => {
		const hall = new Hall(node, { size: 2 });
		const ann = await hall.enter("ann");
		expect(await ann.client.told("joined")).toEqual({ context: "new_interaction", iceServers: expect.any(Array) });
		const ben = await hall.enter("b e n!");
		expect((await ben.client.told("joined")).context).toBe("existing-interaction");
		const toAnn = await ann.client.told("other_joined");
		expect(toAnn).toEqual({ userId: "ben", streamId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
		const toBen = await ben.client.told("other_joined");
		expect(toBen.userId).toBe("ann");

		for (const [user, kind] of [
			["ann", "error-duplicate"],
			["ben", "error-duplicate"],
			["cid", "error-full"],
		] as const) {
			const client = await DucksoupClient.join(hall.name, user);
			await client.told(kind);
			expect((await client.socket.closed).code).toBe(1000);
		}
		// Another name on another page is another one.
		const elsewhere = await DucksoupClient.open(undefined, "https://other-lab.test");
		elsewhere.say("join", { interactionName: hall.name, userId: "cid" });
		expect((await elsewhere.told("joined")).context).toBe("new_interaction");

		ben.client.socket.close(1001);
		expect(await ann.client.told("other_left")).toEqual(toAnn);
		// Who was there takes up a place.
		await (await DucksoupClient.join(hall.name, "cid")).told("error-full");
		const again = await hall.enter("ben");
		expect((await again.client.told("joined")).context).toBe("reconnection");
		const anew = await ann.client.told("other_joined");
		expect(anew.userId).toBe("ben");
		expect(anew.streamId).not.toBe(toAnn.streamId);
	});

	it("takes numbers as texts, its caps, and what the first join says", async () => {
		const hall = new Hall(node);
		await hall.enter("ann", { size: "12", duration: "5000", overlay: "TRUE", frameRate: 30, namespace: "" });
		expect(await interaction(hall)).toMatchObject({ size: 8, duration: 1_200, audioOnly: false, namespace: "default" });
		const ben = await hall.enter("ben", { size: 1, duration: 3 });
		await ben.client.told("joined");
		expect(await interaction(hall)).toMatchObject({ size: 8, duration: 1_200 });
		const other = await DucksoupClient.join(hall.name, "cid", { audioOnly: true });
		await other.told("error-join");
	});

	it("invites to what is sent: sound and picture in the format asked for, or sound alone", async () => {
		const hall = new Hall(node, { videoFormat: "VP8" });
		await DucksoupClient.join(hall.name, "ann", hall.options);
		const link = await node.link(await roomNamed(hall.name));
		expect((await link.open()).sdp).toMatchObject({
			...{ invites: ["audio", "video"], codecs: ["audio/opus", "video/VP8"], statistics: true },
		});
		const quiet = newName();
		await DucksoupClient.join(quiet, "ann", { audioOnly: true, videoFormat: "AV1" });
		const { sdp } = await (await node.link(await roomNamed(quiet))).open();
		expect(sdp).toMatchObject({ invites: ["audio"], codecs: ["audio/opus", "video/H264"] });
	});

	it("shows nobody to anybody before all are there, then starts when everybody is served", async () => {
		const hall = new Hall(node, { duration: 60 });
		const ann = await hall.enter("ann");
		const ben = await hall.enter("ben");
		const { streamId } = await ann.client.told("other_joined");
		await hall.send(ann);
		const untold = await ben.client.settled(hall.room, hall.link);
		expect(untold).toEqual(["joined", "other_joined"]);
		await hall.send(ben);
		const commands = [await hall.link.command("subscribe"), await hall.link.command("subscribe")];
		expect(commands.map(({ endpoint, tracks }) => [endpoint, tracks.map(({ track }) => track)])).toEqual([
			[ann.endpoint, ben.tracks],
			[ben.endpoint, ann.tracks],
		]);
		expect(streamId).toMatch(/^[0-9a-f-]{36}$/);
		await hall.serve(ann, ben.tracks);
		expect(await ann.client.settled(hall.room, hall.link)).not.toContain("start");
		await hall.serve(ben, ann.tracks);
		expect(await Promise.all([ann.client.told("start"), ben.client.told("start")])).toEqual([60, 60]);
	});

	it("publishes what comes in the stream that was announced", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		const ben = await hall.enter("ben");
		const { streamId } = await ann.client.told("other_joined");
		offer(hall.link, ben.endpoint);
		await ben.client.offer();
		ben.client.answer();
		await agree(hall.link, [
			sent("audio", "0", { stream: "own", track: "mic" }),
			sent("video", "1", { stream: "own", track: "cam" }),
		]);
		const [mic, cam] = [await hall.link.publish(), await hall.link.publish()];
		expect([mic, cam]).toMatchObject([
			{ source: "audio", media: { rtpParameters: { msid: `${streamId} mic` } } },
			{ source: "camera", media: { rtpParameters: { msid: `${streamId} cam` } } },
		]);
	});

	it("of one person is a mirror", async () => {
		const hall = new Hall(node, { size: 1, duration: 20 });
		const ann = await hall.enter("ann");
		await hall.send(ann);
		const { endpoint, tracks } = await hall.link.command("subscribe");
		expect([endpoint, tracks.map(({ track }) => track)]).toEqual([ann.endpoint, ann.tracks]);
		await hall.serve(ann, ann.tracks);
		expect(await ann.client.told("start")).toBe(20);
		expect(ann.client.untaken).toEqual(["joined"]);
	});

	it("of sound alone is ready with that", async () => {
		const hall = new Hall(node, { audioOnly: true, size: 1 });
		const ann = await hall.enter("ann");
		await hall.send(ann, ["audio"]);
		await hall.serve(ann, ann.tracks);
		expect(await ann.client.told("start")).toBe(30);
	});

	it("is aborted when not everybody is there in fifteen seconds, through lost memory", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		await hall.send(ann);
		await hall.later(14_000);
		expect(await interaction(hall)).toBeDefined();
		await hall.later(1_500);
		expect(await ann.client.told("error-aborted")).toBeNull();
		expect((await ann.client.socket.closed).code).toBe(1000);
		expect(await interaction(hall)).toBeUndefined();
		// The name is free again.
		const next = await DucksoupClient.join(hall.name, "ann");
		expect((await next.told("joined")).context).toBe("new_interaction");
	});

	it("is deleted when its last person leaves before all were there", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		ann.client.say("stop");
		expect((await ann.client.socket.closed).code).toBe(1000);
		await expect.poll(() => interaction(hall)).toBeUndefined();
		expect((await (await DucksoupClient.join(hall.name, "ben")).told("joined")).context).toBe("new_interaction");
	});

	it("tells of its end before and at it, and closes, through lost memory", async () => {
		const hall = new Hall(node, { duration: 60 });
		const [ann, ben] = await hall.started();
		await hall.later(44_000);
		expect(ann.client.untaken).not.toContain("ending");
		await hall.later(1_200);
		await Promise.all([ann.client.told("ending"), ben.client.told("ending")]);
		await hall.later(15_000);
		for (const { client } of [ann, ben]) {
			expect(Object.keys(await client.files())).toEqual(["ann", "ben"]);
			expect(await client.told("end")).toBeNull();
			expect((await client.socket.closed).code).toBe(1000);
			expect(client.untaken.filter((kind) => /error|ending|start/.test(kind))).toEqual([]);
		}
		expect(await interaction(hall)).toBeUndefined();
	});

	it("that is short is announced to end after its first second", async () => {
		const hall = new Hall(node, { duration: 2 });
		const [ann] = await hall.started();
		const began = Date.now();
		await ann.client.told("ending");
		expect(Date.now() - began).toBeGreaterThan(700);
		await ann.client.told("end");
		expect(Date.now() - began).toBeGreaterThan(1_700);
	});

	it("goes on for who comes back, who is told what remains", async () => {
		const hall = new Hall(node, { duration: 60 });
		const [ann, ben] = await hall.started();
		ben.client.socket.close(1001);
		await ann.client.told("other_left");
		await hall.later(20_000);
		const again = await hall.enter("ben");
		expect((await again.client.told("joined")).context).toBe("reconnection");
		// It receives the others from the beginning.
		await hall.send(again);
		const start = await again.client.told("start");
		expect(start).toBeGreaterThanOrEqual(39);
		expect(start).toBeLessThanOrEqual(40);
		expect(ann.client.untaken).not.toContain("start");
		await hall.later(26_000);
		await Promise.all([ann.client.told("ending"), again.client.told("ending")]);
		again.client.say("stop");
		await again.client.socket.closed;
		const last = await hall.enter("ben");
		await hall.send(last);
		const began = Date.now();
		await last.client.told("start");
		await last.client.told("ending");
		expect(Date.now() - began).toBeGreaterThan(700);
	});

	it("runs out its time though everybody left, and is there for who comes back, the edge having been restarted", async () => {
		const hall = new Hall(node, { duration: 60 });
		const [ann] = await hall.started();
		await abortAllDurableObjects();
		await ann.client.socket.closed;
		node = await TestNode.register("ducksoup-node");
		const again = await DucksoupClient.join(hall.name, "ann");
		expect((await again.told("joined")).context).toBe("reconnection");
		again.say("stop");
		await again.socket.closed;
		expect(await interaction(hall)).toBeDefined();
		await hall.later(61_000);
		await hall.later(11_000);
		expect(await interaction(hall)).toBeUndefined();
	});

	it("starts without who is not served in five seconds", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		const ben = await hall.enter("ben");
		await hall.send(ann);
		await hall.send(ben);
		await hall.serve(ann, ben.tracks);
		await hall.later(5_100);
		expect(await ann.client.told("start")).toBe(30);
	});
});

describe("what is recorded", () => {
	const at = String.raw`\d{8}-\d{6}\.\d{3}`;
	const pathOf = (hall: Hall, user: string, connection: number, part: string) =>
		new RegExp(
			`^data/default/${hall.name}/recordings/i-[0-9a-f]{32}-a-${at}-s-default-n-${hall.name}-u-${user}-c-${connection}-${part}$`,
		);

	it("is told of when it is finished, by who it is of, over all connections", async () => {
		const hall = new Hall(node, { duration: 60, recordingMode: "muxed" });
		const [ann, ben] = await hall.started();
		const ofAnn = await hall.link.command("record");
		const ofBen = await hall.link.command("record");
		expect(ofAnn).toMatchObject({ endpoint: ann.endpoint, tracks: ann.tracks, effects: false, container: "mp4" });
		expect(ofAnn.path).toMatch(pathOf(hall, "ann", 1, "dry"));
		expect(ofBen.path).toMatch(pathOf(hall, "ben", 1, "dry"));
		for (const { recording, part } of [ofAnn, ofBen]) {
			hall.link.report({ type: "recording", recording, part, state: "started" });
		}
		ben.client.say("stop");
		expect((await hall.link.command("stopRecord")).recording).toBe(ofBen.recording);
		const again = await hall.enter("ben", { recordingMode: "split" });
		await hall.send(again);
		await again.client.told("start");
		const sound = await hall.link.command("record");
		const picture = await hall.link.command("record");
		expect(sound).toMatchObject({ tracks: [again.tracks[0]], container: "ogg" });
		expect(picture).toMatchObject({ tracks: [again.tracks[1]], container: "mp4" });
		expect(sound.path).toMatch(pathOf(hall, "ben", 2, "audio-dry"));
		expect(picture.path).toMatch(pathOf(hall, "ben", 2, "video-dry"));

		await hall.later(60_000);
		expect(await ann.client.settled(hall.room, hall.link)).not.toContain("files");
		await hall.recorded(ofAnn, "mkv");
		await hall.recorded(ofBen, "mkv");
		await hall.recorded(sound, "ogg");
		expect(await ann.client.settled(hall.room, hall.link)).not.toContain("files");
		await hall.recorded(picture, "mkv");
		const files = {
			ann: [`${ofAnn.path}.mkv`],
			ben: [`${ofBen.path}.mkv`, `${sound.path}.ogg`, `${picture.path}.mkv`],
		};
		for (const { client } of [ann, again]) {
			expect(await client.files()).toEqual(files);
			await client.told("end");
		}
	});

	it("is told of by its name where it takes long to finish", async () => {
		const hall = new Hall(node, { duration: 60, size: 1, recordingMode: "free" });
		const ann = await hall.enter("ann");
		await hall.send(ann);
		const { recording, part, path } = await hall.link.command("record");
		hall.link.report({ type: "recording", recording, part, state: "started" });
		await hall.serve(ann, ann.tracks);
		await ann.client.told("start");
		await hall.later(60_000);
		expect(await ann.client.settled(hall.room, hall.link)).not.toContain("files");
		await hall.later(10_000);
		// VP8, as the node was told that it comes.
		expect(await ann.client.files()).toEqual({ ann: [`${path}.mkv`] });
		await ann.client.told("end");
	});

	it.each(["none", "direct", "bypass", "rtpbin_only"])("is nothing in mode %s", async (recordingMode) => {
		const hall = new Hall(node, { duration: 60, size: 1, recordingMode });
		const ann = await hall.enter("ann");
		await hall.send(ann);
		await hall.serve(ann, ann.tracks);
		await ann.client.told("start");
		await hall.later(60_000);
		expect(await ann.client.files()).toEqual({ ann: null });
	});
});

describe("a connection", () => {
	it("is given one offer at a time", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		offer(hall.link, ann.endpoint, nodeSdp("first"));
		expect(await ann.client.offer()).toMatchObject({ type: "offer", sdp: nodeSdp("first") });
		// Another node's, as it were: its client still opens its devices.
		offer(hall.link, ann.endpoint, nodeSdp("second"));
		expect(await ann.client.settled(hall.room, hall.link)).toEqual(["joined"]);
		ann.client.answer();
		expect(await hall.link.command("renegotiate")).toMatchObject({ endpoint: ann.endpoint, restart: false });
		offer(hall.link, ann.endpoint, nodeSdp("second"));
		expect((await ann.client.offer()).sdp).toBe(nodeSdp("second"));
		ann.client.answer();
		expect((await hall.link.command("description")).description).toEqual({ type: "answer", sdp: clientSdp });
	});

	it("whose node is gone is offered by another one when its client has answered what it owes", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		offer(hall.link, ann.endpoint, nodeSdp("first"));
		await ann.client.offer();
		hall.link.socket.close(1000);
		const next = await node.link(hall.room);
		const { endpoint } = await next.open();
		expect(endpoint).not.toBe(ann.endpoint);
		offer(next, endpoint, nodeSdp("second"));
		await expect.poll(async () => (await hall.own("ann"))?.held).toBe(true);
		expect(await ann.client.settled(hall.room, next)).toEqual(["joined"]);
		// To the node that is gone: of no use to this one.
		ann.client.answer();
		expect(await next.command("renegotiate")).toMatchObject({ endpoint, restart: false });
		expect(next.untaken.filter(({ type }) => type === "description")).toEqual([]);
		offer(next, endpoint, nodeSdp("second"));
		expect((await ann.client.offer()).sdp).toBe(nodeSdp("second"));
		ann.client.answer();
		expect((await next.command("description")).endpoint).toBe(endpoint);
	});

	it("that answers before the other node has offered is given that offer when it comes", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		offer(hall.link, ann.endpoint, nodeSdp("first"));
		await ann.client.offer();
		hall.link.socket.close(1000);
		const next = await node.link(hall.room);
		const { endpoint } = await next.open();
		await expect.poll(async () => (await hall.own("ann"))?.stale).toBe(true);
		ann.client.answer();
		await expect.poll(async () => (await hall.own("ann"))?.stale).toBeUndefined();
		offer(next, endpoint, nodeSdp("second"));
		expect((await ann.client.offer()).sdp).toBe(nodeSdp("second"));
		expect(next.untaken.filter(({ type }) => type === "description")).toEqual([]);
	});

	it("is renegotiated when its client asks, with a restart when its way is lost", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		await hall.send(ann);
		ann.client.say("client_negotiation_needed", "stable");
		expect((await hall.link.command("renegotiate")).restart).toBe(false);
		ann.client.say("client_ice_connection_state_disconnected");
		expect((await hall.link.command("renegotiate")).restart).toBe(true);
	});

	it("that was lost is offered anew, and given up after ten seconds", async () => {
		const hall = new Hall(node, { size: 3, duration: 60 });
		const ann = await hall.enter("ann");
		const ben = await hall.enter("ben");
		await hall.send(ann);
		hall.link.report({ type: "media", endpoint: ann.endpoint, state: "disconnected" });
		expect((await hall.link.command("renegotiate")).restart).toBe(true);
		await hall.later(9_000);
		expect(await ben.client.settled(hall.room, hall.link)).not.toContain("other_left");
		await hall.later(1_500);
		expect((await ben.client.told("other_left")).userId).toBe("ann");
		expect((await ann.client.socket.closed).code).toBe(1000);
	});

	it("whose answer cannot be used is told so, and closed", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		offer(hall.link, ann.endpoint);
		await ann.client.offer();
		ann.client.answer();
		const { endpoint, cause } = await hall.link.command("description");
		hall.link.report({ type: "failed", endpoint, cause, error: { code: "bad_request", message: "no" } });
		await ann.client.told("error-peer-connection");
		expect((await ann.client.socket.closed).code).toBe(1000);
	});

	it("that is not offered anything, where all have started, is told so", async () => {
		const hall = new Hall(node, { duration: 100 });
		const [, ben] = await hall.started();
		ben.client.say("stop");
		await ben.client.socket.closed;
		const again = await hall.enter("ben");
		await again.client.told("joined");
		await hall.later(20_500);
		await again.client.told("error-peer-connection");
		expect((await again.client.socket.closed).code).toBe(1000);
	});

	it("that does not answer is let go of", async () => {
		const hall = new Hall(node, { duration: 100 });
		const [ann, ben] = await hall.started();
		offer(hall.link, ann.endpoint);
		await ann.client.offer();
		await hall.later(10_500);
		await ann.client.told("error-peer-connection");
		expect((await ben.client.told("other_left")).userId).toBe("ann");
	});

	it.each([
		["no JSON", "{", 1007],
		["no text in it", new Uint8Array([0xff, 0xfe]).buffer, 1007],
		["no frame", "[]", 1008],
		["a payload that is no text", '{"kind":"client_answer","payload":{}}', 1008],
	])("is closed over %s", async (_, frame, code) => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		ann.client.socket.send(frame);
		expect((await ann.client.socket.closed).code).toBe(code);
		await expect.poll(() => interaction(hall)).toBeUndefined();
	});

	it("is none of those who were removed over REST or by a moderator", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		const moderator = await TestClient.join(hall.room, "mod", { rights: { moderate: true } });
		await moderator.do("remove", { participant: "ann" });
		expect((await ann.client.socket.closed).code).toBe(1000);
		await (await DucksoupClient.join(hall.name, "ann")).told("error-join");
	});

	it("says things that nobody knows, and nothing comes of it", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		await ann.client.told("joined");
		ann.client.say("shout", "loud");
		ann.client.say("client_ice_candidate", { candidate: "", sdpMid: "0", sdpMLineIndex: 0 });
		ann.client.say("client_answer", "no JSON");
		ann.client.say("client_video_fps_updated");
		expect(await ann.client.settled(hall.room, hall.link)).toEqual([]);
		expect(await interaction(hall)).toBeDefined();
	});
});

it("the room is none that a REST client would not find", async () => {
	const hall = new Hall(node);
	await hall.enter("ann");
	const response = await fetchEdge(`/v1/rooms/${encodeURIComponent(hall.room)}/participants`, {
		headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` },
	});
	expect(await response.json()).toMatchObject({ items: [{ id: "ann" }] });
});
