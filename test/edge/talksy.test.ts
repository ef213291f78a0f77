import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import type { Description, SentTrack } from "../../shared/sdp.ts";
import type { AvailableTrack, ClientStats, RoomStats } from "../../shared/talksy.ts";
import { roomOf } from "../../worker/api/ducksoup/settings.ts";
import { roomNamed } from "../../worker/api/sockets/open-grant.ts";
import { openRoom } from "../../worker/api/sockets/visitor.ts";
import { fetchEdge, newRoom, TestClient, testEnv, tokenFor } from "./support/client.ts";
import { rtpParameters, type TestLink, TestNode } from "./support/node.ts";
import { makeChannel } from "./support/odoo.ts";
import { agree, answer, CANDIDATES, nodeSdp, offer, refuse, sent } from "./support/sdp.ts";
import { TalksyClient } from "./support/talksy.ts";

/** The only one, so that rooms are its own: it takes the place of the former test's. */
let node: TestNode;
beforeEach(async () => {
	node = await TestNode.register("talksy-node");
});

const stubOf = (room: string) => testEnv.ROOM.getByName(room);
const upgrade = { headers: { Upgrade: "websocket" } };
const layers = ["low", "mid", "high"];
const media = () => [
	sent("audio", "0", { stream: "s", track: "mic" }),
	sent("video", "1", { stream: "s", track: "cam" }, layers),
];

function members(room: string): Promise<string[]> {
	return runInDurableObject(stubOf(room), (_, state) =>
		state.storage.sql
			.exec<{ key: string }>("SELECT key FROM participant")
			.toArray()
			.map(({ key }) => key),
	);
}

/** As if that much time had passed for a row's times, and memory had been lost: what is due is done. */
async function later(room: string, ms: number): Promise<void> {
	await runInDurableObject(stubOf(room), (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value) as { dueAt?: number; own?: { turn?: { offeredAt?: number } } };
			if (member.dueAt !== undefined) member.dueAt -= ms;
			const own = member.own as Record<string, unknown> | undefined;
			for (const time of ["idleAt", "promisedUntil"]) {
				const at = own?.[time];
				if (own && typeof at === "number") own[time] = at - ms;
			}
			const turn = member.own?.turn;
			if (turn?.offeredAt !== undefined) turn.offeredAt -= ms;
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
	});
	await evictDurableObject(stubOf(room), { webSockets: "hibernate" });
	await runDurableObjectAlarm(stubOf(room));
}

/** A client on a node, whose first offer was answered. */
async function enter(room: string, link?: TestLink, sends: SentTrack[] = media()) {
	const client = await TalksyClient.join(room);
	const on = link ?? (await node.link(room));
	const { endpoint, sdp } = await on.open();
	client.offer();
	await answer(on, sends);
	const description = await client.told<Description>("answer");
	for (const _ of CANDIDATES) await client.told("candidate");
	return { client, link: on, endpoint, sdp, description };
}

/** Its tracks are published as well. */
async function publish(room: string, link?: TestLink, sends = media(), sources: Record<string, string> = {}) {
	const entered = await enter(room, link, sends);
	const added = await entered.client.told<Record<string, { id: string }>>("tracks_added");
	entered.client.say("tracks_added", Object.fromEntries(Object.keys(added).map((id) => [id, sources[id] ?? "media"])));
	const tracks: string[] = [];
	for (const _ of sends) tracks.push((await entered.link.publish()).track);
	return { ...entered, tracks };
}

/** Both media, subscribed to by the other. */
async function pair() {
	const room = newRoom();
	const ada = await publish(room);
	const ben = await enter(room, ada.link, []);
	await ben.client.told("tracks_available");
	ben.client.say("subscribe_tracks", [
		{ client_id: ada.client.id, track_id: "mic" },
		{ client_id: ada.client.id, track_id: "cam", source_type: "media", kind: "video" },
	]);
	await ada.link.command("subscribe");
	return { room, ada, ben, link: ada.link };
}

describe("a socket", () => {
	it("joins by being opened, at both addresses, and is told its id first", async () => {
		const room = newRoom();
		const a = await TalksyClient.join(room);
		const b = await TalksyClient.join(room, "/wss");
		await expect.poll(() => members(room)).toEqual(expect.arrayContaining([a.id, b.id]));
		a.socket.close(1000);
		await expect.poll(() => members(room)).toEqual([b.id]);
	});

	it("without a room's id is in the room `default`, and any text is an id", async () => {
		const a = await TalksyClient.join(undefined);
		await expect.poll(() => members("default")).toContain(a.id);
		a.socket.close(1000);
		const b = await TalksyClient.join("a room, größer");
		await expect.poll(async () => members(await roomNamed("a room, größer"))).toEqual([b.id]);
	});

	it("does not lead into rooms that another protocol guards, unless a token for them is shown", async () => {
		const { uuid } = await makeChannel();
		const hall = await roomOf("https://lab.test", { namespace: "default", name: newRoom() });
		for (const guarded of [uuid, hall]) {
			const client = await TalksyClient.join(guarded);
			await expect.poll(async () => members(await openRoom(testEnv, guarded))).toEqual([client.id]);
			const token = await tokenFor(guarded, "ben");
			expect((await TalksyClient.join(guarded, "/ws", token)).id).toBe("ben");
			await expect.poll(() => members(guarded)).toEqual(["ben"]);
			expect((await fetchEdge(`/ws?room_id=${newRoom()}&token=${token}`, upgrade)).status).toBe(401);

			const stats = async (more = "") => {
				const response = await fetchEdge(`/stats?room_id=${guarded}${more}`);
				return JSON.stringify(await response.json());
			};
			expect(await stats()).not.toContain("ben");
			expect(await stats(`&token=${token}`)).toContain("ben");
		}
	});

	it("opens a connection with a channel and statistics", async () => {
		const { sdp, description } = await enter(newRoom());
		expect(sdp).toMatchObject({ connections: "one", channels: ["internal"], statistics: true });
		expect(description).toEqual({ type: "answer", sdp: nodeSdp() });
	});

	it("is closed when a moderator removes its client", async () => {
		const room = newRoom();
		const client = await TalksyClient.join(room);
		await expect.poll(() => members(room)).toEqual([client.id]);
		const moderator = await TestClient.join(room, "mod", { rights: { moderate: true } });
		await moderator.do("remove", { participant: client.id, reason: "noise" });
		expect(await client.error()).toContain("noise");
		expect((await client.socket.closed).code).toBe(4002);
	});

	it("gets its candidates as a page can use them", async () => {
		const room = newRoom();
		const client = await TalksyClient.join(room);
		const link = await node.link(room);
		await link.open();
		client.offer();
		await answer(link);
		for (const line of CANDIDATES) {
			expect(await client.told("candidate")).toEqual({
				...{ candidate: line, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: "node" },
			});
		}
	});
});

describe("tracks", () => {
	it("are published when their client has said what they are", async () => {
		const room = newRoom();
		const watcher = await TestClient.join(room, "watcher");
		const { client, link } = await enter(room);
		expect(await client.told("tracks_added")).toEqual({ mic: { id: "mic" }, cam: { id: "cam" } });
		client.say("tracks_added", { cam: "media", nobody: "media" });
		expect(await link.publish()).toMatchObject({ source: "camera", media: { rtpParameters: { msid: "s cam" } } });
		expect((await watcher.event("trackPublished")).track.source).toBe("camera");
		client.say("tracks_added", { mic: "media" });
		expect(await link.publish()).toMatchObject({ source: "audio", media: { rtpParameters: { msid: "s mic" } } });
		// What is there already is not asked about again; what has gone is gone.
		client.offer();
		const screen = [
			sent("video", "2", { stream: "d", track: "shown" }),
			sent("audio", "3", { stream: "d", track: "sound" }),
		];
		await answer(link, [...media().slice(0, 1), ...screen]);
		expect(await client.told("tracks_added")).toEqual({ shown: { id: "shown" }, sound: { id: "sound" } });
		await watcher.event("trackUnpublished");
		client.say("tracks_added", { shown: "screen", sound: "anything else" });
		expect([(await link.publish()).source, (await link.publish()).source]).toEqual(["screen", "screenAudio"]);
	});

	it("are available to others once published, and to who comes later", async () => {
		const room = newRoom();
		const early = await TalksyClient.join(room);
		const link = await node.link(room);
		await link.open();
		const screen = sent("video", "2", { stream: "d", track: "shown" });
		const { client } = await publish(room, link, [...media(), screen], { shown: "screen" });
		const expected = {
			mic: { id: "mic", client_id: client.id, source_type: "media", kind: "audio", is_simulcast: false },
			cam: { id: "cam", client_id: client.id, source_type: "media", kind: "video", is_simulcast: true },
			shown: { id: "shown", client_id: client.id, source_type: "screen", kind: "video", is_simulcast: false },
		};
		const told: Record<string, AvailableTrack> = {};
		while (Object.keys(told).length < 3) Object.assign(told, await early.told("tracks_available"));
		expect(told).toEqual(expected);
		const late = await TalksyClient.join(room);
		expect(await late.told("tracks_available")).toEqual(expected);
		expect(await client.settled()).not.toContain("tracks_available");
	});

	it("that were asked for are sent, and offered; of those that are not there it is told", async () => {
		const room = newRoom();
		const ada = await publish(room);
		const { client, endpoint, link } = await enter(room, ada.link, []);
		expect(await client.settled()).toEqual(["tracks_available"]);
		client.say("subscribe_tracks", [
			{ client_id: ada.client.id, track_id: "mic", extra: 1 },
			{ client_id: client.id, track_id: "mic" },
			{ client_id: ada.client.id, track_id: "nothing" },
		]);
		const command = await link.command("subscribe");
		expect(command).toMatchObject({ endpoint, tracks: [{ track: ada.tracks[0] }] });
		expect(await client.error()).toBe("no such track: mic, nothing");
		offer(link, endpoint, nodeSdp("node", ["0", "1", "2"]));
		expect((await client.told<Description>("offer")).type).toBe("offer");
		client.answer();
		await agree(link);
		expect(await client.told("allow_renegotiation")).toBe("ok");
	});

	it("of a native participant have the ids that the room knows", async () => {
		const room = newRoom();
		const native = await TestClient.join(room, "na tive", { rtpCapabilities: { codecs: [] } });
		const link = await node.link(room);
		const { endpoint } = await link.open();
		const publishing = native.do("publish", {
			...{ endpoint, track: "own", source: "audio", media: { kind: "audio", rtpParameters } },
		});
		await link.publish();
		await publishing;
		const client = await TalksyClient.join(room);
		expect(await client.told("tracks_available")).toEqual({
			own: { id: "own", client_id: "na tive", source_type: "media", kind: "audio", is_simulcast: false },
		});
	});
});

describe("qualities", () => {
	it("cap what is sent, now and later", async () => {
		const { ada, ben, link } = await pair();
		const [mic, cam] = ada.tracks;
		for (const [quality, expected] of [
			["low", { layer: { spatial: 0 }, paused: false }],
			["mid", { layer: { spatial: 1 }, paused: false }],
			["none", { layer: null, paused: true }],
			["high", { layer: null, paused: false }],
		] as const) {
			ben.client.say("switch_quality", quality);
			const { tracks, endpoint } = await link.command("tune");
			expect(endpoint).toBe(ben.endpoint);
			expect(tracks.find(({ track }) => track === cam)).toMatchObject(expected);
			expect(tracks.find(({ track }) => track === mic)?.paused).toBeUndefined();
		}
		ben.client.say("switch_quality", "best");
		expect(await ben.client.error()).toContain("data");
	});

	it("follow the size of the element, at most once a second, and stop what is out of view", async () => {
		const { ada, ben, link } = await pair();
		const cam = ada.tracks[1];
		const say = (width: number, height: number) =>
			link.report({
				...{ type: "text", endpoint: ben.endpoint, channel: "internal" },
				text: JSON.stringify({ type: "video_size", data: { track_id: "cam", width, height } }),
			});
		const tuned = async () => (await link.command("tune")).tracks.find(({ track }) => track === cam);
		const begin = Date.now();
		say(320, 180);
		expect(await tuned()).toMatchObject({ track: cam, layer: { spatial: 0 }, size: { width: 320, height: 180 } });
		say(640, 360);
		say(1280, 720);
		say(0, 0);
		// Only the last of them, and not before its time.
		expect(await tuned()).toMatchObject({ size: { width: 0, height: 0 } });
		expect(Date.now() - begin).toBeGreaterThan(900);
		// A cap of the client's own holds beside it.
		ben.client.say("switch_quality", "low");
		expect(await tuned()).toMatchObject({ layer: { spatial: 0 }, size: { width: 0, height: 0 } });
	});

	it("are bounded by the client's limit, and what cannot be one is refused", async () => {
		const { link, ben } = await pair();
		ben.client.say("set_bandwidth_limit", "250000");
		expect(await link.command("limit")).toEqual({ type: "limit", endpoint: ben.endpoint, outgoing: 250_000 });
		ben.client.say("set_bandwidth_limit", "1");
		expect((await link.command("limit")).outgoing).toBe(30_000);
		for (const bad of [250_000, "much", "-5", "", "1e99", null]) {
			ben.client.say("set_bandwidth_limit", bad);
			expect(await ben.client.error()).toContain("data");
		}
	});
});

describe("a renegotiation", () => {
	it("is allowed while the server has none, and the client that was allowed is given no offer first", async () => {
		const { client, link, endpoint } = await enter(newRoom(), undefined, []);
		client.say("is_allow_renegotiation");
		expect(await client.told("allow_renegotiation")).toBe(true);
		offer(link, endpoint, nodeSdp("node", ["void"]));
		client.offer("v=0 mine");
		await answer(link);
		await client.told("answer");
		offer(link, endpoint, nodeSdp("node", ["next"]));
		expect((await client.told<Description>("offer")).sdp).toBe(nodeSdp("node", ["next"]));
		client.say("is_allow_renegotiation");
		expect(await client.told("allow_renegotiation")).toBe(false);
		client.answer();
		await agree(link);
		expect(await client.told("allow_renegotiation")).toBe("ok");
		client.say("is_allow_renegotiation");
		expect(await client.told("allow_renegotiation")).toBe(true);
	});

	it("that was allowed and did not come gives way to the server's", async () => {
		const room = newRoom();
		const { client, link, endpoint } = await enter(room, undefined, []);
		client.say("is_allow_renegotiation");
		await client.told("allow_renegotiation");
		offer(link, endpoint);
		expect(await client.settled()).toEqual([]);
		await later(room, 5_000);
		expect((await link.command("renegotiate")).endpoint).toBe(endpoint);
		offer(link, endpoint);
		await client.told("offer");
	});

	it("that fails is told of", async () => {
		const { client, link } = await enter(newRoom(), undefined, []);
		client.offer("nonsense");
		await refuse(link, "no SDP");
		expect(await client.error()).toBe("no SDP");
	});

	it("that the client does not answer in 30 s ends its stay", async () => {
		const room = newRoom();
		const { client, link, endpoint } = await enter(room, undefined, []);
		link.report({ type: "media", endpoint, state: "connected" });
		offer(link, endpoint);
		await client.told("offer");
		await later(room, 29_000);
		expect(await members(room)).toEqual([client.id]);
		await later(room, 1_000);
		expect(await client.error()).toContain("not answered");
		expect((await client.socket.closed).code).toBe(4008);
	});
});

describe("a client without a connection", () => {
	it("is gone after five minutes", async () => {
		const room = newRoom();
		const silent = await TalksyClient.join(room);
		const link = await node.link(room);
		await link.open();
		const { client, endpoint } = await enter(room, link);
		link.report({ type: "media", endpoint, state: "connected" });
		await client.settled();
		await later(room, 300_000);
		expect(await silent.error()).toContain("connection");
		await silent.socket.closed;
		expect(await members(room)).toEqual([client.id]);
		link.report({ type: "media", endpoint, state: "disconnected" });
		await client.settled();
		await later(room, 300_000);
		await client.socket.closed;
		expect(await members(room)).toEqual([]);
	});
});

describe("what is measured", () => {
	const stream = { codec: "video/VP8", bytes: 1_000, packets: 10, lost: 1, bitrate: 80_000 };

	it("is told to each client, and of the room to anybody", async () => {
		const { room, ada, ben, link } = await pair();
		const [mic = "", cam = ""] = ada.tracks;
		ada.client.say("update_bandwidth", 1_500_000);
		link.report({
			...{ type: "text", endpoint: ada.endpoint, channel: "internal" },
			text: JSON.stringify({ type: "stats", data: { quality_limitation_reason: "cpu" } }),
		});
		const totals = { bytesReceived: 5_000, bytesSent: 9_000, receiveBitrate: 90_000, sendBitrate: 160_000 };
		link.report({
			type: "statistics",
			statistics: {
				[ada.endpoint]: {
					...totals,
					received: [
						{ ...stream, track: cam, rid: "low" },
						{ ...stream, track: cam, rid: "high" },
						{ ...stream, track: mic, codec: "audio/opus", bitrate: 30_000 },
					],
					sent: [],
				},
				[ben.endpoint]: {
					...{ ...totals, available: 700_000, received: [] },
					sent: [
						{ ...stream, track: cam, fractionLost: 0.25, layer: 1, layers: 3 },
						{ ...stream, track: mic, codec: "audio/opus", fractionLost: 0 },
					],
				},
			},
		});
		const video = { id: "cam", stream_id: "s", kind: "video", codec: "video/VP8", current_bitrate: 80_000 };
		const received = { ...video, packets_lost: 1, packets_received: 10, bytes_received: 1_000 };
		expect(await ada.client.told<ClientStats>("track_stats")).toEqual({
			...{ id: ada.client.id, name: "", publisher_bandwidth: 1_500_000, consumer_bandwidth: 0 },
			...{ current_bitrate: 160_000, current_publish_limitation: "cpu", voice_activity_duration_ms: 0 },
			sent_track_stats: [],
			received_track_stats: [
				{ ...received, rid: "low" },
				{ ...received, rid: "high" },
				{ ...received, rid: "", id: "mic", kind: "audio", codec: "audio/opus", current_bitrate: 30_000 },
			],
		});
		const told = await ben.client.told<ClientStats>("track_stats");
		expect(told).toMatchObject({ consumer_bandwidth: 700_000, received_track_stats: [] });
		expect(told.sent_track_stats).toEqual([
			{
				...{ ...video, packets_lost: 1, packets_sent: 10, fraction_lost: 0.25, bytes_sent: 1_000 },
				...{ source: "media", quality: 2, max_quality: 3 },
			},
			expect.objectContaining({ id: "mic", quality: 3 }),
		]);
		const response = await fetchEdge(`/stats?room_id=${room}`);
		const stats = (await response.json()) as RoomStats;
		expect(stats).toMatchObject({
			...{ active_sessions: 2, clients_count: 2, bitrate_sent: 320_000, bitrate_received: 190_000 },
			...{ bytes_ingress: 10_000, bytes_egress: 18_000 },
			...{ received_tracks: { audio: 1, video: 1 }, sent_tracks: { audio: 1, video: 1 } },
		});
		expect(Object.keys(stats.client_stats).sort()).toEqual([ada.client.id, ben.client.id].sort());
		expect(Date.parse(stats.timestamp)).toBeGreaterThan(Date.now() - 10_000);
	});

	it("is nothing of a room that is not there", async () => {
		const room = newRoom();
		const stats = (await (await fetchEdge(`/stats?room_id=${room}`)).json()) as RoomStats;
		expect(stats).toMatchObject({ clients_count: 0, client_stats: {}, received_tracks: { audio: 0, video: 0 } });
	});

	it("of the connection is told when it changes", async () => {
		const { client, link } = await enter(newRoom());
		const quality = (score: number) => link.report({ type: "quality", quality: { [client.id]: score } });
		quality(10);
		expect(await client.told("network_condition")).toBe(1);
		quality(6);
		quality(4);
		expect(await client.told("network_condition")).toBe(0);
		quality(6);
		quality(7);
		expect(await client.told("network_condition")).toBe(1);
		expect(await client.settled()).not.toContain("network_condition");
	});
});

describe("voices", () => {
	it("are told on the channel of those who hear them, when they begin and when they end", async () => {
		const { ada, ben, link } = await pair();
		const [mic = ""] = ada.tracks;
		link.report({
			...{ type: "subscribed", endpoint: ben.endpoint },
			consumers: [
				{
					kind: "audio",
					track: mic,
					participant: ada.client.id,
					id: "c",
					rtpParameters,
					type: "simple",
					paused: false,
				},
			],
		});
		const speaks = (volume: number) =>
			link.report({ type: "speakers", speakers: [{ participant: ada.client.id, track: mic, volume }] });
		speaks(-30);
		const text = await link.command("text");
		expect(text).toMatchObject({ endpoint: ben.endpoint, channel: "internal" });
		expect(JSON.parse(text.text)).toEqual({
			type: "vad_started",
			data: {
				...{ trackID: "mic", streamID: "s", ssrc: 1234, clockRate: 48_000 },
				audioLevels: [{ sequenceNo: expect.any(Number), timestamp: expect.any(Number), audioLevel: 30, isVoice: true }],
			},
		});
		speaks(-20);
		link.report({ type: "speakers", speakers: [] });
		const ended = JSON.parse((await link.command("text")).text) as { type: string; data: { trackID: string } };
		expect(ended).toMatchObject({ type: "vad_ended", data: { trackID: "mic", audioLevels: [{ isVoice: false }] } });
	});
});

describe("a bad message", () => {
	it("is answered by an error, and the socket lives on", async () => {
		const client = await TalksyClient.join(newRoom());
		for (const frame of [
			...["{", "null", "[]", "5", '"x"', "", "{}", '{"type":5}', '{"type":"nonsense"}', '{"type":"offer"}'],
			...['{"type":"offer","data":{"sdp":""}}', '{"type":"subscribe_tracks","data":{}}', '{"type":"answer","data":5}'],
			...['{"type":"tracks_added","data":[1]}', '{"type":"switch_quality"}', '{"type":"update_bandwidth","data":"5"}'],
			new Uint8Array([255, 0]).buffer,
		]) {
			client.socket.send(frame);
			expect(typeof (await client.error())).toBe("string");
		}
		client.say("candidate", "candidate:1 1 udp 1 192.0.2.1 9 typ host");
		client.say("candidate", "");
		expect(await client.settled()).toEqual([]);
	});

	it("on the data channel is passed over", async () => {
		const { ben, link } = await pair();
		for (const text of ["{", "null", '{"type":"nonsense"}', '{"type":"video_size","data":{"track_id":"cam"}}']) {
			link.report({ type: "text", endpoint: ben.endpoint, channel: "internal", text });
		}
		expect(await ben.client.settled()).toEqual([]);
	});
});

describe("over HTTP", () => {
	it("a room is made, with a name", async () => {
		const response = await fetchEdge("/create_room?name=stand up");
		expect(response.headers.get("content-type")).toContain("text/plain");
		const [, id = "", name] = /^room_id: (\S+), room_name: (.*)$/.exec(await response.text()) ?? [];
		expect(name).toBe("stand up");
		const client = await TalksyClient.join(id);
		await expect.poll(() => members(id)).toEqual([client.id]);
	});
});
