/** A room on several nodes, as its object sees it: which is asked what, and what becomes of it when messages are lost. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, TestLink, TestNode } from "./support/node.ts";

let near: TestNode;
let far: TestNode;
beforeAll(async () => {
	near = await TestNode.register(undefined, "near");
	far = await TestNode.register(undefined, "far");
});
beforeEach(() => {
	for (const node of [near, far]) node.reportLoad();
});

const media = { kind: "audio", rtpParameters } as const;
const withMedia = { rtpCapabilities: capabilities };

type Person = TestClient & { endpoint: string };

/** Somebody whose place is that of a node, which the room has not had before. */
async function enter(room: string, id: string, node: TestNode) {
	const region = node === near ? "near" : "far";
	const client = await TestClient.join(room, id, { ...withMedia, region });
	const link = await node.link(room);
	await link.open();
	const { endpoint } = await client.event("endpoint");
	return { client: Object.assign(client, { endpoint }) as Person, link };
}

/** People near one node. */
async function roomWith(...ids: string[]) {
	const room = newRoom();
	const clients: Person[] = [];
	let link: TestLink | undefined;
	for (const id of ids) {
		if (!link) {
			const first = await enter(room, id, near);
			link = first.link;
			clients.push(first.client);
			continue;
		}
		const client = await TestClient.join(room, id, { ...withMedia, region: "near" });
		await link.open();
		const { endpoint } = await client.event("endpoint");
		clients.push(Object.assign(client, { endpoint }) as Person);
	}
	if (!link) throw new Error("nobody in it");
	return { room, stub: testEnv.ROOM.getByName(room), link, clients };
}

/** A publishes `t` on the near node, and C wants it on the far one. */
async function spanning() {
	const { room, link, clients, stub } = await roomWith("a");
	const [a] = clients;
	if (!a) throw new Error("nobody");
	a.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
	await link.publish();
	const { client: c, link: other } = await enter(room, "c", far);
	const { track, to } = await link.command("pipe");
	link.report({ type: "piped", track, to, pipe: "p1", media });
	await other.command("receive");
	await other.command("subscribe");
	return { room, stub, a, c, link, other, to };
}

describe("a track wanted on another node", () => {
	it("is piped there once, when somebody wants it, after both were told of each other", async () => {
		const { room, link, clients } = await roomWith("a", "b");
		const [a] = clients;
		a?.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		const { link: other } = await enter(room, "c", far);
		const { peer: toFar } = await link.command("peer");
		const { peer: toNear } = await other.command("peer");
		const transport = { address: "192.0.2.1", port: 1, srtpParameters: { cryptoSuite: "X", keyBase64: "k" } };
		link.report({ type: "peerReady", peer: toFar, transport });
		expect(await other.command("connectPeer")).toMatchObject({ peer: toNear, transport });
		const { to } = await link.command("pipe");
		expect(to).toBe(toFar);
		// A second one there waits for the same pipe.
		await TestClient.join(room, "d", { ...withMedia, region: "far" });
		await other.open();
		link.report({ type: "piped", track: "t", to, pipe: "p1", media });
		await other.command("receive");
		await other.command("subscribe");
		await other.command("subscribe");
	});

	it("is muted on both, and dropped when nobody wants it there, or it ends", async () => {
		const { a, c, link, other, to } = await spanning();
		await a.do("mute", { track: "t", muted: true });
		expect(await link.command("mute")).toMatchObject({ track: "t", muted: true });
		expect(await other.command("mute")).toMatchObject({ track: "t", muted: true });
		await c.do("subscribe", { tracks: [{ track: "t", on: false }] });
		expect((await other.command("drop")).track).toBe("t");
		expect(await link.command("unpipe")).toMatchObject({ track: "t", to });
		await c.do("subscribe", { tracks: [{ track: "t", on: true }] });
		await link.command("pipe");
		link.report({ type: "piped", track: "t", to, pipe: "p2", media });
		expect((await other.command("receive")).pipe).toBe("p2");
		await a.do("leave", {});
		expect((await other.command("drop")).track).toBe("t");
	});

	it("is sent for again when the pipe, or its news, was lost with a link", async () => {
		const { room, link, other, to } = await spanning();
		other.socket.close(1001);
		const back = await TestLink.dial(room, other.token);
		// It lost the track: its worker died meanwhile.
		back.report({ type: "attached", endpoints: [] });
		expect(await link.command("pipe")).toMatchObject({ track: "t", to });
	});

	it("is sent for again when one of the two finds the other's port gone, with ports made anew", async () => {
		const { link, other, to } = await spanning();
		await link.command("peer");
		await other.command("peer");
		other.report({ type: "peerStale", peer: link.epoch });
		expect(await link.command("forgetPeer")).toMatchObject({ peer: to });
		expect(await other.command("forgetPeer")).toMatchObject({ peer: link.epoch });
		expect(await link.command("peer")).toMatchObject({ peer: to });
		expect(await other.command("peer")).toMatchObject({ peer: link.epoch });
		expect(await link.command("pipe")).toMatchObject({ track: "t", to });
	});

	it("is sent for again when the news of another source of it was lost with a link, of either node", async () => {
		const { room, link, other, to } = await spanning();
		other.socket.close(1001);
		const back = await TestLink.dial(room, other.token);
		back.report({ type: "attached", endpoints: [], received: [{ track: "t", from: link.epoch, pipe: "p0" }] });
		expect(await link.command("pipe")).toMatchObject({ track: "t", to });
		link.report({ type: "piped", track: "t", to, pipe: "p1", media });
		expect((await back.command("receive")).pipe).toBe("p1");
		link.socket.close(1001);
		const anew = await TestLink.dial(room, link.token);
		anew.report({ type: "attached", endpoints: [], pipes: [{ track: "t", to, pipe: "p2" }] });
		expect(await anew.command("pipe")).toMatchObject({ track: "t", to });
	});

	it("is dropped by a node that comes back with it though it is not wanted there any more", async () => {
		const { room, link, other } = await spanning();
		other.socket.close(1001);
		const back = await TestLink.dial(room, other.token);
		const received = [{ track: "gone", from: link.epoch, pipe: "p0" }];
		back.report({ type: "attached", endpoints: [], received });
		expect((await back.command("drop")).track).toBe("gone");
	});

	it("is sent for again when the node there has lost all of the room", async () => {
		const { link, other, to } = await spanning();
		other.report({ type: "reset" });
		expect((await link.command("forgetPeer")).peer).toBe(to);
		expect(await link.command("pipe")).toMatchObject({ track: "t", to });
	});

	it("is not taken from another node than the one that was asked", async () => {
		const { other, to } = await spanning();
		other.report({ type: "piped", track: "t", to, pipe: "its own", media });
		expect(await other.command("unpipe")).toMatchObject({ track: "t", to });
	});

	describe("whose publisher moves there meanwhile", () => {
		async function arriving() {
			const { link, clients, room } = await roomWith("a");
			const [a] = clients;
			if (!a) throw new Error("nobody");
			a.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
			await link.publish();
			const { client: c, link: other } = await enter(room, "c", far);
			const { to } = await link.command("pipe");
			await a.do("mediaLost", { endpoint: a.endpoint });
			await other.open();
			const { endpoint } = await a.event("endpoint");
			a.post("publish", { endpoint, track: "t", source: "audio", media });
			const { cause } = await other.command("publish");
			link.report({ type: "piped", track: "t", to, pipe: "p1", media });
			expect(await link.command("unpipe")).toMatchObject({ track: "t", to });
			return { c, link, other, to, report: { endpoint, track: "t", cause } };
		}

		it("comes from there alone", async () => {
			const { c, other, report } = await arriving();
			other.report({ type: "published", ...report });
			expect(await other.subscribe("a")).toMatchObject({ endpoint: c.endpoint, tracks: [{ track: "t" }] });
			expect(other.untaken.map(({ type }) => type)).not.toContain("receive");
		});

		it("is sent for again when it cannot be published there", async () => {
			const { link, other, to, report } = await arriving();
			other.report({ type: "failed", ...report, error: { code: "bad_request", message: "no" } });
			expect(await link.command("pipe")).toMatchObject({ track: "t", to });
		});

		it("is sent for again when the media side that it was to come to is lost", async () => {
			const { link, other, to, report } = await arriving();
			other.report({
				type: "closed",
				endpoint: report.endpoint,
				error: { code: "node_failed", message: "its worker died" },
			});
			expect(await link.command("pipe")).toMatchObject({ track: "t", to });
		});
	});

	it("is sent for anew when its publisher moves there, and it cannot be published", async () => {
		const { a, link, other, to } = await spanning();
		await a.do("mediaLost", { endpoint: a.endpoint });
		await other.open();
		const { endpoint } = await a.event("endpoint");
		a.post("publish", { endpoint, track: "t", source: "audio", media });
		const { cause } = await other.command("publish");
		const error = { code: "bad_request", message: "no" } as const;
		other.report({ type: "failed", endpoint, track: "t", cause, error });
		expect(await link.command("unpipe")).toMatchObject({ track: "t", to });
		expect(await link.command("pipe")).toMatchObject({ track: "t", to });
	});

	it("is published before it is sent on", async () => {
		const { room, link, clients } = await roomWith("a");
		const [a] = clients;
		await enter(room, "c", far);
		a?.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		const types: string[] = [];
		while (!types.includes("publish") || !types.includes("pipe"))
			types.push(
				...(await link.socket.take<{ type: string }[]>((frame) => Array.isArray(frame))).map(({ type }) => type),
			);
		expect(types.filter((type) => type === "publish" || type === "pipe")).toEqual(["publish", "pipe"]);
	});

	it("is not sent on by a pipe that nobody asked for any more", async () => {
		const { c, link, other, to } = await spanning();
		await c.do("subscribe", { tracks: [{ track: "t", on: false }] });
		await other.command("drop");
		await link.command("unpipe");
		link.report({ type: "piped", track: "t", to, pipe: "late", media });
		expect(await link.command("unpipe")).toMatchObject({ track: "t", to });
	});
});

describe("a track wanted on more nodes than one may send to", { timeout: 20_000 }, () => {
	type There = { client: TestClient; link: TestLink; node: TestNode };
	let registered: TestNode[] = [];
	// The other tests' rooms have two nodes to choose from.
	afterEach(() => {
		for (const node of registered.splice(0)) node.fleet.close(1000);
	});

	/** On nine: the first eight get it from its origin, the ninth from the first of them. */
	async function spread() {
		const { link, clients, room, stub } = await roomWith("a");
		const [a] = clients;
		a?.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		const there: There[] = [];
		for (let i = 0; i < 9; i++) {
			const place = `at-${i}`;
			const node = await TestNode.register(undefined, place);
			registered = [...registered, node];
			const client = await TestClient.join(room, place, { ...withMedia, region: place });
			const at = await node.link(room);
			await at.open();
			await client.event("endpoint");
			there.push({ client, link: at, node });
			const from = i < 8 ? link : there[0]?.link;
			expect(await from?.command("pipe")).toMatchObject({ track: "t", to: at.epoch });
			from?.report({ type: "piped", track: "t", to: at.epoch, pipe: `p${i}`, media });
			expect((await at.command("receive")).from).toBe(from?.epoch);
		}
		const [first, second] = there;
		const last = there.at(-1);
		if (!first || !second || !last) throw new Error("nobody there");
		return { link, stub, first, second, last };
	}

	it("is sent on by one that has it, which keeps it as long as that", async () => {
		const { link, first, last } = await spread();
		await first.client.do("subscribe", { tracks: [{ track: "t", on: false }] });
		await last.client.do("subscribe", { tracks: [{ track: "t", on: false }] });
		expect((await last.link.command("drop")).track).toBe("t");
		expect(await first.link.command("unpipe")).toMatchObject({ track: "t", to: last.link.epoch });
		// And now nobody wants it on the first any more either.
		expect((await first.link.command("drop")).track).toBe("t");
		expect(await link.command("unpipe")).toMatchObject({ track: "t", to: first.link.epoch });
	});

	it("is sent on anew by one that gets it anew", async () => {
		const { link, first, last } = await spread();
		link.report({ type: "piped", track: "t", to: first.link.epoch, pipe: "another", media });
		expect((await first.link.command("receive")).pipe).toBe("another");
		expect(await first.link.command("pipe")).toMatchObject({ track: "t", to: last.link.epoch });
	});

	it("is sent on by another when that one's way to its origin is lost", async () => {
		const { link, first, second, last } = await spread();
		first.link.report({ type: "peerStale", peer: link.epoch });
		expect(await first.link.command("unpipe")).toMatchObject({ track: "t", to: last.link.epoch });
		expect(await link.command("pipe")).toMatchObject({ track: "t", to: first.link.epoch });
		expect(await second.link.command("pipe")).toMatchObject({ track: "t", to: last.link.epoch });
	});

	it("is sent on by another when that one is let go of", async () => {
		const { link, stub, first, last } = await spread();
		await first.client.do("leave", {});
		await stub.nodeDraining({ node: first.node.id, epoch: first.link.epoch, deadline: Date.now() + 60_000 });
		expect((await first.link.socket.closed).code).toBe(CLOSE.released);
		expect(await link.command("pipe")).toMatchObject({ track: "t", to: last.link.epoch });
	});
});

describe("a node that drains", () => {
	it("has its people moved make before break, and is let go of when they released it", async () => {
		const { room, stub, link, clients } = await roomWith("a", "b");
		const [a] = clients;
		if (!a) throw new Error("nobody");
		a.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		const { link: other } = await enter(room, "c", far);
		const { to } = await link.command("pipe");
		link.report({ type: "piped", track: "t", to, pipe: "p1", media });
		await other.command("receive");

		await stub.nodeDraining({ node: near.id, epoch: link.epoch, deadline: Date.now() + 60_000 });
		// The far node is the only one left, and the room has it.
		const open = [await other.open(), await other.open()].find(({ participant }) => participant === "a");
		const moved = await a.event("endpoint");
		expect(moved).toMatchObject({ endpoint: open?.endpoint, former: a.endpoint, node: { id: far.id } });
		await evictDurableObject(stub);

		// Published again there, the track goes on under its id: receivers are told of another consumer, and no more.
		a.post("publish", { endpoint: moved.endpoint, track: "t", source: "audio", media });
		await other.publish();
		expect((await other.subscribe("a")).tracks).toMatchObject([{ track: "t" }]);

		await a.do("release", { endpoint: a.endpoint });
		expect((await link.command("close")).endpoint).toBe(a.endpoint);
		expect(await a.refusal("release", { endpoint: moved.endpoint })).toBe("bad_request");
		const b = clients[1];
		await b?.event("endpoint");
		await b?.do("release", { endpoint: b.endpoint });
		expect((await link.socket.closed).code).toBe(CLOSE.released);
	});

	it("keeps those who are not moved yet when it stays after all", async () => {
		const { stub, room, link } = await roomWith("a");
		await stub.nodeDraining({ node: near.id, epoch: link.epoch, deadline: Date.now() + 60_000 });
		await stub.nodeStays({ node: near.id, epoch: link.epoch });
		const d = await TestClient.join(room, "d", { ...withMedia, region: "near" });
		expect(d.joined.type).toBe("joined");
		const view = (await stub.describe()) as unknown as { value: { nodes: { state: string }[] } };
		expect(view.value.nodes.map(({ state }) => state)).not.toContain("draining");
	});
});

describe("a node that is full", () => {
	it("gets nobody more while there is another, and the room's others meanwhile go there", async () => {
		const { room, link } = await roomWith("a");
		link.report({ type: "capacity", accepting: false });
		// The room has handled it: what follows on the same link is answered.
		const b = await TestClient.join(room, "b", { ...withMedia, region: "near" });
		const other = await far.link(room);
		await other.open();
		expect((await b.event("endpoint")).node.id).toBe(far.id);
		link.report({ type: "capacity", accepting: true });
		const c = await TestClient.join(room, "c", { ...withMedia, region: "near" });
		await link.open();
		expect((await c.event("endpoint")).node.id).toBe(near.id);
	});
});

describe("a media side that is opening for somebody who moves", () => {
	async function moving() {
		const it = await spanning();
		await it.a.do("mediaLost", { endpoint: it.a.endpoint });
		const { endpoint } = await it.other.command("open");
		return { ...it, endpoint };
	}

	it("gets what is published meanwhile", async () => {
		const { c, other, endpoint } = await moving();
		c.post("publish", { endpoint: c.endpoint, track: "u", source: "audio", media });
		expect((await other.publish()).track).toBe("u");
		expect(await other.command("subscribe")).toMatchObject({ endpoint, tracks: [{ track: "u" }] });
	});

	it("gets what its member chooses meanwhile", async () => {
		const { a, c, other, endpoint } = await moving();
		const published = c.do("publish", { endpoint: c.endpoint, track: "u", source: "audio", media });
		await other.publish();
		await other.command("subscribe");
		await published;
		await a.do("subscribe", { tracks: [{ track: "u", paused: true }] });
		expect(await other.command("tune")).toMatchObject({ endpoint, tracks: [{ track: "u", paused: true }] });
		await a.do("subscribe", { tracks: [{ track: "u", on: false }] });
		expect(await other.command("unsubscribe")).toMatchObject({ endpoint, tracks: ["u"] });
	});
});

describe("a node that a participant does not reach", () => {
	it("is left by that one, make before break, and not given to it again; others stay", async () => {
		const { room, link, clients } = await roomWith("a", "b");
		const [a] = clients;
		if (!a) throw new Error("nobody");
		await a.do("mediaLost", { endpoint: a.endpoint });
		const other = await far.link(room);
		expect((await other.open()).participant).toBe("a");
		const moved = await a.event("endpoint");
		expect(moved).toMatchObject({ former: a.endpoint, node: { id: far.id } });
		// Said again, of what it has moved from: nothing new.
		await a.do("mediaLost", { endpoint: a.endpoint });
		await a.do("release", { endpoint: a.endpoint });
		expect((await link.command("close")).endpoint).toBe(a.endpoint);
		await TestClient.join(room, "d", { ...withMedia, region: "near" });
		expect((await link.open()).participant).toBe("d");
	});

	it("loses a track to the other, muted as it became on the way", async () => {
		const { room, link, clients } = await roomWith("a");
		const [a] = clients;
		if (!a) throw new Error("nobody");
		a.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		await a.do("mediaLost", { endpoint: a.endpoint });
		const other = await far.link(room);
		await other.open();
		const { endpoint } = await a.event("endpoint");
		a.post("publish", { endpoint, track: "t", source: "audio", media });
		const { track, muted, cause } = await other.command("publish");
		expect(muted).toBe(false);
		await a.do("mute", { track, muted: true });
		// Where it still is.
		expect(await link.command("mute")).toMatchObject({ track, muted: true });
		other.report({ type: "published", endpoint, track, cause });
		expect(await other.command("mute")).toMatchObject({ track, muted: true });
	});

	it("never says that it has a track, which is there for all once the other does", async () => {
		const { room, link, clients } = await roomWith("a", "b");
		const [a, b] = clients;
		if (!a || !b) throw new Error("nobody");
		a.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.command("publish");
		await a.do("mediaLost", { endpoint: a.endpoint });
		const other = await far.link(room);
		await other.open();
		const { endpoint } = await a.event("endpoint");
		a.post("publish", { endpoint, track: "t", source: "audio", media });
		await other.publish();
		expect(await b.event("trackPublished")).toMatchObject({ participant: "a", track: { id: "t" } });
		expect(await other.command("pipe")).toMatchObject({ track: "t", to: link.epoch });
	});

	it("is gone back to when it is the only other one, by then", async () => {
		const { room, link, clients } = await roomWith("a");
		const [a] = clients;
		if (!a) throw new Error("nobody");
		await a.do("mediaLost", { endpoint: a.endpoint });
		const other = await far.link(room);
		await other.open();
		const { endpoint } = await a.event("endpoint");
		await a.do("mediaLost", { endpoint });
		expect((await link.open()).participant).toBe("a");
		expect(await a.event("endpoint")).toMatchObject({ former: endpoint, node: { id: near.id } });
	});
});

describe("nodes that do not reach each other", () => {
	it("are parted: the people of one go to the other, make before break", async () => {
		const { c, link, other, to } = await spanning();
		link.report({ type: "pipeLost", peer: to });
		other.report({ type: "pipeLost", peer: link.epoch });
		expect((await link.open()).participant).toBe("c");
		expect(await c.event("endpoint")).toMatchObject({ former: c.endpoint, node: { id: near.id } });
		expect((await link.subscribe("c")).tracks).toMatchObject([{ track: "t" }]);
		await c.do("release", { endpoint: c.endpoint });
		expect((await other.socket.closed).code).toBe(CLOSE.released);
	});

	it("are parted from the one that most of them have lost", async () => {
		const { room, c, link, other, to } = await spanning();
		const node = await TestNode.register(undefined, "third");
		await TestClient.join(room, "d", { ...withMedia, region: "third" });
		const third = await node.link(room);
		await third.open();
		link.report({ type: "pipeLost", peer: to });
		third.report({ type: "pipeLost", peer: to });
		expect((await Promise.race([link.open(), third.open()])).participant).toBe("c");
		expect(await c.event("endpoint")).toMatchObject({ former: c.endpoint });
		expect(other.epoch).toBe(to);
		node.fleet.close(1000);
	});

	it("stay as they are when the other is gone already", async () => {
		const { link, stub, c } = await spanning();
		link.report({ type: "pipeLost", peer: 99 });
		await new Promise((resolve) => setTimeout(resolve, 1_600));
		await runDurableObjectAlarm(stub);
		expect(await c.settled()).toEqual([]);
	});
});

describe("a room that is deleted", () => {
	it("lets go of its nodes, and Fleet forgets that they served it", async () => {
		const { room, link, stub } = await roomWith("a");
		const served = () =>
			runInDurableObject(testEnv.FLEET.getByName("weur"), (_, { storage }) =>
				Number(storage.sql.exec("SELECT COUNT(*) AS n FROM served WHERE room = ?", room).one().n),
			);
		expect(await served()).toBe(1);
		await stub.destroy();
		expect((await link.socket.closed).code).toBe(CLOSE.released);
		await vi.waitFor(async () => expect(await served()).toBe(0));
	});
});

describe("a node that fails", () => {
	it("is replaced at once on Fleet's word, and finds its assignment refused", async () => {
		const { room, stub, link, clients } = await roomWith("a");
		await stub.nodeFailed({ node: near.id, epoch: link.epoch });
		expect((await clients[0]?.event("endpointLost"))?.reason.code).toBe("node_failed");
		expect((await link.socket.closed).code).toBe(CLOSE.fenced);
		expect((await TestLink.request(room, link.token)).status).toBe(403);
		// Said twice, or of an assignment long gone, it changes nothing.
		await stub.nodeFailed({ node: near.id, epoch: link.epoch });
		await runDurableObjectAlarm(stub);
	});
});

describe("the last N who spoke", () => {
	it("are those whose cameras go to everybody; a camera asked for by name, and all sound, go on", async () => {
		const room = newRoom();
		await testEnv.ROOM.getByName(room).create({ name: room, settings: { lastN: 1 } });
		const a = await TestClient.join(room, "a", { ...withMedia, region: "near" });
		const link = await near.link(room);
		const people: Person[] = [];
		await link.open();
		people.push(Object.assign(a, { endpoint: (await a.event("endpoint")).endpoint }) as Person);
		for (const id of ["b", "c"]) {
			const client = await TestClient.join(room, id, { ...withMedia, region: "near" });
			await link.open();
			people.push(Object.assign(client, { endpoint: (await client.event("endpoint")).endpoint }) as Person);
		}
		const video = { kind: "video", rtpParameters } as const;
		for (const person of people.slice(0, 2)) {
			const track = `${person.welcome.participant}-cam`;
			person.post("publish", { endpoint: person.endpoint, track, source: "camera", media: video });
			await link.publish();
		}
		const [, b, c] = people;
		// A joined first, so A is the one: to B and C.
		const shown = [await link.command("subscribe"), await link.command("subscribe")];
		expect(shown.map(({ tracks }) => tracks[0]?.track)).toEqual(["a-cam", "a-cam"]);
		await evictDurableObject(testEnv.ROOM.getByName(room));
		link.report({ type: "speakers", speakers: [{ participant: "b", track: "m", volume: -20 }], dominant: "b" });
		expect((await c?.event("unsubscribed"))?.tracks).toEqual(["a-cam"]);
		const next = [await link.command("subscribe"), await link.command("subscribe")];
		expect(new Set(next.map(({ endpoint }) => endpoint))).toEqual(new Set([people[0]?.endpoint, c?.endpoint]));
		expect(next.map(({ tracks }) => tracks[0]?.track)).toEqual(["b-cam", "b-cam"]);
		await c?.do("subscribe", { tracks: [{ track: "a-cam", on: true }] });
		expect((await link.command("subscribe")).tracks[0]?.track).toBe("a-cam");
		await b?.do("leave", {});
		// A is the one again, and C has it already: only nobody else is left to be told.
		expect((await c?.event("participantLeft"))?.participant).toBe("b");
	});
});

describe("who speaks on a node", () => {
	const speaks = (participant: string) => ({
		...{ type: "speakers" as const, dominant: participant },
		speakers: [{ participant, track: "m", volume: -20 }],
	});
	const heard = async (client: TestClient) =>
		(await client.news("speakers")).speakers.map(({ participant }) => participant);

	async function twoSpeak() {
		const { room, link, clients, stub } = await roomWith("a");
		const [a] = clients;
		if (!a) throw new Error("nobody");
		const { link: other } = await enter(room, "c", far);
		link.report(speaks("a"));
		expect(await heard(a)).toEqual(["a"]);
		other.report(speaks("c"));
		expect(await heard(a)).toEqual(["a", "c"]);
		return { a, link, other, stub };
	}

	it("is forgotten, and that told, while its link is down", async () => {
		const { a, other } = await twoSpeak();
		other.socket.close(1011);
		expect(await heard(a)).toEqual(["a"]);
	});

	it("is forgotten when the node has failed, though its socket is open", async () => {
		const { a, link, other, stub } = await twoSpeak();
		await stub.nodeFailed({ node: far.id, epoch: other.epoch });
		expect(await heard(a)).toEqual(["a"]);
		link.report({ type: "speakers", speakers: [] });
		expect(await heard(a)).toEqual([]);
	});

	it("is forgotten when the room has let go of the node", async () => {
		const { a, other, stub } = await twoSpeak();
		await stub.removeParticipant("c");
		await stub.nodeDraining({ node: far.id, epoch: other.epoch, deadline: Date.now() + 60_000 });
		expect((await other.socket.closed).code).toBe(CLOSE.released);
		expect(await heard(a)).toEqual(["a"]);
	});
});

describe("what is wanted of a track", () => {
	it("is told to its publisher alone, summed over all nodes, and found again after a lost memory", async () => {
		const { room, link, clients, stub } = await roomWith("a", "b");
		const [a, b] = clients;
		a?.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		await b?.event("trackPublished");
		link.report({ type: "demand", demand: { t: -1 } });
		expect((await a?.news("demand"))?.demand).toEqual({ t: -1 });
		await evictDurableObject(stub);
		link.report({ type: "demand", demand: { t: -1, unknown: 1 } }, { type: "demand", demand: { t: 1 } });
		expect((await a?.news("demand"))?.demand).toEqual({ t: 1 });

		// Somebody far away wants it: another node, which has not said how much.
		const { link: other } = await enter(room, "c", far);
		const { track, to } = await link.command("pipe");
		expect(track).toBe("t");
		expect((await a?.news("demand"))?.demand).toEqual({ t: 7 });
		link.report({ type: "piped", track, to, pipe: "p1", media });
		expect(await other.command("receive")).toMatchObject({ track: "t", pipe: "p1", participant: "a", source: "audio" });
		expect((await other.command("subscribe")).tracks).toMatchObject([{ track: "t" }]);
		other.report({ type: "demand", demand: { t: 0 } });
		// The nearer node's 1 is more.
		expect((await a?.news("demand"))?.demand).toEqual({ t: 1 });
		expect((await b?.settled())?.filter((frame) => (frame as { type: string }).type === "demand")).toEqual([]);
	});
});

describe("what receivers have bandwidth for", () => {
	it("is told to the node that encodes the track, by those alone that were sent it", async () => {
		const { room, link, clients, stub } = await roomWith("a");
		const [a] = clients;
		a?.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		const { link: other } = await enter(room, "c", far);
		const { track, to } = await link.command("pipe");
		// Of a track that is not known, or that it was not sent yet.
		other.report({ type: "bandwidth", track: "unknown", bitrate: 1 });
		link.report({ type: "bandwidth", track, bitrate: 2 });
		link.report({ type: "piped", track, to, pipe: "p1", media, encoded: true });
		expect(await other.command("receive")).toMatchObject({ track: "t", encoded: true });
		await evictDurableObject(stub);
		other.report({ type: "bandwidth", track, bitrate: 300_000 });
		expect(await link.command("bandwidth")).toEqual({ type: "bandwidth", track, from: to, bitrate: 300_000 });
	});
});

describe("a recording of everybody", () => {
	/** A publishes `t` on the near node, C `u` on the far one, and neither receives anything. */
	async function apart() {
		const { room, link, clients, stub } = await roomWith("a");
		const [a] = clients;
		if (!a) throw new Error("nobody");
		const { client: c, link: other } = await enter(room, "c", far);
		for (const person of [a, c]) await person.do("subscribe", { default: "none" });
		a.post("publish", { endpoint: a.endpoint, track: "t", source: "audio", media });
		await link.publish();
		c.post("publish", { endpoint: c.endpoint, track: "u", source: "audio", media });
		await other.publish();
		const wish = { id: "r", layout: "grid", effects: false, container: "mp4", sources: ["audio"] } as const;
		await stub.startRecording(wish);
		return { room, stub, a, c, link, other };
	}

	it("has the tracks of other nodes brought to one, for as long as it goes on", async () => {
		const { stub, c, link, other } = await apart();
		const { track, to } = await other.command("pipe");
		expect(track).toBe("u");
		// Nobody receives it there; it stays all the same.
		await c.do("subscribe", { tracks: [{ track: "t", on: false }] });
		await evictDurableObject(stub);
		other.report({ type: "piped", track, to, pipe: "p1", media });
		expect(await link.command("receive")).toMatchObject({ track: "u" });
		expect(await link.command("record")).toMatchObject({ recording: "r", layout: "grid", tracks: ["t", "u"] });
		await stub.stopRecording("r");
		expect(await link.command("stopRecord")).toMatchObject({ recording: "r" });
		expect(await link.command("drop")).toMatchObject({ track: "u" });
		expect(await other.command("unpipe")).toMatchObject({ track: "u", to });
	});

	it("is made without what cannot be brought, and with it once it can be", async () => {
		const { link, other } = await apart();
		const { track, to } = await other.command("pipe");
		other.report({ type: "pipeFailed", track, to, error: { code: "internal", message: "no port" } });
		expect(await link.command("record")).toMatchObject({ part: 1, tracks: ["t"] });
		await other.command("pipe");
		other.report({ type: "piped", track, to, pipe: "p1", media });
		expect(await link.command("record")).toMatchObject({ part: 2, tracks: ["t", "u"] });
	});

	it("is made elsewhere when nobody is left on its node, which goes on with it until then", async () => {
		const { a, link, other } = await apart();
		const { track, to } = await other.command("pipe");
		other.report({ type: "piped", track, to, pipe: "p1", media });
		await link.command("record");
		link.report({ type: "recording", recording: "r", part: 1, state: "started" });
		await a.do("leave", {});
		expect(await other.command("record")).toMatchObject({ part: 2, tracks: ["u"] });
		expect(link.untaken.map(({ type }) => type)).not.toContain("drop");
		other.report({ type: "recording", recording: "r", part: 2, state: "started" });
		expect(await link.command("stopRecord")).toMatchObject({ part: 1 });
		expect(await link.command("drop")).toMatchObject({ track: "u" });
	});

	it("goes on as it is while a link is down", async () => {
		const { room, stub, a, link, other } = await apart();
		const { track, to } = await other.command("pipe");
		other.report({ type: "piped", track, to, pipe: "p1", media });
		await link.command("record");
		link.report({ type: "recording", recording: "r", part: 1, state: "started" });
		await a.event("recordingChanged");
		expect((await a.event("recordingChanged")).recording.state).toBe("recording");
		link.socket.close(1001);
		await expect.poll(async () => JSON.stringify(await stub.describe())).toContain("detached");
		const back = await TestLink.dial(room, link.token);
		back.report({
			type: "attached",
			endpoints: [{ endpoint: a.endpoint, tracks: ["t"], subscriptions: [] }],
			received: [{ track, from: other.epoch, pipe: "p1" }],
			recordings: [{ recording: "r", part: 1, started: true }],
		});
		// What is told next of it is that it was stopped: it did not begin anew, nor on the other node.
		await stub.stopRecording("r");
		expect((await a.event("recordingChanged")).recording.state).toBe("finishing");
		expect(await back.command("stopRecord")).toMatchObject({ recording: "r", part: 1 });
		const more = [...back.untaken, ...other.untaken].map(({ type }) => type);
		for (const type of ["record", "pipe", "drop"]) expect(more).not.toContain(type);
	});
});
