/** A connection of DuckSoup's protocol: what is offered and when, and what ends it. */
import { beforeEach, describe, expect, it } from "vitest";
import { TestClient } from "./support/client.ts";
import { DucksoupClient, Hall } from "./support/ducksoup.ts";
import { TestNode } from "./support/node.ts";
import { clientSdp, nodeSdp, offer } from "./support/sdp.ts";

/** The only one, so that rooms are its own: it takes the place of the former test's. */
let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("ducksoup-node");
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
		await expect.poll(() => hall.interaction()).toBeUndefined();
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
		expect(await hall.interaction()).toBeDefined();
	});
});
