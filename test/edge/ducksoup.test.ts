import { abortAllDurableObjects } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { fetchEdge, testEnv } from "./support/client.ts";
import { DucksoupClient, dial, Hall, LAB, newName, roomNamed } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";
import { agree, offer, sent } from "./support/sdp.ts";

/** The only one, so that rooms are its own: it takes the place of the former test's. */
let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("ducksoup-node");
});

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
		expect(await hall.interaction()).toMatchObject({
			size: 8,
			duration: 1_200,
			audioOnly: false,
			namespace: "default",
		});
		const ben = await hall.enter("ben", { size: 1, duration: 3 });
		await ben.client.told("joined");
		expect(await hall.interaction()).toMatchObject({ size: 8, duration: 1_200 });
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
		expect(await hall.interaction()).toBeDefined();
		await hall.later(1_500);
		expect(await ann.client.told("error-aborted")).toBeNull();
		expect((await ann.client.socket.closed).code).toBe(1000);
		expect(await hall.interaction()).toBeUndefined();
		// The name is free again.
		const next = await DucksoupClient.join(hall.name, "ann");
		expect((await next.told("joined")).context).toBe("new_interaction");
	});

	it("is deleted when its last person leaves before all were there", async () => {
		const hall = new Hall(node);
		const ann = await hall.enter("ann");
		ann.client.say("stop");
		expect((await ann.client.socket.closed).code).toBe(1000);
		await expect.poll(() => hall.interaction()).toBeUndefined();
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
		expect(await hall.interaction()).toBeUndefined();
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
		expect(await hall.interaction()).toBeDefined();
		await hall.later(61_000);
		await hall.later(11_000);
		expect(await hall.interaction()).toBeUndefined();
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

it("the room is none that a REST client would not find", async () => {
	const hall = new Hall(node);
	await hall.enter("ann");
	const response = await fetchEdge(`/v1/rooms/${encodeURIComponent(hall.room)}/participants`, {
		headers: { Authorization: `Bearer ${testEnv.AUTH_KEY}` },
	});
	expect(await response.json()).toMatchObject({ items: [{ id: "ann" }] });
});
