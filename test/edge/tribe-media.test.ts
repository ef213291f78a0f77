import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { LinkReportInput } from "../../shared/link.ts";
import type { SentTrack } from "../../shared/sdp.ts";
import type { RoomRpc } from "../../worker/room/rpc.ts";
import { fetchEdge, newRoom, TestClient, testEnv } from "./support/client.ts";
import { rtpParameters, type TestLink, TestNode } from "./support/node.ts";
import { TribeClient } from "./support/tribe.ts";

const publisher = { socketId: "publisher", userId: "" };
const offer = { type: "offer", sdp: "v=0 offer" } as const;
const answer = { type: "answer", sdp: "v=0 answer" } as const;
const stubOf = (room: string) => testEnv.ROOM.getByName(room);
let node: TestNode;

beforeAll(async () => {
	node = await TestNode.register();
});

const sent = (kind: "audio" | "video", mid: string): SentTrack => ({
	...{ mid, kind, stream: "s", track: `t${mid}` },
	rtpParameters:
		kind === "audio"
			? rtpParameters
			: { ...rtpParameters, codecs: [{ mimeType: "video/H264", payloadType: 103, clockRate: 90_000 }] },
});
const both = [sent("audio", "0"), sent("video", "1")];
const sections = [
	{ mid: "0", kind: "audio" as const },
	{ mid: "1", kind: "video" as const },
];

/** Opens the next endpoint as a node does whose client speaks SDP. */
async function open(link: TestLink) {
	const command = await link.command("open");
	link.report({ type: "opened", endpoint: command.endpoint });
	return command;
}

/** A client sends its media, sound and picture: its endpoint, which the node has opened. */
async function publish(client: TribeClient, link: TestLink, endpoint: string): Promise<void> {
	client.send("exchangeSdp", { to: "publisher", sdp: offer });
	await answered(client, link, endpoint);
}

async function answered(client: TribeClient, link: TestLink, endpoint: string): Promise<void> {
	const { cause, connection, description } = await link.command("description");
	expect({ connection, description, participant: cause.participant }).toEqual({
		...{ connection: "", description: offer, participant: client.id },
	});
	link.report({ type: "description", endpoint, connection, description: answer, sections, sends: both, cause });
	expect(await client.data("eventExchangeSdp")).toEqual({ from: publisher, sdp: answer });
	expect(await client.answer("exchangeSdp")).toEqual({ a: "exchangeSdpR", s: true });
	for (const _ of both) await link.publish();
}

/** The node takes the media of a client that has asked already: its endpoint. */
async function taken(client: TribeClient, link: TestLink): Promise<string> {
	const { endpoint } = await open(link);
	await answered(client, link, endpoint);
	return endpoint;
}

/** The node offers a client somebody's media, and it answers. */
async function offered(link: TestLink, client: TribeClient, endpoint: string, of: TribeClient): Promise<void> {
	link.report({ type: "description", endpoint, connection: of.id, description: offer, sections, sends: [] });
	expect(await client.data("eventExchangeSdp")).toEqual({ from: of.session, sdp: offer });
	client.send("exchangeSdp", { to: of.id, sdp: answer });
	const { cause, connection, description } = await link.command("description");
	expect({ connection, description }).toEqual({ connection: of.id, description: answer });
	link.report({ type: "agreed", endpoint, connection, sections, sends: [], cause });
	expect(await client.answer("exchangeSdp")).toEqual({ a: "exchangeSdpR", s: true });
}

const up = (link: TestLink, endpoint: string, connection: string, state: "connected" | "disconnected" = "connected") =>
	link.report({ type: "connection", endpoint, connection, state });

interface Call {
	room: string;
	link: TestLink;
	a: TribeClient;
	b: TribeClient;
	/** Their endpoints. */
	ea: string;
	eb: string;
}

/** Two people who see each other. */
async function call(): Promise<Call> {
	const room = newRoom();
	const [a, b] = [await TribeClient.join(room, "a"), await TribeClient.join(room, "b")];
	a.send("exchangeSdp", { to: "publisher", sdp: { type: "answer", sdp: "too early" } });
	expect(await a.answer("exchangeSdp")).toMatchObject({ s: false, e: 0x527 });
	a.send("exchangeSdp", { to: "publisher", sdp: offer });
	const link = await node.link(room);
	const ea = await taken(a, link);
	// Who is there is given a media side for what is published.
	const eb = (await open(link)).endpoint;
	await publish(b, link, eb);
	await offered(link, a, ea, b);
	await offered(link, b, eb, a);
	for (const client of [a, b]) await client.settled();
	return { room, link, a, b, ea, eb };
}

describe("an offer to the publisher", () => {
	it("selects the SFU: the first in a room gets it a node, and before that there is none", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a", { maxVideoBitrate: 500_000, maxAudioBitrate: 0 });
		const b = await TribeClient.join(room, "b");
		await a.call("exchangeSdp", { to: b.id, sdp: offer });
		const view = await (stubOf(room) as unknown as RoomRpc).describe();
		expect(view).toMatchObject({ value: { nodes: [] } });
		a.send("exchangeSdp", { to: "publisher", sdp: offer });
		const link = await node.link(room);
		expect(await link.command("open")).toMatchObject({
			sdp: {
				...{ connections: "each", offers: true, polite: true, fill: false, renumber: false, once: false },
				...{ codecs: ["video/H264"], channels: [] },
				...{ maxIncomingBitrate: 628_000, maxOutgoingBitrate: 628_000 },
			},
			...{ send: true, recv: true, data: false, participant: a.id },
		});
	});

	it("is answered by the publisher, then published, and offered to the others at once as one", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		a.send("exchangeSdp", { to: "publisher", sdp: offer });
		const link = await node.link(room);
		const { endpoint } = await open(link);
		const { cause } = await link.command("description");
		link.report({ type: "description", endpoint, connection: "", description: answer, sections, sends: both, cause });
		const [audio, video] = [await link.publish(), await link.publish()];
		expect([audio, video].map(({ track, source, muted }) => ({ track, source, muted }))).toEqual([
			{ track: `${a.id}-audio`, source: "audio", muted: false },
			{ track: `${a.id}-camera`, source: "camera", muted: false },
		]);
		expect(await a.settled()).toEqual([
			expect.objectContaining({ a: "eventUserMediaConfiguration" }),
			expect.objectContaining({ a: "eventOrientationChange" }),
			{ a: "eventExchangeSdp", d: { from: publisher, sdp: answer } },
			{ a: "exchangeSdpR", s: true },
			{ a: "eventSetBitrate", d: { from: publisher, bitrate: 2_000_000 } },
		]);
		const { endpoint: eb, participant } = await open(link);
		expect(participant).toBe(b.id);
		const subscribed = await link.command("subscribe");
		expect({ endpoint: subscribed.endpoint, tracks: subscribed.tracks.map(({ track }) => track) }).toEqual({
			endpoint: eb,
			tracks: [audio.track, video.track],
		});
	});

	it("of somebody else goes to all in one subscription", async () => {
		const { room, link, a, b, ea, eb } = await call();
		const c = await TribeClient.join(room, "c");
		const { endpoint } = await open(link);
		const told: [string, string[]][] = [];
		const subscription = async () => {
			const { endpoint: to, tracks } = await link.command("subscribe");
			told.push([to, tracks.map(({ track }) => track)]);
		};
		const of = ({ id }: TribeClient) => [`${id}-audio`, `${id}-camera`];
		for (let i = 0; i < 3; i++) await subscription();
		await publish(c, link, endpoint);
		for (let i = 0; i < 2; i++) await subscription();
		expect(told).toEqual([
			...[
				[eb, of(a)],
				[ea, of(b)],
				[endpoint, [...of(a), ...of(b)]],
			],
			...[
				[ea, of(c)],
				[eb, of(c)],
			],
		]);
		await offered(link, a, ea, c);
		await offered(link, b, eb, c);
	});

	it("comes once: a second is an error, also while the first is on its way", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		a.send("exchangeSdp", { to: "publisher", sdp: offer });
		expect(await a.call("exchangeSdp", { to: "publisher", sdp: offer })).toEqual({
			a: "exchangeSdpR",
			s: false,
			e: 0x532,
		});
		await taken(a, await node.link(room));
		expect(await a.call("exchangeSdp", { to: "publisher", sdp: offer })).toMatchObject({ s: false, e: 0x532 });
	});

	it("that no node understands is refused, and may be made again", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		a.send("exchangeSdp", { to: "publisher", sdp: offer });
		const link = await node.link(room);
		const { endpoint } = await open(link);
		const { cause } = await link.command("description");
		link.report({ type: "failed", endpoint, cause, error: { code: "bad_request", message: "sdp: no" } });
		expect(await a.answer("exchangeSdp")).toEqual({ a: "exchangeSdpR", s: false, e: 0x528 });
		await publish(a, link, endpoint);
	});

	it("waits ten seconds for a node, and may be made again then", async () => {
		const room = newRoom();
		const a = await TribeClient.join(room, "a");
		a.send("exchangeSdp", { to: "publisher", sdp: offer });
		const token = await node.assignment(room);
		await runInDurableObject(stubOf(room), (_, state) => {
			const row = state.storage.sql.exec<{ value: string }>("SELECT value FROM participant").one();
			const member = JSON.parse(row.value) as { dueAt: number; own: { offerBy: number } };
			expect(member.dueAt).toBe(member.own.offerBy);
			member.own.offerBy -= 10_000;
			member.dueAt -= 10_000;
			state.storage.sql.exec("UPDATE participant SET value = ?", JSON.stringify(member));
		});
		await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
		expect(await runDurableObjectAlarm(stubOf(room))).toBe(true);
		expect(await a.answer("exchangeSdp")).toEqual({ a: "exchangeSdpR", s: false, e: 0x530 });
		const { TestLink } = await import("./support/node.ts");
		const link = await TestLink.dial(room, token);
		link.report({ type: "attached", endpoints: [] });
		const { endpoint } = await open(link);
		await publish(a, link, endpoint);
	});

	it("of a mesh, which no node serves, is refused", async () => {
		const room = newRoom();
		const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" };
		const body = JSON.stringify({ name: room, settings: { topology: "mesh" } });
		await fetchEdge("/v1/rooms", { method: "POST", headers, body });
		const a = await TribeClient.join(room, "a");
		const b = await TribeClient.join(room, "b");
		expect(await a.call("exchangeSdp", { to: "publisher", sdp: offer })).toMatchObject({ s: false, e: 0x522 });
		expect(await a.call("exchangeSdp", { to: b.id, sdp: offer })).toMatchObject({ s: true });
	});
});

describe("a call over a node", () => {
	it("takes candidates for the server and does nothing with them", async () => {
		const { a, b } = await call();
		const candidate = { candidate: "candidate:1", sdpMid: "0", sdpMLineIndex: 0 };
		for (const to of ["publisher", b.id]) {
			expect(await a.call("exchangeCandidate", { to, candidate })).toEqual({ a: "exchangeCandidateR", s: true });
			a.send("exchangeCandidate", { to, candidate: { completed: true } });
		}
		expect(await a.settled()).toEqual([]);
		expect(await b.settled()).toEqual([]);
	});

	it("is not negotiated anew by clients", async () => {
		const { link, a, b } = await call();
		expect(await a.call("exchangeSdp", { to: b.id, sdp: offer })).toMatchObject({ e: 0x532 });
		a.send("exchangeSdp", { to: b.id, sdp: answer });
		const { cause, endpoint } = await link.command("description");
		link.report({ type: "failed", endpoint, cause, error: { code: "conflict", message: "nothing to answer" } });
		expect(await a.answer("exchangeSdp")).toEqual({ a: "exchangeSdpR", s: false, e: 0x532 });
	});

	it("tells which connections carry media", async () => {
		const { link, a, b, ea } = await call();
		up(link, ea, "");
		expect(await a.data("eventWebrtcUp")).toEqual({ from: publisher });
		up(link, ea, b.id);
		expect(await a.data("eventWebrtcUp")).toEqual({ from: b.session });
	});

	it("ends with who leaves, connection and all", async () => {
		const { link, a, b, ea } = await call();
		b.socket.close(1000);
		expect(await a.data("eventLeave")).toMatchObject({ roomSize: 1, ...b.session });
		expect(await link.command("disconnect")).toEqual({ type: "disconnect", endpoint: ea, connection: b.id });
		expect(await a.call("exchangeSdp", { to: b.id, sdp: answer })).toMatchObject({ e: 0x512 });
		// The node had offered it a moment before.
		link.report({ type: "description", endpoint: ea, connection: b.id, description: offer, sections });
		expect(await link.command("disconnect")).toEqual({ type: "disconnect", endpoint: ea, connection: b.id });
		expect((await a.settled()).filter(({ a: name }) => name === "eventExchangeSdp")).toEqual([]);
	});

	it("tells who is muted, and whose it is, and those who come later", async () => {
		const { room, link, a, b } = await call();
		const headers = { Authorization: `Bearer ${testEnv.AUTH_KEY}`, "Content-Type": "application/json" };
		const mute = (tracks: string[]) =>
			fetchEdge(`/v1/rooms/${room}/participants/${a.id}/mute`, {
				...{ method: "POST", headers, body: JSON.stringify({ muted: true, tracks }) },
			});
		expect((await mute([`${a.id}-camera`])).status).toBe(200);
		expect(await b.data("eventSetRemoteAudioVideoMode")).toEqual({ from: a.session, audio: true, video: false });
		expect(await a.data("eventSetLocalAudioVideoMode")).toEqual({ from: publisher, audio: true, video: false });
		const c = await TribeClient.join(room, "c");
		await open(link);
		expect(await c.data("eventSetRemoteAudioVideoMode")).toEqual({ from: a.session, audio: true, video: false });
		await mute([`${a.id}-audio`]);
		for (const other of [b, c]) {
			expect(await other.data("eventSetRemoteAudioVideoMode")).toEqual({
				...{ from: a.session, audio: false, video: false },
			});
		}
	});

	it("goes on for a client that comes back, which is offered again what it did not answer", async () => {
		const { room, link, a, b, ea } = await call();
		up(link, ea, "");
		await a.data("eventWebrtcUp");
		a.socket.close(3999);
		const seen = () => (stubOf(room) as unknown as RoomRpc).getParticipant(a.id);
		await expect.poll(seen).toMatchObject({ value: { state: "away" } });
		// Not kept: the node has it.
		link.report({ type: "description", endpoint: ea, connection: b.id, description: offer, sections });
		up(link, ea, b.id);
		const again = await TribeClient.dial();
		expect(await again.call("reconnect", { socketId: a.id })).toMatchObject({ s: true, d: { roomSize: 2 } });
		expect(await again.settled()).toEqual([{ a: "eventWebrtcUp", d: { from: b.session } }]);
		expect(await link.command("describe")).toEqual({ type: "describe", endpoint: ea });
		await offered(link, Object.assign(again, { joined: a.joined }), ea, b);
		expect(await again.call("exchangeSdp", { to: "publisher", sdp: offer })).toMatchObject({ e: 0x532 });
	});

	it("answers after the room forgot everything", async () => {
		const { room, link, a, b, ea } = await call();
		link.report({ type: "description", endpoint: ea, connection: b.id, description: offer, sections });
		await a.data("eventExchangeSdp");
		a.send("exchangeSdp", { to: b.id, sdp: answer });
		const { cause } = await link.command("description");
		await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
		link.report({ type: "agreed", endpoint: ea, connection: b.id, sections, cause });
		expect(await a.answer("exchangeSdp")).toEqual({ a: "exchangeSdpR", s: true });
	});

	it("drops a client whose media has gone and that says nothing for fifteen seconds, and keeps one that does", async () => {
		const { room, link, a, b, ea, eb } = await call();
		for (const [endpoint, other] of [
			[ea, b],
			[eb, a],
		] as const) {
			for (const connection of ["", other.id]) up(link, endpoint, connection);
			up(link, endpoint, "", "disconnected");
			up(link, endpoint, other.id, "disconnected");
		}
		for (const client of [a, b]) for (let i = 0; i < 2; i++) await client.data("eventWebrtcUp");
		await a.settled();
		await b.settled();
		await age(room, 15_001);
		expect((await a.socket.closed).code).toBe(4008);
		expect((await b.socket.closed).code).toBe(4008);
		const again = await TribeClient.dial();
		expect(await again.call("reconnect", { socketId: a.id })).toMatchObject({ s: true });
		// It lives, whatever its media does.
		await age(room, 15_001);
		expect(await again.settled()).toEqual(expect.any(Array));
	});

	it("moves to another node by offers to each connection, and publishes what it sends there", async () => {
		const { room, link, a, b, ea } = await call();
		const lost: LinkReportInput = { type: "closed", endpoint: ea, error: { code: "node_failed", message: "gone" } };
		link.report(lost);
		const { endpoint, connections } = await open(link);
		expect(Object.keys(connections ?? {}).sort()).toEqual(["", b.id].sort());
		link.report({ type: "description", endpoint, connection: "", description: offer, sections, sends: [] });
		expect(await a.data("eventExchangeSdp")).toEqual({ from: publisher, sdp: offer });
		a.send("exchangeSdp", { to: "publisher", sdp: answer });
		const { cause, connection } = await link.command("description");
		link.report({ type: "agreed", endpoint, connection, sections, sends: both, cause });
		expect(await a.answer("exchangeSdp")).toMatchObject({ s: true });
		expect([(await link.publish()).track, (await link.publish()).track]).toEqual([`${a.id}-audio`, `${a.id}-camera`]);
		expect(room).toBeTruthy();
	});
});

describe("beside native participants", () => {
	it("their media is offered under a socketId of theirs, and a call of two that talk directly turns to a node", async () => {
		const room = newRoom();
		const native = await TestClient.join(room, "nina", { rtpCapabilities: { codecs: [] } });
		const link = await node.link(room);
		const { endpoint: en } = await link.open();
		const a = await TribeClient.join(room, "a");
		const [nina] = a.joined.sessions;
		await native.event("participantJoined");
		native.post("publish", {
			...{ endpoint: en, track: "cam", source: "audio", media: { kind: "audio", rtpParameters }, muted: true },
		});
		await link.publish();
		const { endpoint } = await open(link);
		expect(await a.data("eventSetRemoteAudioVideoMode")).toEqual({ from: nina, audio: false, video: false });
		link.report({ type: "description", endpoint, connection: "nina", description: offer, sections });
		expect(await a.data("eventExchangeSdp")).toEqual({ from: nina, sdp: offer });
		a.send("exchangeSdp", { to: nina?.socketId, sdp: answer });
		expect(await link.command("description")).toMatchObject({ connection: "nina", description: answer });
		await native.do("mute", { track: "cam", muted: false });
		expect(await a.data("eventSetRemoteAudioVideoMode")).toEqual({ from: nina, audio: true, video: false });
	});
});

/** As if that much time had gone by, with nothing said. */
async function age(room: string, ms: number): Promise<void> {
	await runInDurableObject(stubOf(room), (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value) as { dueAt?: number; own: { lookAt?: number } };
			if (member.dueAt !== undefined) member.dueAt -= ms;
			if (member.own.lookAt !== undefined) member.own.lookAt -= ms;
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
		for (const ws of state.getWebSockets()) {
			const attachment = ws.deserializeAttachment() as { kind: string; since?: number };
			if (attachment.kind === "member") ws.serializeAttachment({ ...attachment, since: (attachment.since ?? 0) - ms });
		}
	});
	await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
	await runDurableObjectAlarm(stubOf(room));
}
