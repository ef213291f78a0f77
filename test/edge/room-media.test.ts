import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { CLOSE } from "../../shared/close-codes.ts";
import { newRoom, TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, TestLink, TestNode, transport } from "./support/node.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const media = { kind: "audio", rtpParameters } as const;
const withMedia = { rtpCapabilities: capabilities };

/** A room with its node and members whose endpoints are open. */
async function roomWith(...ids: string[]) {
	const room = newRoom();
	const clients: (TestClient & { endpoint: string })[] = [];
	let link: TestLink | undefined;
	for (const id of ids) {
		const client = await TestClient.join(room, id, withMedia);
		link ??= await node.link(room);
		await link.open();
		const { endpoint } = await client.event("endpoint");
		clients.push(Object.assign(client, { endpoint }));
	}
	if (!link) throw new Error("nobody in it");
	return { room, stub: testEnv.ROOM.getByName(room), link, clients };
}

describe("an endpoint opened ahead of its join", () => {
	it("is made while the client prepares, and is there with the answer to its join", async () => {
		const { room, link, clients } = await roomWith("a");
		clients[0]?.post("publish", { endpoint: clients[0].endpoint, track: "t", source: "audio", media });
		await link.publish();
		const b = await TestClient.open(room, "b");
		const { endpoint, participant, rtpCapabilities } = await link.open();
		expect({ participant, rtpCapabilities }).toEqual({ participant: "b", rtpCapabilities: undefined });
		const dtlsParameters = { role: "client" as const, fingerprints: [{ algorithm: "sha-256" as const, value: "aa" }] };
		await b.request("join", { ...withMedia, dtlsParameters });
		expect((await b.event("endpoint")).endpoint).toBe(endpoint);
		expect(await link.command("equip")).toMatchObject({ endpoint, rtpCapabilities: capabilities, dtlsParameters });
		expect(await link.subscribe("a")).toMatchObject({ endpoint, tracks: [{ track: "t" }] });
		expect((await b.event("subscribed")).endpoint).toBe(endpoint);
	});

	it("is announced when it opens later than the join", async () => {
		const { room, link } = await roomWith("a");
		const b = await TestClient.join(room, "b", withMedia);
		const { endpoint } = await link.open();
		expect((await b.event("endpoint")).endpoint).toBe(endpoint);
	});

	it("is closed when nobody joins: the socket closes, or resumes another session", async () => {
		const { room, link, clients } = await roomWith("a");
		const b = await TestClient.open(room, "b");
		const { endpoint } = await link.open();
		b.socket.close(1000);
		expect((await link.command("close")).endpoint).toBe(endpoint);
		const again = await TestClient.dial(room, clients[0]?.welcome.session.token ?? "");
		await again.greeted();
		const c = await TestClient.open(room, "c");
		// Nothing was opened for the one that comes back.
		expect((await link.open()).participant).toBe("c");
		c.socket.close(1000);
	});

	it("whose client joins after the node was lost is replaced by another", async () => {
		const { room, link, stub } = await roomWith("a");
		const b = await TestClient.open(room, "b");
		const { endpoint } = await link.open();
		await evictDurableObject(stub);
		link.report({ type: "closed", endpoint, error: { code: "node_failed", message: "gone" } });
		await b.request("join", withMedia);
		const open = await link.open();
		expect(open.endpoint).not.toBe(endpoint);
		expect((await b.event("endpoint")).endpoint).toBe(open.endpoint);
	});

	it("is closed when its socket went with the object", async () => {
		const { room, link } = await roomWith("a");
		await TestClient.open(room, "b");
		const { endpoint } = await link.open();
		await abortAllDurableObjects();
		node = await TestNode.register();
		const back = await TestLink.dial(room, link.token);
		back.report({ type: "attached", endpoints: [{ endpoint, tracks: [], subscriptions: [] }] });
		expect((await back.command("close")).endpoint).toBe(endpoint);
	});
});

describe("an endpoint", () => {
	it("is opened on the assigned node with what the client can do, and handed to the client", async () => {
		const room = newRoom();
		const dtlsParameters = { role: "client" as const, fingerprints: [{ algorithm: "sha-256" as const, value: "aa" }] };
		const alice = await TestClient.join(room, "alice", { ...withMedia, dtlsParameters });
		const link = await node.link(room);
		expect(await link.open()).toMatchObject({
			participant: "alice",
			dtlsParameters,
			send: true,
			recv: true,
			data: true,
		});
		const event = await alice.event("endpoint");
		expect(event).toMatchObject({ node: { id: node.id, region: "test" } });
		expect(event.send?.id).toBe(`${event.endpoint}-send`);
	});

	it("costs a client two round trips, whatever the number of tracks: the socket, and join", async () => {
		const { room, link, clients } = await roomWith("a", "b");
		for (const client of clients) {
			for (const n of [1, 2, 3]) {
				client.post("publish", { endpoint: client.endpoint, track: `${client.endpoint}-${n}`, source: "audio", media });
				await link.publish();
				await link.command("subscribe");
			}
		}
		const late = await TestClient.join(room, "late", withMedia);
		const { endpoint } = await link.open();
		const subscribe = await link.subscribe("a");
		expect(subscribe).toMatchObject({ endpoint });
		expect(subscribe.tracks).toHaveLength(6);
		await late.event("endpoint");
		expect((await late.event("subscribed")).consumers).toHaveLength(6);
	});

	it("is not kept for a client that only signals", async () => {
		const { room, link } = await roomWith("a");
		await TestClient.join(room, "silent");
		const { endpoint } = await link.open();
		expect((await link.command("close")).endpoint).toBe(endpoint);
	});

	it("is closed on the node when its participant leaves", async () => {
		const { link, clients } = await roomWith("a", "b");
		await clients[1]?.do("leave", {});
		expect((await link.command("close")).endpoint).toBe(clients[1]?.endpoint);
	});

	it("sends nothing when its participant may publish nothing", async () => {
		const { room, link } = await roomWith("a");
		await TestClient.join(room, "viewer", { ...withMedia, rights: { publish: [] } });
		expect(await link.open()).toMatchObject({ send: false, recv: true });
	});

	it("is replaced when the node lost it, and the client is told why", async () => {
		const { link, clients } = await roomWith("a");
		const [a] = clients;
		link.report({
			type: "closed",
			endpoint: a?.endpoint ?? "",
			error: { code: "node_failed", message: "worker died" },
		});
		expect(await a?.event("endpointLost")).toMatchObject({ endpoint: a?.endpoint, reason: { message: "worker died" } });
		const { endpoint } = await link.open();
		expect(endpoint).not.toBe(a?.endpoint);
		expect((await a?.event("endpoint"))?.endpoint).toBe(endpoint);
	});

	it("that cannot be opened is tried again, and not at once", async () => {
		const room = newRoom();
		const alice = await TestClient.join(room, "alice", withMedia);
		const link = await node.link(room);
		const { endpoint } = await link.command("open");
		const error = { code: "node_failed", message: "no ports" } as const;
		link.report({ type: "closed", endpoint, error }, { type: "speakers", speakers: [] });
		expect(await alice.event("endpointLost")).toMatchObject({ endpoint, reason: error });
		await alice.news("speakers");
		const again = await link.command("open");
		expect(again.endpoint).not.toBe(endpoint);
		link.report({ type: "opened", endpoint: again.endpoint });
		expect((await alice.event("endpoint")).endpoint).toBe(again.endpoint);
	});

	it("takes its ICE restart and late DTLS parameters by request", async () => {
		const { link, clients } = await roomWith("a");
		const a = clients[0] as TestClient & { endpoint: string };
		const restart = a.post("restartIce", { endpoint: a.endpoint, direction: "recv" });
		const { cause } = await link.command("restartIce");
		const { iceParameters } = transport("new");
		link.report({ type: "ice", endpoint: a.endpoint, direction: "recv", iceParameters, cause });
		expect((await a.event("ice")).iceParameters).toEqual(iceParameters);
		expect((await a.answer(restart)).type).toBe("ok");
		expect(await a.refusal("restartIce", { endpoint: "e999", direction: "recv" })).toBe("stale_endpoint");
	});
});

describe("a track", () => {
	it("is answered and announced when the node has it; whoever wants it is subscribed in the same frame", async () => {
		const { link, clients } = await roomWith("a", "b", "c");
		const [a, b, c] = clients as [TestClient & { endpoint: string }, TestClient, TestClient];
		const id = a.post("publish", { endpoint: a.endpoint, track: "mic", source: "audio", media, metadata: { x: 1 } });
		await link.publish();
		const subscribed = [await link.subscribe("a"), await link.subscribe("a")];
		expect(subscribed.map(({ tracks }) => tracks)).toEqual([[{ track: "mic" }], [{ track: "mic" }]]);
		expect((await a.answer(id)).type).toBe("ok");
		for (const client of [b, c]) {
			expect((await client.event("trackPublished")).track).toMatchObject({
				id: "mic",
				kind: "audio",
				metadata: { x: 1 },
			});
			expect((await client.event("subscribed")).consumers).toMatchObject([{ track: "mic", participant: "a" }]);
		}
	});

	it("published anew where its media side was lost stays muted as it was meanwhile", async () => {
		const { room, stub, link, clients } = await roomWith("a");
		const [a] = clients as [TestClient & { endpoint: string }];
		const mic = { track: "mic", source: "audio", media } as const;
		a.post("publish", { ...mic, endpoint: a.endpoint });
		await link.publish();
		link.report({ type: "closed", endpoint: a.endpoint, error: { code: "node_failed", message: "gone" } });
		const { endpoint } = await link.open();
		await a.event("endpoint");
		// Its client has not heard of this yet.
		await stub.muteParticipant("a", ["mic"]);
		const id = a.post("publish", { ...mic, endpoint, muted: false });
		expect(await link.publish()).toMatchObject({ endpoint, muted: true });
		expect((await a.answer(id)).type).toBe("ok");
		const { joined } = await TestClient.join(room, "b");
		expect(joined.participants[0]?.tracks).toMatchObject([{ id: "mic", muted: true }]);
	});

	it("that the node refuses is refused with its reason and never announced", async () => {
		const { link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient];
		const id = a.post("publish", { endpoint: a.endpoint, track: "mic", source: "audio", media });
		const { cause, endpoint, track } = await link.command("publish");
		link.report({ type: "failed", endpoint, track, cause, error: { code: "unsupported", message: "no such codec" } });
		expect(await a.answer(id)).toMatchObject({ type: "error", error: { code: "unsupported" } });
		expect(JSON.stringify(await b.settled())).not.toContain("mic");
	});

	it("needs the right to its source, where screen includes its sound", async () => {
		const { room, link } = await roomWith("a");
		const b = await TestClient.join(room, "b", { ...withMedia, rights: { publish: ["screen"] } });
		const { endpoint } = await link.open();
		await b.event("endpoint");
		expect(await b.refusal("publish", { endpoint, track: "t", source: "audio", media })).toBe("forbidden");
		b.post("publish", { endpoint, track: "t", source: "screenAudio", media });
		expect((await link.publish()).source).toBe("screenAudio");
	});

	it("of the wrong kind, on an old endpoint, or with somebody else's id is refused", async () => {
		const { link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient & { endpoint: string }];
		const { endpoint } = a;
		expect(await a.refusal("publish", { endpoint, track: "t", source: "camera", media })).toBe("bad_request");
		expect(await a.refusal("publish", { endpoint: "e999", track: "t", source: "audio", media })).toBe("stale_endpoint");
		expect(await a.refusal("publish", { endpoint: b.endpoint, track: "t", source: "audio", media })).toBe(
			"stale_endpoint",
		);
		a.post("publish", { endpoint, track: "t", source: "audio", media });
		await link.publish();
		await b.event("trackPublished");
		expect(await b.refusal("publish", { endpoint: b.endpoint, track: "t", source: "audio", media })).toBe("conflict");
		expect(await b.refusal("unpublish", { track: "t" })).toBe("forbidden");
		expect(await b.refusal("mute", { track: "t", muted: true })).toBe("forbidden");
	});

	it("is muted by its owner for all, and by a moderator for good until the owner unmutes it", async () => {
		const { room, link, clients } = await roomWith("a");
		const [a] = clients as [TestClient & { endpoint: string }];
		const host = await TestClient.join(room, "host", { rights: { moderate: true } });
		a.post("publish", { endpoint: a.endpoint, track: "mic", source: "audio", media });
		await link.publish();
		await host.event("trackPublished");
		await a.do("mute", { track: "mic", muted: true });
		expect(await link.command("mute")).toMatchObject({ track: "mic", muted: true });
		expect(await host.event("trackUpdated")).toMatchObject({ track: "mic", muted: true });
		await a.do("mute", { track: "mic", muted: false });
		await host.do("mute", { track: "mic", muted: true });
		expect(await a.event("trackUpdated")).toMatchObject({ participant: "a", muted: true });
		expect(await host.refusal("mute", { track: "mic", muted: false })).toBe("forbidden");
	});

	it("ends for all when it is unpublished, when the node lost it, or when its owner leaves", async () => {
		const { link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient];
		for (const track of ["one", "two", "three"]) {
			a.post("publish", { endpoint: a.endpoint, track, source: "audio", media });
			await link.publish();
		}
		await a.do("unpublish", { track: "one" });
		expect((await b.event("trackUnpublished")).track).toBe("one");
		expect((await link.command("unpublish")).track).toBe("one");
		link.report({ type: "trackEnded", endpoint: a.endpoint, track: "two" });
		expect((await b.event("trackUnpublished")).track).toBe("two");
		await a.do("leave", {});
		expect((await b.event("participantLeft")).participant).toBe("a");
	});
});

describe("a subscription", () => {
	it("follows the default and each track's own choice, and the node is told the difference", async () => {
		const { link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient];
		for (const track of ["one", "two"]) {
			a.post("publish", { endpoint: a.endpoint, track, source: "audio", media });
			await link.publish();
			await link.subscribe("a");
		}
		await b.do("subscribe", { tracks: [{ track: "one", on: false }] });
		expect((await link.command("unsubscribe")).tracks).toEqual(["one"]);
		expect((await b.event("unsubscribed")).tracks).toEqual(["one"]);
		await b.do("subscribe", { default: "none", tracks: [{ track: "one", on: true, priority: 9 }] });
		expect((await link.command("subscribe")).tracks).toEqual([{ track: "one", priority: 9 }]);
		expect((await link.command("unsubscribe")).tracks).toEqual(["two"]);
		await b.do("subscribe", { tracks: [{ track: "one", size: { width: 320, height: 180 }, layer: { spatial: 1 } }] });
		expect((await link.command("tune")).tracks).toEqual([
			{ track: "one", priority: 9, size: { width: 320, height: 180 }, layer: { spatial: 1 } },
		]);
		expect(await b.refusal("subscribe", { tracks: [{ track: "nothing" }] })).toBe("not_found");
	});

	it("needs the right to subscribe", async () => {
		const { room, link, clients } = await roomWith("a");
		const [a] = clients as [TestClient & { endpoint: string }];
		const b = await TestClient.join(room, "b", { ...withMedia, rights: { subscribe: false } });
		expect(await link.open()).toMatchObject({ recv: false });
		a.post("publish", { endpoint: a.endpoint, track: "one", source: "audio", media });
		await link.publish();
		await b.event("trackPublished");
		expect(await b.refusal("subscribe", { tracks: [{ track: "one", on: true }] })).toBe("forbidden");
	});
});

describe("a node's news", () => {
	it("of speakers and quality goes to all, of layers to whom it concerns", async () => {
		const { link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient];
		link.report(
			{ type: "speakers", speakers: [{ participant: "a", track: "mic", volume: -30 }], dominant: "a" },
			{ type: "quality", quality: { a: 9 } },
			{ type: "layers", endpoint: a.endpoint, layers: { cam: { spatial: 1, temporal: 2 } } },
		);
		for (const client of [a, b]) {
			expect((await client.news("speakers")).dominant).toBe("a");
			expect((await client.news("quality")).quality).toEqual({ a: 9 });
		}
		expect((await a.news("layers")).layers.cam).toEqual({ spatial: 1, temporal: 2 });
		expect(JSON.stringify(await b.settled())).not.toContain("layers");
	});

	it("of an endpoint that was replaced is ignored", async () => {
		const { link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient];
		await a.do("leave", {});
		await b.event("participantLeft");
		link.report(
			{ type: "opened", endpoint: a.endpoint },
			{ type: "published", endpoint: a.endpoint, track: "t", cause: { participant: "a", request: 1 } },
			{ type: "trackEnded", endpoint: a.endpoint, track: "t" },
			{ type: "speakers", speakers: [] },
		);
		await b.news("speakers");
		expect(await b.settled()).toEqual([]);
	});

	it("that cannot be read stops nothing", async () => {
		const { link, clients } = await roomWith("a");
		link.socket.send("not json");
		link.socket.send([{ type: "nonsense" }]);
		link.report({ type: "speakers", speakers: [] });
		await clients[0]?.news("speakers");
	});
});

describe("a link", () => {
	it("is refused with a used assignment", async () => {
		const room = newRoom();
		await TestClient.join(room, "a", withMedia);
		const token = await node.assignment(room);
		await TestLink.dial(room, token);
		const second = await TestLink.request(room, token);
		expect(second.status).toBe(403);
		expect(await second.json()).toMatchObject({ error: { code: "forbidden" } });
	});

	it("that drops and comes back in time finds its endpoints, and both sides agree again", async () => {
		const { room, link, clients } = await roomWith("a", "b");
		const [a, b] = clients as [TestClient & { endpoint: string }, TestClient & { endpoint: string }];
		a.post("publish", { endpoint: a.endpoint, track: "mic", source: "audio", media });
		await link.publish();
		await link.subscribe("a");
		await b.event("subscribed");
		link.socket.close(3001);
		await link.socket.closed;
		// Meanwhile b leaves and a mutes; the node has a track and an endpoint too many, and misses c's opening.
		await a.do("mute", { track: "mic", muted: true });
		await b.do("leave", {});
		const c = await TestClient.join(room, "c", withMedia);
		const back = await TestLink.dial(room, link.token);
		back.report({
			type: "attached",
			endpoints: [
				{ endpoint: a.endpoint, tracks: ["mic", "ghost"], subscriptions: ["gone"] },
				{ endpoint: b.endpoint, tracks: [], subscriptions: ["mic"] },
			],
		});
		expect(await back.command("mute")).toMatchObject({ track: "mic", muted: true });
		expect((await back.command("unpublish")).track).toBe("ghost");
		expect((await back.command("unsubscribe")).tracks).toEqual(["gone"]);
		expect((await back.command("close")).endpoint).toBe(b.endpoint);
		expect((await back.open()).participant).toBe("c");
		expect((await back.command("subscribe")).tracks).toEqual([{ track: "mic" }]);
		await c.event("endpoint");
		expect(JSON.stringify(await a.settled())).not.toContain("endpointLost");
	});

	it("that drops has tracks refused that it was asked to take meanwhile, and takes them then", async () => {
		const { room, link, clients } = await roomWith("a");
		const [a] = clients as [TestClient & { endpoint: string }];
		link.socket.close(3001);
		await link.socket.closed;
		const refusal = a.refusal("publish", { endpoint: a.endpoint, track: "mic", source: "audio", media });
		await a.settled();
		const back = await TestLink.dial(room, link.token);
		// Asked on this socket already, and not in what the node served when it got that.
		const taken = a.do("publish", { endpoint: a.endpoint, track: "cam", source: "audio", media });
		const { cause } = await back.command("publish");
		back.report({ type: "attached", endpoints: [{ endpoint: a.endpoint, tracks: [], subscriptions: [] }] });
		expect(await refusal).toBe("node_failed");
		back.report({ type: "published", endpoint: a.endpoint, track: "cam", cause });
		await taken;
		const again = a.do("publish", { endpoint: a.endpoint, track: "mic", source: "audio", media });
		await back.publish();
		await again;
	});

	it("that stays away is given up: its members get another node, and it finds itself refused", async () => {
		const room = newRoom();
		const a = await TestClient.join(room, "a", withMedia);
		const link = await node.link(room);
		await link.open();
		const { endpoint } = await a.event("endpoint");
		a.post("publish", { endpoint, track: "mic", source: "audio", media });
		await link.publish();
		link.socket.close(3001);
		expect(await a.event("endpointLost")).toMatchObject({ endpoint });
		const next = await node.link(room);
		await next.open();
		const moved = await a.event("endpoint");
		// The track is still the room's; published again, nobody else hears of it.
		const b = await TestClient.join(room, "b");
		expect(b.joined.participants.find(({ id }) => id === "a")?.tracks).toMatchObject([{ id: "mic" }]);
		a.post("publish", { endpoint: moved.endpoint, track: "mic", source: "audio", media });
		await next.publish();
		expect(await b.settled()).toEqual([]);
		expect((await TestLink.request(room, link.token)).status).toBe(403);
	});

	it("is closed with the room", async () => {
		const { stub, link, clients } = await roomWith("a");
		await stub.destroy();
		expect((await clients[0]?.socket.closed)?.code).toBe(CLOSE.roomClosed);
		expect((await link.socket.closed).code).toBe(CLOSE.released);
		expect((await stub.describe()).ok).toBe(false);
	});
});
