/** The Odoo client library against a server that says what the specification says, over real sockets. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Device } from "mediasoup-client";
import * as fake from "mediasoup-client/fakeParameters";
import { FakeHandler } from "mediasoup-client/handlers/FakeHandler";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type WebSocket as Socket, WebSocketServer } from "ws";
import { Bus } from "../../client/odoo/bus.ts";
import { SfuClient, SfuClientState } from "../../client/odoo/sfu-client.ts";

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
	latest().send("");
	await authenticated;
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
		client.updateDownload(5, { audio: false });
		expect((await heard("CONSUMPTION_CHANGE")).message?.payload).toEqual({ sessionId: 5, states: { audio: false } });
	});
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
