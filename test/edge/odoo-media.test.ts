import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import { ROUTER_CAPABILITIES } from "../../shared/router-capabilities.ts";
import { TestClient, testEnv } from "./support/client.ts";
import { capabilities, rtpParameters, type TestLink, TestNode } from "./support/node.ts";
import { makeChannel, OdooClient } from "./support/odoo.ts";

let node: TestNode;
beforeAll(async () => {
	node = await TestNode.register();
});

const dtlsParameters = { role: "client", fingerprints: [{ algorithm: "sha-256", value: "aa" }] };
const upload = (type: string, kind = type === "audio" ? "audio" : "video") => ({ type, kind, rtpParameters });

/** A channel with its node and sessions 1, 2, … that are connected. */
async function channelWith(count: number) {
	const { uuid } = await makeChannel();
	let link: TestLink | undefined;
	const linked = async () => {
		link ??= await node.link(uuid);
		return link;
	};
	const clients: OdooClient[] = [];
	for (let n = 1; n <= count; n++) clients.push(await OdooClient.join(uuid, n, linked));
	return { uuid, link: await linked(), linked, clients: clients as [OdooClient, OdooClient, OdooClient] };
}

/** Uploads and has it accepted by the node; the producer's id. */
async function produce(client: OdooClient, link: TestLink, type: string): Promise<string> {
	const asked = client.ask("INIT_PRODUCER", upload(type));
	const { track } = await link.publish();
	expect((await asked).message).toEqual({ id: track });
	return track;
}

describe("joining with media", () => {
	it("gets transports, and is connected when it has answered with its capabilities", async () => {
		const { uuid } = await makeChannel();
		const client = await OdooClient.enter(uuid, 1);
		const link = await node.link(uuid);
		const open = await link.open();
		expect(open).toMatchObject({ participant: "1", send: true, recv: true, data: false });
		expect(open.limits).toEqual({ maxIncomingBitrate: 8_000_000, maxOutgoingBitrate: 10_000_000 });
		expect(open.rtpCapabilities).toBeUndefined();
		const init = (await client.connect()) as Record<string, Record<string, unknown>>;
		expect(init).toMatchObject({
			capabilities: ROUTER_CAPABILITIES,
			ctsConfig: { id: `${open.endpoint}-send` },
			stcConfig: { id: `${open.endpoint}-recv` },
			producerOptionsByKind: {
				audio: { stopTracks: false, disableTrackOnPause: false, zeroRtpOnPause: true },
				video: {
					codecOptions: { videoGoogleMaxBitrate: 8_000_000 },
					encodings: [
						{ scaleResolutionDownBy: 4, maxBitrate: 1_000_000 },
						{ scaleResolutionDownBy: 2, maxBitrate: 2_000_000 },
						{ scaleResolutionDownBy: 1, maxBitrate: 4_000_000 },
					],
				},
			},
		});
		expect(Object.keys(init.ctsConfig ?? {})).toEqual(["id", "iceParameters", "iceCandidates", "dtlsParameters"]);
		expect(await link.command("equip")).toMatchObject({ endpoint: open.endpoint, rtpCapabilities: capabilities });
	});

	it("connects its transports, each answered without a word", async () => {
		const { link, clients } = await channelWith(1);
		for (const [name, direction] of [
			["CONNECT_CTS_TRANSPORT", "send"],
			["CONNECT_STC_TRANSPORT", "recv"],
		]) {
			const asked = clients[0].ask(name ?? "", { dtlsParameters });
			const { endpoint, cause, ...connect } = await link.command("connect");
			expect(connect).toMatchObject({ direction, dtlsParameters });
			link.report({ type: "connected", endpoint, direction: connect.direction, cause });
			expect(await asked).toEqual({ responseTo: expect.any(String) });
		}
	});

	it("is closed when it does not answer in time, or no node came", async () => {
		const { uuid } = await makeChannel();
		const client = await OdooClient.enter(uuid, 1);
		const link = await node.link(uuid);
		await link.open();
		await client.named("INIT_TRANSPORTS");
		await runDurableObjectAlarmAfter(uuid, 5_000);
		expect(await client.closed).toBe(1011);
		const waiting = await OdooClient.enter(uuid, 2);
		await link.command("open");
		await runDurableObjectAlarmAfter(uuid, 10_000);
		expect(await waiting.closed).toBe(4107);
	});

	it("counts any answer, and then receives nothing", async () => {
		const { uuid, link, linked, clients } = await channelWith(1);
		await produce(clients[0], link, "audio");
		const client = await OdooClient.enter(uuid, 2);
		await (await linked()).open();
		await client.connect("nonsense");
		expect((await link.command("equip")).rtpCapabilities).toEqual({});
	});
});

async function runDurableObjectAlarmAfter(uuid: string, ms: number): Promise<void> {
	const stub = testEnv.ROOM.getByName(uuid);
	await runInDurableObject(stub, (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>("SELECT * FROM participant")) {
			const member = JSON.parse(value) as { dueAt: number; own: Record<string, number> };
			member.dueAt -= ms;
			for (const time of ["connectBy", "transportsBy"]) if (member.own[time]) member.own[time] -= ms;
			state.storage.sql.exec("UPDATE participant SET value = ? WHERE key = ?", JSON.stringify(member), key);
		}
	});
	await evictDurableObject(stub, { webSockets: "hibernate" });
	await runDurableObjectAlarm(stub);
}

describe("an upload", () => {
	it("is told of by info first, then answered, then announced", async () => {
		const { link, clients } = await channelWith(2);
		const [a, b] = clients;
		const asked = a.ask("INIT_PRODUCER", upload("camera"));
		const { track, media, source } = await link.publish();
		expect({ media, source }).toEqual({ media: { kind: "video", rtpParameters }, source: "camera" });
		const answered = await asked;
		const answeredAt = Date.now();
		expect(answered.message).toEqual({ id: track });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isCameraOn: true } });
		const subscribe = await link.subscribe("1");
		// Paused until its client has taken it.
		expect(subscribe.tracks).toEqual([{ track, paused: true }]);
		const init = await b.named("INIT_CONSUMER");
		expect(Date.now() - answeredAt).toBeGreaterThan(200);
		expect(init.message?.payload).toEqual({
			...{ id: `consumer-${track}`, kind: "audio", producerId: track, rtpParameters },
			...{ sessionId: 1, active: true, type: "camera" },
		});
		b.respond(init);
		expect(await link.command("tune")).toMatchObject({
			endpoint: subscribe.endpoint,
			tracks: [{ track, paused: false }],
		});
		expect(a.untaken).toEqual([]);
	});

	it("is paused and resumed without another announcement", async () => {
		const { link, clients } = await channelWith(2);
		const [a, b] = clients;
		const track = await produce(a, link, "screen");
		await link.subscribe("1");
		b.respond(await b.named("INIT_CONSUMER"));
		await link.command("tune");
		for (const active of [false, true]) {
			a.tell("PRODUCTION_CHANGE", { type: "screen", active });
			expect(await link.command("mute")).toMatchObject({ track, muted: !active });
		}
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isScreenSharingOn: true } });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isScreenSharingOn: false } });
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isScreenSharingOn: true } });
		expect(b.untaken).toEqual([]);
	});

	it("that fails gets no answer, and the seventh failure closes the session", async () => {
		const { link, clients } = await channelWith(2);
		const [a, b] = clients;
		a.send({ message: { name: "INIT_PRODUCER", payload: upload("camera") }, needResponse: "x" });
		const { endpoint, track, cause } = await link.command("publish");
		link.report({ type: "failed", endpoint, track, cause, error: { code: "unsupported", message: "no" } });
		expect(await produce(a, link, "camera")).not.toBe(track);
		for (const type of ["nonsense", "audio", "camera", "screen", "constructor"]) {
			a.send({ message: { name: "INIT_PRODUCER", payload: { ...upload(type), kind: "data" } }, needResponse: "y" });
		}
		a.tell("BROADCAST", "alive");
		await b.named("BROADCAST");
		expect(a.untaken).toEqual([]);
		a.send({ message: { name: "INIT_PRODUCER", payload: {} }, needResponse: "z" });
		expect(await a.closed).toBe(1011);
		expect(await b.payload("SESSION_LEAVE")).toEqual({ sessionId: 1 });
	});

	it("of a type that is there takes its place, and is announced afresh", async () => {
		const { link, clients } = await channelWith(2);
		const [a, b] = clients;
		const first = await produce(a, link, "audio");
		await link.subscribe("1");
		b.respond(await b.named("INIT_CONSUMER"));
		const second = await produce(a, link, "audio");
		expect((await link.command("unpublish")).track).toBe(first);
		expect((await link.subscribe("1")).tracks).toEqual([{ track: second, paused: true }]);
		expect(await b.payload("INIT_CONSUMER")).toMatchObject({ producerId: second, type: "audio" });
	});

	it("can be turned off by a viewer, which stays so when its sender mutes and unmutes", async () => {
		const { link, clients } = await channelWith(2);
		const [a, b] = clients;
		const track = await produce(a, link, "camera");
		const { endpoint } = await link.subscribe("1");
		b.respond(await b.named("INIT_CONSUMER"));
		await link.command("tune");
		b.tell("CONSUMPTION_CHANGE", { sessionId: 1, states: { camera: false, screen: true } });
		expect(await link.command("tune")).toMatchObject({ endpoint, tracks: [{ track, paused: true }] });
		a.tell("PRODUCTION_CHANGE", { type: "camera", active: false });
		a.tell("PRODUCTION_CHANGE", { type: "camera", active: true });
		await link.command("mute");
		await link.command("mute");
		b.tell("CONSUMPTION_CHANGE", { sessionId: 1, states: { camera: true } });
		expect(await link.command("tune")).toMatchObject({ tracks: [{ track, paused: false }] });
	});
});

describe("what is there already", () => {
	it("is announced to whoever joins in one frame: sound, camera, screen", async () => {
		const { uuid, link, linked, clients } = await channelWith(1);
		for (const type of ["screen", "camera", "audio"]) await produce(clients[0], link, type);
		const late = await OdooClient.enter(uuid, "late");
		await (await linked()).open();
		await late.connect();
		expect((await link.subscribe("1")).tracks).toHaveLength(3);
		for (const type of ["audio", "camera", "screen"]) {
			const init = await late.named("INIT_CONSUMER");
			expect(init.message?.payload).toMatchObject({ type, sessionId: 1 });
			late.respond(init);
			expect((await link.command("tune")).tracks).toMatchObject([{ paused: false }]);
		}
	});

	it("flows and is answered when its memory was lost meanwhile", async () => {
		const { uuid, link, clients } = await channelWith(2);
		const [a, b] = clients;
		const asked = a.ask("INIT_PRODUCER", upload("camera"));
		const { endpoint, track, cause } = await link.command("publish");
		await evictDurableObject(testEnv.ROOM.getByName(uuid), { webSockets: "hibernate" });
		link.report({ type: "published", endpoint, track, cause });
		expect((await asked).message).toEqual({ id: track });
		await link.subscribe("1");
		b.respond(await b.named("INIT_CONSUMER"));
		expect(await link.command("tune")).toMatchObject({ tracks: [{ track, paused: false }] });
		await evictDurableObject(testEnv.ROOM.getByName(uuid), { webSockets: "hibernate" });
		b.tell("CONSUMPTION_CHANGE", { sessionId: 1, states: { camera: false } });
		expect(await link.command("tune")).toMatchObject({ tracks: [{ track, paused: true }] });
	});

	it("is announced again when its client did not answer", async () => {
		const { link, clients } = await channelWith(2);
		const [a, b] = clients;
		const track = await produce(a, link, "audio");
		await link.subscribe("1");
		await b.named("INIT_CONSUMER");
		expect((await link.command("unsubscribe")).tracks).toEqual([track]);
		await link.subscribe("1");
		b.respond(await b.named("INIT_CONSUMER"));
		expect(await link.command("tune")).toMatchObject({ tracks: [{ track, paused: false }] });
	}, 15_000);
});

/** As if that time had passed for what is written: what is due is due at the next alarm. */
async function passed(uuid: string, table: string, field: string, ms: number): Promise<void> {
	const stub = testEnv.ROOM.getByName(uuid);
	await runInDurableObject(stub, (_, state) => {
		for (const { key, value } of state.storage.sql.exec<{ key: string; value: string }>(`SELECT * FROM ${table}`)) {
			const row = JSON.parse(value) as Record<string, unknown>;
			const at = row[field];
			if (typeof at !== "number") continue;
			const moved = JSON.stringify({ ...row, [field]: at - ms });
			state.storage.sql.exec(`UPDATE ${table} SET value = ? WHERE key = ?`, moved, key);
		}
	});
	await evictDurableObject(stub, { webSockets: "hibernate" });
	await runDurableObjectAlarm(stub);
}

describe("a session whose media side is lost", () => {
	/** Two, of which the first sends a camera that the second has taken; then the first's is lost. */
	async function lost() {
		const { uuid, link, clients } = await channelWith(2);
		const [a, b] = clients;
		a.tell("C_INFO_CHANGE", { info: { isSelfMuted: true, isTalking: true } });
		await b.payload("S_INFO_CHANGE");
		const track = await produce(a, link, "camera");
		await b.payload("S_INFO_CHANGE");
		await link.subscribe("1");
		b.respond(await b.named("INIT_CONSUMER"));
		const { endpoint } = await link.command("tune");
		void a.ask("CONNECT_CTS_TRANSPORT", { dtlsParameters });
		const former = (await link.command("connect")).endpoint;
		expect(former).not.toBe(endpoint);
		link.report({ type: "closed", endpoint: former, error: { code: "node_failed", message: "worker died" } });
		expect(await a.closed).toBe(1011);
		expect(await b.payload("S_INFO_CHANGE")).toEqual({
			1: { isSelfMuted: true, isTalking: false, isCameraOn: true },
		});
		return { uuid, link, b, track };
	}

	it("is sent back with 1011, and nobody is told that it left: it goes on with its state and its streams", async () => {
		const { uuid, link, b, track } = await lost();
		// Opened ahead; what its client can receive is yet to be heard.
		const { endpoint, rtpCapabilities } = await link.open();
		expect(rtpCapabilities).toBeUndefined();
		b.tell("BROADCAST", "meanwhile");
		await evictDurableObject(testEnv.ROOM.getByName(uuid), { webSockets: "hibernate" });
		const back = await OdooClient.enter(uuid, 1);
		expect(await back.connect()).toMatchObject({ ctsConfig: { id: `${endpoint}-send` } });
		expect(back.log.at(0)?.envelope.message).toEqual({
			name: "BROADCAST",
			payload: { senderId: 2, message: "meanwhile" },
		});
		expect(await link.command("equip")).toMatchObject({ endpoint, rtpCapabilities: capabilities });
		expect(await produce(back, link, "camera")).toBe(track);
		await link.subscribe("1", "another");
		const again = await b.named("INIT_CONSUMER");
		expect(again.message?.payload).toMatchObject({ id: `another-${track}`, producerId: track, sessionId: 1 });
		b.respond(again);
		expect(await link.command("tune")).toMatchObject({ tracks: [{ track, paused: false }] });
		b.tell("C_INFO_CHANGE", { info: {}, needRefresh: true });
		const infos = b.log.filter(({ envelope }) => envelope.message?.name === "S_INFO_CHANGE").length;
		await expect
			.poll(() => b.log.filter(({ envelope }) => envelope.message?.name === "S_INFO_CHANGE").length)
			.toBeGreaterThan(infos);
		expect(b.log.at(-1)?.envelope.message?.payload).toEqual({
			1: { isSelfMuted: true, isTalking: false, isCameraOn: true },
		});
		expect(b.untaken).not.toContain("SESSION_LEAVE");
	});

	it("and that sends nothing more when it is back, has its camera off", async () => {
		const { uuid, link, b } = await lost();
		await link.open();
		const back = await OdooClient.enter(uuid, 1);
		await back.connect();
		await link.command("equip");
		await passed(uuid, "endpoint", "openedAt", 15_000);
		expect(await b.payload("S_INFO_CHANGE")).toEqual({
			1: { isSelfMuted: true, isTalking: false, isCameraOn: false },
		});
	});

	it("has left when it is not back in ten seconds, and is muted still when it comes after all", async () => {
		const { uuid, link, b } = await lost();
		await link.open();
		await passed(uuid, "participant", "awayUntil", 10_000);
		expect(await b.payload("SESSION_LEAVE")).toEqual({ sessionId: 1 });
		await OdooClient.enter(uuid, 1);
		expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isSelfMuted: true } });
		await link.open();
	});
});

describe("with a native participant", () => {
	it("both see each other's tracks, messages and state", async () => {
		const { uuid, link, clients } = await channelWith(1);
		const [a] = clients;
		const native = await TestClient.join(uuid, "native", { rtpCapabilities: capabilities });
		await link.open();
		const { endpoint } = await native.event("endpoint");
		const track = await produce(a, link, "camera");
		expect((await native.event("trackPublished")).track).toMatchObject({ id: track, source: "camera" });
		expect((await link.subscribe("1")).tracks).toEqual([{ track }]);
		await native.event("subscribed");
		native.post("publish", {
			endpoint,
			track: "mic",
			source: "audio",
			media: { kind: "audio", rtpParameters },
			muted: true,
		});
		await link.publish();
		await link.subscribe("native");
		const init = await a.named("INIT_CONSUMER");
		expect(init.message?.payload).toMatchObject({ sessionId: "native", type: "audio", active: false });
		expect(await a.payload("S_INFO_CHANGE")).toEqual({ native: { isSelfMuted: true } });
		native.post("message", { payload: "hello" });
		expect(await a.payload("BROADCAST")).toEqual({ senderId: "native", message: "hello" });
		a.tell("BROADCAST", { odoo: true });
		expect(await native.event("message")).toMatchObject({ from: "1", payload: { odoo: true } });
		a.tell("C_INFO_CHANGE", { info: { isRaisingHand: true } });
		const { presence } = await native.news("presence");
		expect(presence).toMatchObject({ 1: { isCameraOn: true } });
		expect(await native.news("presence")).toMatchObject({ presence: { 1: { isRaisingHand: true } } });
		await native.do("leave", {});
		expect(await a.payload("SESSION_LEAVE")).toEqual({ sessionId: "native" });
	});

	it("an Odoo session hears the sound of a screen as long as there is no microphone", async () => {
		const { uuid, link, clients } = await channelWith(1);
		const [a] = clients;
		const native = await TestClient.join(uuid, "native", { rtpCapabilities: capabilities });
		await link.open();
		const { endpoint } = await native.event("endpoint");
		const publish = async (track: string, source: "audio" | "screenAudio") => {
			native.post("publish", { endpoint, track, source, media: { kind: "audio", rtpParameters } });
			await link.publish();
		};
		const heard = async () => {
			const init = await a.named("INIT_CONSUMER");
			a.respond(init);
			return init.message?.payload;
		};
		await publish("system", "screenAudio");
		await link.subscribe("native");
		expect(await heard()).toMatchObject({ producerId: "system", sessionId: "native", type: "audio" });
		expect((await link.command("tune")).tracks).toEqual([{ track: "system", paused: false }]);

		await publish("mic", "audio");
		await link.subscribe("native");
		expect((await link.command("tune")).tracks).toEqual([{ track: "system", paused: true }]);
		expect(await heard()).toMatchObject({ producerId: "mic", type: "audio" });
		expect((await link.command("tune")).tracks).toEqual([{ track: "mic", paused: false }]);

		await native.do("unpublish", { track: "mic" });
		expect((await link.command("unsubscribe")).tracks).toEqual(["system"]);
		await link.subscribe("native", "again");
		expect(await heard()).toMatchObject({ id: "again-system", type: "audio" });
		expect((await link.command("tune")).tracks).toEqual([{ track: "system", paused: false }]);
	});
});

// Last, since the other node stays.
describe("a session on a node that drains", () => {
	it("stays until the end is near, while others move; then its client is sent to another", async () => {
		const { uuid, link, clients } = await channelWith(1);
		const [a] = clients;
		const track = await produce(a, link, "camera");
		const native = await TestClient.join(uuid, "native", { rtpCapabilities: capabilities });
		await link.open();
		await native.event("endpoint");
		const other = await TestNode.register();
		await testEnv.ROOM.getByName(uuid).nodeDraining({
			node: node.id,
			epoch: link.epoch,
			deadline: Date.now() + 200_000,
		});
		const next = await other.link(uuid);
		expect((await next.open()).participant).toBe("native");
		expect((await native.event("endpoint")).former).toBeDefined();
		a.tell("BROADCAST", "still here");
		await native.event("message");

		await passed(uuid, "assignment", "disturbAt", 200_000);
		const { endpoint, participant, rtpCapabilities } = await next.open();
		expect([participant, rtpCapabilities]).toEqual(["1", undefined]);
		expect(await a.closed).toBe(1011);
		expect(await native.event("participantUpdated")).toMatchObject({ participant: "1", state: "away" });
		const back = await OdooClient.enter(uuid, 1);
		expect(await back.connect()).toMatchObject({ stcConfig: { id: `${endpoint}-recv` } });
		expect(await native.event("participantUpdated")).toMatchObject({ participant: "1", state: "joined" });
		expect(await produce(back, next, "camera")).toBe(track);
		const left = (await native.settled()).filter((frame) => (frame as { type?: string }).type === "participantLeft");
		expect(left).toEqual([]);
	});
});
