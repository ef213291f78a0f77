import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { readConfig } from "../../media-node/config.ts";
import { MediaNode } from "../../media-node/node.ts";
import { log } from "../../media-node/observability/logger.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { RtpParameters } from "../../shared/media.ts";
import { ROUTER_CAPABILITIES, ROUTER_CAPABILITIES_ID } from "../../shared/router-capabilities.ts";
import { TestEdge, type TestLink } from "./node-edge.ts";
import { AUDIO, TestPeer } from "./node-peer.ts";

type Command<T extends LinkCommand["type"]> = Extract<LinkCommand, { type: T }>;

const NODE = "n1";
const cause = { participant: "alice", request: 7 };
const audio: RtpParameters = {
	mid: "0",
	codecs: [{ mimeType: "audio/opus", payloadType: AUDIO.payloadType, clockRate: 48_000, channels: 2 }],
	headerExtensions: [
		{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 1 },
		{ uri: "urn:ietf:params:rtp-hdrext:ssrc-audio-level", id: AUDIO.levelId },
	],
	encodings: [{ ssrc: AUDIO.ssrc }],
	rtcp: { cname: "test" },
};
const camera: RtpParameters = {
	mid: "1",
	codecs: [
		{ mimeType: "video/VP8", payloadType: 96, clockRate: 90_000, rtcpFeedback: [{ type: "nack", parameter: "pli" }] },
		{ mimeType: "video/rtx", payloadType: 97, clockRate: 90_000, parameters: { apt: 96 } },
	],
	encodings: [{ rid: "q" }, { rid: "h" }, { rid: "f" }],
	headerExtensions: [
		{ uri: "urn:ietf:params:rtp-hdrext:sdes:mid", id: 1 },
		{ uri: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", id: 2 },
	],
};
const SIZES = [
	{ width: 320, height: 180 },
	{ width: 640, height: 360 },
	{ width: 1280, height: 720 },
];

const open = (endpoint: string, participant: string, more: Partial<Command<"open">> = {}): Command<"open"> => ({
	...{ type: "open", endpoint, participant, rtpCapabilities: ROUTER_CAPABILITIES },
	...{ send: true, recv: true, data: false },
	...more,
});
const publish = (endpoint: string, track: string, more: Partial<Command<"publish">> = {}): Command<"publish"> => ({
	...{ type: "publish", endpoint, track, source: "audio", media: { kind: "audio", rtpParameters: audio } },
	...{ muted: false, cause },
	...more,
});
const publishCamera = (endpoint: string, track: string) =>
	publish(endpoint, track, { source: "camera", media: { kind: "video", rtpParameters: camera }, layers: SIZES });
const subscribe = (endpoint: string, ...tracks: Command<"subscribe">["tracks"]): Command<"subscribe"> => ({
	...{ type: "subscribe", endpoint, tracks },
});

let edge: TestEdge;
let node: MediaNode;
let rooms = 0;
let link: TestLink;
let room: string;
const peers: TestPeer[] = [];

async function newRoom(): Promise<TestLink> {
	room = `room-${++rooms}`;
	link = await edge.assign(NODE, room);
	return link;
}

function peer(it: TestPeer): TestPeer {
	peers.push(it);
	return it;
}

beforeAll(async () => {
	log.level = "silent";
	edge = await TestEdge.start();
	const config = readConfig({
		...{ EDGE_URL: edge.url, NODE_ID: NODE, NODE_TOKEN: "secret", LISTEN_ADDRESS: "127.0.0.1" },
		...{ ANNOUNCED_ADDRESS: "127.0.0.1", MEDIA_PORT: "0", HTTP_PORT: "0", WORKERS: "1" },
	});
	node = await MediaNode.start(config, "0", { onRegistered() {}, onReplaced() {}, onDrained() {} });
	await edge.register();
});

afterEach(() => {
	for (const it of peers.splice(0)) it.close();
	edge.refuseLinks = undefined;
	edge.release();
});

afterAll(async () => {
	await node.stop();
	await edge.stop();
});

const http = async (path: string) => {
	const response = await fetch(`http://127.0.0.1:${node.httpPort}${path}`);
	return { status: response.status, text: await response.text() };
};

describe("the fleet's socket", () => {
	it("carries the node's token, its identity and the load at the fleet's pace", async () => {
		expect(edge.fleetToken).toBe("secret");
		const { load } = await edge.fleet.take("load");
		expect(load).toMatchObject({ workers: 1, workerDeaths: 0 });
		expect(load.cpu).toBeLessThanOrEqual(1);
	});

	it("refuses an assignment used before", async () => {
		const refused = async () => {
			const [, count] =
				/switchyard_assignments_total\{outcome="refused"\} (\d+)/.exec((await http("/metrics")).text) ?? [];
			return Number(count ?? 0);
		};
		const before = await refused();
		room = `room-${++rooms}`;
		const token = await edge.mint({ node: NODE, room, epoch: 1 });
		edge.send({ type: "assignment", room, token });
		await (await edge.link(room)).attach(room, 1);
		edge.send({ type: "assignment", room, token });
		await expect.poll(refused).toBe(before + 1);
		await expect(edge.link(room, 500)).rejects.toThrow();
	});
});

describe("health, readiness and metrics", () => {
	it("are served, and /rooms shows what is inside", async () => {
		await newRoom();
		expect(await http("/health")).toMatchObject({ status: 200 });
		expect(await http("/ready")).toMatchObject({ status: 200 });
		expect((await http("/metrics")).text).toContain("switchyard_workers 1");
		expect(JSON.parse((await http("/rooms")).text)).toContainEqual({
			...{ room, epoch: 1, link: true },
			...{ endpoints: [], received: [], pipes: [], recordings: [] },
		});
		expect(await http("/nothing")).toMatchObject({ status: 404 });
	});
});

describe("a router", () => {
	it("has the capabilities that the whole fleet is told", async () => {
		const { router } = await node.workers.createRouter();
		expect(router.rtpCapabilities).toEqual(ROUTER_CAPABILITIES);
		expect(ROUTER_CAPABILITIES_ID).toMatch(/^[0-9a-f]{16}$/);
		router.close();
	});
});

describe("commands", () => {
	it("open, publish and subscribe in one array, answered with consumer parameters in the router's numbers", async () => {
		await newRoom();
		link.command(
			open("e1", "alice"),
			open("e2", "bob"),
			publish("e1", "mic"),
			publishCamera("e1", "cam"),
			subscribe("e2", { track: "mic" }, { track: "cam", layer: { spatial: 1 } }),
		);
		const opened = await link.take("opened", ({ endpoint }) => endpoint === "e1");
		expect(opened.send?.iceCandidates.map(({ protocol }) => protocol).sort()).toEqual(["tcp", "udp"]);
		expect(opened.send?.iceCandidates[0]?.port).toBe(opened.recv?.iceCandidates[0]?.port);
		await link.take("published", ({ track }) => track === "mic");
		expect((await link.take("published", ({ track }) => track === "cam")).cause).toEqual(cause);
		const { endpoint, consumers } = await link.take("subscribed");
		expect(endpoint).toBe("e2");
		expect(consumers.map(({ track, kind, participant }) => [track, kind, participant])).toEqual([
			["mic", "audio", "alice"],
			["cam", "video", "alice"],
		]);
		expect(consumers[1]).toMatchObject({ type: "simulcast", paused: false });
		expect(consumers[1]?.kind === "video" && consumers[1].rtpParameters.codecs.map((it) => it.payloadType)).toEqual([
			96, 100,
		]);
	});

	it("open an endpoint with limits, of which the node's own hold where they are lower", async () => {
		await newRoom();
		link.command(
			open("e1", "alice", { limits: { maxIncomingBitrate: 500_000, maxOutgoingBitrate: 700_000 } }),
			open("e2", "bob", { limits: { maxIncomingBitrate: 90_000_000, maxOutgoingBitrate: 1 } }),
			open("e3", "carol"),
		);
		const limits = async (id: string) => {
			await link.take("opened", ({ endpoint }) => endpoint === id);
			const endpoint = node.links.get(room)?.media.endpoints.get(id);
			await endpoint?.prepared;
			const stats = await Promise.all((endpoint?.transports() ?? []).map((it) => it.getStats()));
			const all = stats.flat();
			return [
				all.find((it) => it.maxIncomingBitrate)?.maxIncomingBitrate,
				all.find((it) => it.maxOutgoingBitrate)?.maxOutgoingBitrate,
			];
		};
		expect(await limits("e1")).toEqual([500_000, 700_000]);
		expect(await limits("e2")).toEqual([10_000_000, 30_000]);
		expect(await limits("e3")).toEqual([10_000_000, undefined]);
	});

	it("are the same when they come twice", async () => {
		await newRoom();
		const commands = [open("e1", "alice"), open("e2", "bob"), publish("e1", "mic"), subscribe("e2", { track: "mic" })];
		link.command(...commands);
		const first = {
			opened: await link.take("opened", (it) => it.endpoint === "e1"),
			on: await link.take("subscribed"),
		};
		await link.take("opened", (it) => it.endpoint === "e2");
		await link.take("published");
		link.command(...commands);
		expect(await link.take("opened", (it) => it.endpoint === "e1")).toEqual(first.opened);
		await link.take("published");
		expect(await link.take("subscribed")).toEqual(first.on);
		expect(node.links.get(room)?.media.consumers).toBe(1);
	});

	it("for an unknown endpoint or track are refused by code", async () => {
		await newRoom();
		link.command(publish("e9", "mic"), subscribe("e9", { track: "mic" }), open("e1", "alice"));
		link.command({ ...{ type: "restartIce", endpoint: "e9", direction: "send", cause } });
		link.command(subscribe("e1", { track: "nothing" }));
		expect(await link.take("failed", ({ track }) => track === "mic")).toMatchObject({
			...{ cause, error: { code: "stale_endpoint" } },
		});
		expect(await link.take("failed", ({ track }) => !track)).toMatchObject({ error: { code: "stale_endpoint" } });
		const failed = (endpoint: string) => link.take("subscriptionFailed", (it) => it.endpoint === endpoint);
		expect(await failed("e9")).toMatchObject({ error: { code: "stale_endpoint" } });
		expect(await failed("e1")).toMatchObject({ track: "nothing", error: { code: "not_found" } });
	});

	it("that cannot be read are skipped, refused when a client waits, and spare their neighbours", async () => {
		await newRoom();
		link.ws.send("not json");
		link.ws.send("{}");
		link.ws.send(
			JSON.stringify([
				{ type: "from the future" },
				{ ...publish("e1", "mic"), media: { kind: "smell" } },
				open("e1", "alice"),
			]),
		);
		await link.take("opened");
		expect(await link.take("failed")).toMatchObject({ track: "mic", cause, error: { code: "bad_request" } });
	});

	it("with parameters that mediasoup refuses fail as unsupported, and nothing else is disturbed", async () => {
		await newRoom();
		link.command(open("e1", "alice"));
		const codecs = [{ mimeType: "audio/telepathy", payloadType: 100, clockRate: 8_000 }];
		link.command(publish("e1", "bad", { media: { kind: "audio", rtpParameters: { ...audio, codecs } } }));
		expect(await link.take("failed")).toMatchObject({ track: "bad", error: { code: "unsupported" } });
		link.command(publish("e1", "mic"), open("e2", "bob", { rtpCapabilities: { codecs: [] } }));
		await link.take("published");
		link.command(subscribe("e2", { track: "mic" }));
		expect(await link.take("subscriptionFailed")).toMatchObject({ endpoint: "e2", error: { code: "unsupported" } });
	});

	it("unpublish and publish of the same id in one array leave the new track, with its subscribers told", async () => {
		await newRoom();
		link.command(open("e1", "alice"), open("e2", "bob"), publish("e1", "mic"));
		link.command({ type: "unpublish", endpoint: "e1", track: "mic" }, publish("e1", "mic"));
		await link.take("failed");
		await link.take("published");
		link.command(subscribe("e2", { track: "mic" }));
		const before = await link.take("subscribed");
		link.command({ type: "unpublish", endpoint: "e1", track: "mic" }, publish("e1", "mic"));
		link.command(subscribe("e2", { track: "mic" }));
		await link.take("unsubscribed");
		const after = await link.take("subscribed");
		expect(after.consumers[0]?.id).not.toBe(before.consumers[0]?.id);
	});

	it("for a track id that another room has as well concern this room's alone", async () => {
		const other = await newRoom();
		other.command(open("e1", "alice"), publish("e1", "mic"));
		await other.take("published");
		await newRoom();
		link.command(open("e1", "mallory"), open("e2", "bob"), publish("e1", "mic"), subscribe("e2", { track: "mic" }));
		expect((await link.take("subscribed")).consumers[0]).toMatchObject({ participant: "mallory" });
	});

	it("mute and unmute at once end as asked last", async () => {
		await newRoom();
		link.command(open("e1", "alice"), publish("e1", "mic", { muted: true }));
		await link.take("published");
		const producer = () => node.links.get(room)?.media.tracks.get("mic")?.producer;
		expect(producer()?.paused).toBe(true);
		for (const muted of [false, true, false]) link.command({ type: "mute", track: "mic", muted });
		await expect.poll(() => producer()?.paused).toBe(false);
	});

	it("tune layers, size, pause and priority", async () => {
		await newRoom();
		link.command(open("e1", "alice"), open("e2", "bob"), publishCamera("e1", "cam"));
		await link.take("published");
		// A new one would begin with its lowest layer, and wait for that.
		const then = Date.now();
		vi.spyOn(Date, "now").mockReturnValue(then + 10_000);
		onTestFinished(() => void vi.restoreAllMocks());
		link.command(subscribe("e2", { track: "cam" }));
		await link.take("subscribed");
		const consumer = () => node.links.get(room)?.media.endpoints.get("e2")?.subscriptions.get("cam")?.consumer;
		const layers = () => {
			const it = consumer();
			return it && "preferredLayers" in it ? it.preferredLayers?.spatialLayer : undefined;
		};
		const tune = (settings: object) =>
			link.command({ type: "tune", endpoint: "e2", tracks: [{ track: "cam", ...settings }] });
		expect(layers()).toBe(2);
		tune({ size: { width: 320, height: 180 } });
		await expect.poll(layers).toBe(0);
		tune({ size: { width: 1280, height: 720 }, layer: { spatial: 1 }, priority: 9 });
		await expect.poll(layers).toBe(1);
		expect(consumer()).toMatchObject({ priority: 9 });
		tune({ size: { width: 0, height: 0 } });
		await expect.poll(() => consumer()?.paused).toBe(true);
		tune({ size: null, layer: null });
		await expect.poll(layers).toBe(2);
		await expect.poll(() => consumer()?.paused).toBe(false);
	});

	it("close an endpoint while it opens, and leave no transport behind", async () => {
		await newRoom();
		link.command(open("e1", "alice"), publish("e1", "mic"), { type: "close", endpoint: "e1" });
		link.command(open("e2", "bob"));
		await link.take("opened", ({ endpoint }) => endpoint === "e2");
		const dump = await node.workers.all[0]?.server.dump();
		const ids = node.links
			.get(room)
			?.media.endpoints.get("e2")
			?.transports()
			.map(({ id }) => id);
		const others = [...node.links.values()].filter((it) => it.room !== room);
		const known = others.flatMap((it) => [...it.media.endpoints.values()].flatMap((e) => e.transports()));
		expect(dump?.webRtcTransportIds.toSorted()).toEqual([...(ids ?? []), ...known.map(({ id }) => id)].toSorted());
	});
});

describe("media", () => {
	/** Alice sends, Bob receives; both give their fingerprints with `open`. */
	async function call(data = false) {
		await newRoom();
		const alice = peer(TestPeer.sender(data ? 3 : undefined));
		const bob = peer(TestPeer.receiver(data ? 0 : undefined));
		link.command(
			open("e1", "alice", { recv: false, dtlsParameters: alice.dtlsParameters, data }),
			open("e2", "bob", { send: false, dtlsParameters: bob.dtlsParameters, data }),
			publish("e1", "mic"),
			subscribe("e2", { track: "mic" }),
		);
		const a = await link.take("opened", ({ endpoint }) => endpoint === "e1");
		const b = await link.take("opened", ({ endpoint }) => endpoint === "e2");
		const { consumers } = await link.take("subscribed");
		if (!a.send || !b.recv) throw new Error("no transports");
		await Promise.all([alice.connect(a.send), bob.connect(b.recv, consumers[0])]);
		return { alice, bob };
	}

	it("is measured when the room asks: what arrives, and nothing once its sender is muted", async () => {
		const { alice } = await call();
		const measure = async () => {
			link.command({ type: "measure" });
			return (await link.take("bitrates")).bitrates;
		};
		expect(await measure()).toEqual({});
		const began = performance.now();
		await alice.send(150);
		// 60 bytes each.
		const sent = (150 * 60 * 8_000) / (performance.now() - began);
		const { mic, ...others } = await measure();
		expect(mic).toBeGreaterThan(0.7 * sent);
		expect(mic).toBeLessThan(1.3 * sent);
		expect(others).toEqual({});
		link.command({ type: "mute", track: "mic", muted: true });
		// It is over the last 2.5 s.
		await expect.poll(measure, { timeout: 5_000, interval: 250 }).toEqual({});
	}, 15_000);

	it("flows from one participant to another with no signaling after the offer of transports", async () => {
		const { alice, bob } = await call();
		expect(await link.take("media", ({ endpoint }) => endpoint === "e1")).toMatchObject({ state: "connected" });
		expect(await link.take("media", ({ endpoint }) => endpoint === "e2")).toMatchObject({ state: "connected" });
		await Promise.all([alice.send(50), bob.received(40)]);
		const load = await node.load();
		expect(load.bitrateIn).toBeGreaterThan(0);
		expect(await link.take("quality")).toMatchObject({ quality: { alice: expect.any(Number) } });
	});

	it("tells who speaks, and that nobody does any more", async () => {
		const { alice } = await call();
		await alice.send(60, 30);
		const { speakers } = await link.take("speakers");
		expect(speakers).toEqual([{ participant: "alice", track: "mic", volume: expect.any(Number) }]);
		expect(speakers[0]?.volume).toBeGreaterThan(-60);
		await link.take("speakers", (it) => it.dominant === "alice");
		expect(await link.take("speakers", (it) => it.speakers.length === 0)).not.toHaveProperty("dominant");
	});

	it("stops when muted and goes on when not", async () => {
		const { alice, bob } = await call();
		await Promise.all([alice.send(10), bob.received(5)]);
		link.command({ type: "mute", track: "mic", muted: true });
		let then = Number.NaN;
		const stands = async () => {
			then = bob.packets.length;
			await alice.send(10);
			return bob.packets.length === then;
		};
		await expect.poll(stands, { timeout: 5_000 }).toBe(true);
		await alice.send(10);
		expect(bob.packets.length).toBe(then);
		link.command({ type: "mute", track: "mic", muted: false });
		await Promise.all([alice.send(20), bob.received(then + 10)]);
	});

	it("goes on while the edge is away, and the node tells all of it when it is back", async () => {
		const { alice, bob } = await call();
		await Promise.all([alice.send(10), bob.received(5)]);
		const speaking = alice.send(600, 30);
		await link.take("speakers", ({ dominant }) => dominant === "alice");
		await edge.vanish();
		let away = true;
		onTestFinished(async () => {
			if (!away) return;
			if (!edge.listening) await edge.listen();
			await edge.register();
		});
		const then = bob.packets.length;
		await bob.received(then + 40);
		expect(await http("/health")).toMatchObject({ status: 200 });
		expect(await http("/ready")).toMatchObject({ status: 503 });
		await edge.listen();
		await edge.register();
		away = false;
		const back = await edge.link(room, 12_000);
		expect(back.token).toBe("link-token-1");
		expect((await back.attach(room, 1)).endpoints).toEqual([
			{ endpoint: "e1", tracks: ["mic"], subscriptions: [] },
			{ endpoint: "e2", tracks: [], subscriptions: ["mic"] },
		]);
		// What may have been on its way is said again.
		expect((await back.take("published")).track).toBe("mic");
		expect((await back.take("subscribed")).consumers).toHaveLength(1);
		// Nothing changed meanwhile, so nothing else would have it told.
		expect((await back.take("speakers")).speakers).toMatchObject([{ participant: "alice" }]);
		const now = bob.packets.length;
		await bob.received(now + 10);
		await speaking;
	}, 30_000);

	it("carries data channels", async () => {
		const { alice, bob } = await call(true);
		const media = { kind: "data", sctpStreamParameters: { streamId: 3 }, label: "chat", protocol: "p" } as const;
		link.command(publish("e1", "chat", { source: "data", media }), subscribe("e2", { track: "chat" }));
		const { consumers } = await link.take("subscribed");
		expect(consumers[0]).toMatchObject({
			kind: "data",
			label: "chat",
			protocol: "p",
			sctpStreamParameters: { streamId: 0 },
		});
		const heard = new Promise((resolve) => bob.channel?.onMessage(resolve));
		await expect.poll(() => alice.channel?.isOpen() && bob.channel?.isOpen()).toBe(true);
		alice.channel?.sendMessage("hello");
		expect(await heard).toBe("hello");
	});

	it("restarts ICE with new credentials", async () => {
		await call();
		link.command({ ...{ type: "restartIce", endpoint: "e1", direction: "send", cause } });
		expect((await link.take("ice")).iceParameters.usernameFragment).toMatch(/\w+/);
	});
});

describe("the end of a room here", () => {
	it.each([
		["fenced", 4102],
		["released", 4103],
	])("comes when it closes the link as %s", async (_, code) => {
		await newRoom();
		link.command(open("e1", "alice"));
		await link.take("opened");
		link.ws.close(code);
		await expect.poll(() => node.links.has(room)).toBe(false);
	});

	it("comes when it refuses the link's return", async () => {
		await newRoom();
		edge.refuseLinks = 403;
		link.ws.terminate();
		await expect.poll(() => node.links.has(room)).toBe(false);
	});

	it("does not come when the edge has a fault", async () => {
		await newRoom();
		edge.refuseLinks = 503;
		link.ws.terminate();
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		expect(node.links.has(room)).toBe(true);
		edge.refuseLinks = undefined;
		const back = await edge.link(room);
		await back.attach(room, 1);
		expect(back.token).toBe("link-token-1");
	});

	it("comes with a later assignment, whose link serves nothing yet", async () => {
		await newRoom();
		link.command(open("e1", "alice"));
		await link.take("opened");
		const token = await edge.mint({ node: NODE, room, epoch: 2 });
		edge.send({ type: "assignment", room, token });
		const next = await edge.link(room);
		expect((await next.attach(room, 2)).endpoints).toEqual([]);
		expect(await link.closed).toBe(1000);
	});
});

describe("a media worker that dies", () => {
	it("loses its endpoints, told once each, and is replaced", async () => {
		await newRoom();
		link.command(open("e1", "alice"), open("e2", "bob"), publish("e1", "mic"), subscribe("e2", { track: "mic" }));
		await link.take("subscribed");
		const { deaths } = node.workers;
		const pid = node.workers.all[0]?.worker.pid ?? expect.fail("there is no worker");
		process.kill(pid, "SIGKILL");
		for (const endpoint of ["e1", "e2"]) {
			const closed = await link.take("closed", (it) => it.endpoint === endpoint);
			expect(closed.error.code).toBe("node_failed");
		}
		expect(link.has("trackEnded") || link.has("unsubscribed")).toBe(false);
		// At once, while no worker may be running yet.
		link.command(open("e3", "alice"));
		await link.take("opened", (it) => it.endpoint === "e3");
		expect(node.workers.all[0]?.worker.pid).not.toBe(pid);
		expect(node.workers.deaths).toBe(deaths + 1);
	});
});
