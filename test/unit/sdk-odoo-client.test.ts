/** The Odoo client library against a server that says what the specification says, over real sockets. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Device, type types } from "mediasoup-client";
import * as fake from "mediasoup-client/fakeParameters";
import { FakeHandler } from "mediasoup-client/handlers/FakeHandler";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket as Socket, WebSocketServer } from "ws";
import { Bus } from "../../client/odoo/bus.ts";
import { SfuClientState, type StreamType } from "../../client/odoo/names.ts";
import { SfuClient } from "../../client/odoo/sfu-client.ts";

interface Envelope {
	message?: { name: string; payload?: unknown };
	needResponse?: string;
	responseTo?: string;
}

let server: WebSocketServer;
let client: SfuClient;
/** Sockets in the order they came, with their credentials. */
let connections: { ws: Socket; credentials: unknown }[];
let received: Envelope[];
let told: string[];
let updates: { name: string; payload: unknown }[];
let waiting: (() => void)[];

const changed = () => {
	for (const look of waiting.splice(0)) look();
};
/** Resolves when a condition that a frame or event can change is met. */
async function when<T>(look: () => T | undefined | false): Promise<T> {
	for (;;) {
		const found = look();
		if (found) return found;
		await new Promise<void>((resolve) => waiting.push(resolve));
	}
}
const latest = () => connections.at(-1)?.ws as Socket;
const say = (...envelopes: unknown[]) => latest().send(JSON.stringify(envelopes));
const heard = (name: string) => when(() => received.find(({ message }) => message?.name === name));
const answered = (id: string) => when(() => received.find(({ responseTo }) => responseTo === id));
const state = (name: string) => when(() => told.at(-1) === name);

beforeEach(async () => {
	connections = [];
	received = [];
	told = [];
	updates = [];
	waiting = [];
	server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
	await once(server, "listening");
	server.on("connection", (ws) => {
		ws.once("message", (data: Buffer) => {
			connections.push({ ws, credentials: JSON.parse(data.toString()) });
			ws.on("message", (frame: Buffer) => {
				received.push(...(JSON.parse(frame.toString()) as Envelope[]));
				changed();
			});
			changed();
		});
	});
	client = new SfuClient();
	const factory = FakeHandler.createFactory(fake);
	client._createDevice = async () => new Device({ handlerFactory: factory });
	client.addEventListener("stateChange", (event) => {
		const { detail } = event as CustomEvent<{ state: string; cause?: string }>;
		told.push(detail.cause ? `${detail.state} ${detail.cause}` : detail.state);
		changed();
	});
	client.addEventListener("update", (event) => {
		updates.push((event as CustomEvent).detail);
		changed();
	});
});
afterEach(() => {
	client.disconnect();
	for (const { ws } of connections) ws.terminate();
	server.close();
});

const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** Connected, with both transports. */
async function connected(): Promise<void> {
	const authenticated = client.connect(url(), "token", { channelUUID: "channel" });
	await when(() => connections.length > 0);
	await initialized();
	await authenticated;
}

/** The server lets the latest connection in, and gives it transports. */
async function initialized(): Promise<void> {
	latest().send("");
	await state("authenticated");
	received = [];
	const { id, iceParameters, iceCandidates, dtlsParameters } = fake.generateTransportRemoteParameters();
	const config = { id, iceParameters, iceCandidates, dtlsParameters };
	const payload = {
		capabilities: fake.generateRouterRtpCapabilities(),
		ctsConfig: config,
		stcConfig: { ...config, id: `${id}-2` },
	};
	say({ message: { name: "INIT_TRANSPORTS", payload }, needResponse: "s_0_0" });
	const answer = await answered("s_0_0");
	expect(answer.message).toHaveProperty("codecs");
}

/** Transports that the client makes from now on. */
async function observed(): Promise<types.Transport[]> {
	const transports: types.Transport[] = [];
	const device = await client._createDevice();
	device.observer.on("newtransport", (transport) => transports.push(transport));
	client._createDevice = async () => device;
	return transports;
}

function trackOf(kind: string): MediaStreamTrack {
	const state = { kind, id: crypto.randomUUID(), readyState: "live", enabled: true, muted: false, stop: () => {} };
	return Object.assign(new EventTarget(), state) as unknown as MediaStreamTrack;
}

/** Uploads a track, which the server accepts. */
async function upload(type: StreamType): Promise<void> {
	const uploaded = client.updateUpload(type, trackOf(type === "audio" ? "audio" : "video"));
	const connecting = received.find(({ message }) => message?.name === "CONNECT_CTS_TRANSPORT");
	if (!connecting) say({ responseTo: (await heard("CONNECT_CTS_TRANSPORT")).needResponse });
	const asked = await heard("INIT_PRODUCER");
	say({ message: { id: crypto.randomUUID() }, responseTo: asked.needResponse });
	await uploaded;
}

describe("connecting", () => {
	it("sends its credentials, and is authenticated with the first frame", async () => {
		const authenticated = client.connect(url(), "token", { channelUUID: "channel" });
		await when(() => connections.length > 0);
		expect(connections[0]?.credentials).toEqual({ channelUUID: "channel", jwt: "token" });
		expect(client.state).toBe(SfuClientState.CONNECTING);
		latest().send("");
		await authenticated;
		expect(told).toEqual(["connecting", "authenticated"]);
	});

	it("is connected when it has its transports, and answers with what it can receive", async () => {
		await connected();
		expect(told).toEqual(["connecting", "authenticated", "connected"]);
	});

	it.each([
		[4106, "closed"],
		[4108, "closed"],
		[4109, "closed full"],
	])("is over with close code %i", async (code, last) => {
		void client.connect(url(), "token");
		await when(() => connections.length > 0);
		latest().close(code);
		await state(last);
	});

	it("begins again after any other close, with the same credentials", async () => {
		await connected();
		latest().close(1011);
		await state("recovering");
		await when(() => connections.length === 2);
		expect(connections[1]?.credentials).toEqual({ channelUUID: "channel", jwt: "token" });
	});

	it("does not come back once it has left", async () => {
		await connected();
		const closed = once(latest(), "close");
		client.disconnect();
		expect((await closed)[0]).toBe(1000);
		expect(told.at(-1)).toBe("disconnected");
	});
});

describe("what the server says", () => {
	beforeEach(connected);

	it("is told as updates: broadcasts, info, and who left", async () => {
		say(
			{ message: { name: "BROADCAST", payload: { senderId: 5, message: "hello" } } },
			{ message: { name: "S_INFO_CHANGE", payload: { 5: { isTalking: true } } } },
			{ message: { name: "SESSION_LEAVE", payload: { sessionId: 5 } } },
		);
		await when(() => updates.length === 3);
		expect(updates).toEqual([
			{ name: "broadcast", payload: { senderId: 5, message: "hello" } },
			{ name: "info_change", payload: { 5: { isTalking: true } } },
			{ name: "disconnect", payload: { sessionId: 5 } },
		]);
	});

	it("that is a ping, or a request unknown to it, gets an empty answer", async () => {
		say({ message: { name: "PING" }, needResponse: "s_0_7" }, { message: { name: "LATER" }, needResponse: "s_0_8" });
		expect(await answered("s_0_7")).toEqual({ responseTo: "s_0_7" });
		expect(await answered("s_0_8")).toEqual({ responseTo: "s_0_8" });
	});

	it("that is no array, or nonsense in one, does no harm", async () => {
		latest().send("not json");
		latest().send('{"message":{}}');
		say(null, 7, {}, { message: { name: "UNKNOWN" } });
		say({ message: { name: "PING" }, needResponse: "s_0_9" });
		await answered("s_0_9");
	});

	it("that is a stream is a track with its session and type; the same again replaces it", async () => {
		const consumer = (id: string) => ({
			...fake.generateConsumerRemoteParameters({ id, codecMimeType: "audio/opus" }),
			...{ sessionId: 5, type: "audio", active: true },
		});
		for (const id of ["c1", "c2"]) {
			say({ message: { name: "INIT_CONSUMER", payload: consumer(id) }, needResponse: id });
			const { name } = (await heard("CONNECT_STC_TRANSPORT")).message ?? {};
			expect(name).toBe("CONNECT_STC_TRANSPORT");
			const asked = received.find(({ message }) => message?.name === "CONNECT_STC_TRANSPORT");
			say({ responseTo: asked?.needResponse });
			await answered(id);
		}
		const tracks = updates.filter(({ name }) => name === "track").map(({ payload }) => payload);
		expect(tracks).toMatchObject([
			{ sessionId: 5, type: "audio", active: true },
			{ sessionId: 5, type: "audio", active: true },
		]);
		// What changes nothing is not said.
		client.updateDownload(5, { audio: true, camera: false });
		client.updateDownload(5, { audio: undefined });
		client.updateDownload(6, { audio: false });
		client.updateDownload(5, { audio: false, camera: true });
		expect((await heard("CONSUMPTION_CHANGE")).message?.payload).toEqual({
			sessionId: 5,
			states: { audio: false, camera: true },
		});
		const { track } = (updates.at(-1) as { payload: { track: MediaStreamTrack } }).payload;
		expect(track.readyState).toBe("live");
		say({ message: { name: "SESSION_LEAVE", payload: { sessionId: 5 } } });
		await when(() => updates.at(-1)?.name === "disconnect");
		expect(track.readyState).toBe("ended");
	});

	it("that is a stream it cannot take gets no answer, and one that is paused is told as such", async () => {
		const consumer = fake.generateConsumerRemoteParameters({ id: "c1", codecMimeType: "video/VP8" });
		const of = { sessionId: 5, type: "camera", active: false };
		say({ message: { name: "INIT_CONSUMER", payload: { ...of, kind: "video" } }, needResponse: "bad" });
		say({ message: { name: "INIT_CONSUMER", payload: { ...consumer, ...of } }, needResponse: "good" });
		say({ responseTo: (await heard("CONNECT_STC_TRANSPORT")).needResponse });
		expect(await answered("good")).toEqual({ responseTo: "good" });
		expect(received.map(({ responseTo }) => responseTo)).not.toContain("bad");
		expect(updates.map(({ payload }) => payload)).toMatchObject([of]);
	});
});

describe("a lost connection", () => {
	const times: number[] = [];
	const losses: number[] = [];
	async function lose(): Promise<void> {
		const before = connections.length;
		losses.push(performance.now());
		latest().close(1011);
		await when(() => connections.length > before);
		times.push(performance.now());
	}

	it("is begun anew after a pause that grows, whether it succeeded meanwhile or not", async () => {
		await connected();
		await lose();
		latest().send("");
		await state("authenticated");
		await lose();
		const [first = 0, second = 0] = times.map((at, i) => at - (losses[i] ?? 0));
		expect(first).toBeGreaterThanOrEqual(1_500);
		expect(second).toBeGreaterThanOrEqual(2_250);
		expect(told).toEqual([
			...["connecting", "authenticated", "connected", "recovering"],
			...["connecting", "authenticated", "recovering", "connecting"],
		]);
	}, 15_000);

	it("is begun anew at once when the application says so, with what it says", async () => {
		await connected();
		latest().close(4107);
		await state("recovering");
		void client.connect(url(), "newer", { channelUUID: "other" });
		await when(() => connections.length === 2);
		expect(connections[1]?.credentials).toEqual({ channelUUID: "other", jwt: "newer" });
	});

	it("uses the token it was given while it was connected", async () => {
		await connected();
		await client.connect(url(), "newer", { channelUUID: "channel" });
		expect(connections).toHaveLength(1);
		await lose();
		expect(connections[1]?.credentials).toEqual({ channelUUID: "channel", jwt: "newer" });
	}, 10_000);

	it("leaves its media alone until the next one has transports, and the server may have kept it", async () => {
		const transports = await observed();
		await connected();
		await upload("audio");
		latest().close(1011);
		await state("recovering");
		// Muted on the device at least; there is nobody to tell.
		await client.updateUpload("audio", null);
		expect(received.map(({ message }) => message?.name)).not.toContain("PRODUCTION_CHANGE");
		await when(() => connections.length === 2);
		expect(transports.map(({ closed }) => closed)).toEqual([false, false]);
		await initialized();
		expect(transports.map(({ closed }) => closed)).toEqual([false, false, false, false]);
		// It is another connection's: the application uploads again.
		await upload("audio");
		await new Promise<void>((resolve) => transports[0]?.observer.once("close", resolve));
		expect(transports.map(({ closed }) => closed)).toEqual([true, true, false, false]);
		client.disconnect();
		expect(transports.map(({ closed }) => closed)).toEqual([true, true, true, true]);
	}, 15_000);

	it("of one that left while it prepared to connect is none", async () => {
		const entering = client.connect(url(), "token");
		client.disconnect();
		await entering;
		expect(connections).toEqual([]);
		expect(told).toEqual([]);
	});
});

describe("an upload", () => {
	beforeEach(connected);

	it("is offered with its type, turned off and on, and counted", async () => {
		expect(Object.keys(await client.getStats())).toEqual(["uploadStats", "downloadStats"]);
		await upload("camera");
		const { payload } = (await heard("INIT_PRODUCER")).message ?? {};
		expect(payload).toMatchObject({ type: "camera", kind: "video", rtpParameters: { codecs: expect.any(Array) } });
		expect(Object.keys(await client.getStats())).toEqual(["uploadStats", "downloadStats", "camera"]);
		const changes = () =>
			received.flatMap(({ message }) => (message?.name === "PRODUCTION_CHANGE" ? [message.payload] : []));
		await client.updateUpload("camera", null);
		await client.updateUpload("camera", trackOf("video"));
		await when(() => changes().length === 2);
		expect(changes()).toEqual([
			{ type: "camera", active: false },
			{ type: "camera", active: true },
		]);
		expect(received.filter(({ message }) => message?.name === "INIT_PRODUCER")).toHaveLength(1);
	});

	it("of nothing is none", async () => {
		await client.updateUpload("audio", null);
		client.broadcast("after");
		await heard("BROADCAST");
		expect(received.map(({ message }) => message?.name)).not.toContain("INIT_PRODUCER");
	});

	it("that fails is recorded and tried each second; the seventh begins the connection anew, with none recorded", async () => {
		const ended = Object.assign(trackOf("audio"), { readyState: "ended" });
		const began = performance.now();
		await client.updateUpload("audio", ended);
		expect(client.errors.map(({ message }) => message)).toEqual([expect.stringContaining("track")]);
		await state("recovering");
		expect(performance.now() - began).toBeGreaterThanOrEqual(5_900);
		expect(client.errors).toHaveLength(7);
		await state("connecting");
		expect(client.errors).toEqual([]);
	}, 20_000);
});

describe("what it says", () => {
	beforeEach(connected);

	it("is batched: the first message at once, those that follow within a moment together", async () => {
		const frames: Envelope[][] = [];
		latest().on("message", (data: Buffer) => frames.push(JSON.parse(data.toString()) as Envelope[]));
		client.updateInfo({ isTalking: true }, { needRefresh: true });
		client.broadcast("one");
		client.broadcast({ two: 2 });
		await when(() => received.filter(({ message }) => message?.name === "BROADCAST").length === 2);
		expect(frames.map((frame) => frame.map(({ message }) => message?.name))).toEqual([
			["C_INFO_CHANGE"],
			["BROADCAST", "BROADCAST"],
		]);
		expect(frames[0]?.[0]?.message?.payload).toEqual({ info: { isTalking: true }, needRefresh: true });
	});

	it("refuses a stream of a type that there is not", async () => {
		await expect(client.updateUpload("smell" as never, null)).rejects.toThrow("smell");
	});
});

describe("a request on the bus", () => {
	it("that is not answered in time rejects, and so do all when it closes", async () => {
		await connected();
		const ws = new WebSocket(url());
		await once(ws, "open");
		const bus = new Bus(ws, { message: () => {}, request: async () => undefined });
		await expect(bus.request({ name: "X" }, 20)).rejects.toThrow("no answer to X");
		const pending = bus.request({ name: "Y" });
		bus.close();
		await expect(pending).rejects.toThrow("closed");
		ws.close();
	});
});
