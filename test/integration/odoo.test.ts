/** Real workerd and a real node, with clients of the Odoo SFU's wire on mediasoup-client, whose browser is a fake. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { Device, type types } from "mediasoup-client";
import * as fakeParameters from "mediasoup-client/fakeParameters";
import { FakeHandler } from "mediasoup-client/handlers/FakeHandler";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CLOSE } from "../../shared/close-codes.ts";
import { type ChannelStats, ODOO_CLOSE } from "../../shared/odoo.ts";
import { Bot } from "../support/bot/bot.ts";
import { Stack } from "../support/stack.ts";

interface Envelope {
	message?: { name?: string; payload?: unknown };
	needResponse?: string;
	responseTo?: string;
}
interface Track {
	id: string;
	sessionId: unknown;
	type: string;
	kind: "audio" | "video";
	active: boolean;
}
type Transport = types.TransportOptions;

const FAKE_TRACK = { id: "track", readyState: "live", enabled: true, muted: false, stop: () => {} };

let stack: Stack;
const clients: Client[] = [];
beforeAll(async () => {
	stack = await Stack.start();
});
afterAll(() => stack.stop());
afterEach(() => {
	for (const client of clients.splice(0)) client.ws.close();
});

function sign(claims: object): string {
	const text = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
	const signed = `${text({ alg: "HS256" })}.${text(claims)}`;
	return `${signed}.${createHmac("sha256", Buffer.from(stack.authKey, "base64")).update(signed).digest("base64url")}`;
}

async function makeChannel(iss: string): Promise<{ uuid: string; url: string }> {
	const response = await fetch(`${stack.url}/v1/channel`, { headers: { Authorization: `jwt ${sign({ iss })}` } });
	expect(response.status).toBe(200);
	return (await response.json()) as { uuid: string; url: string };
}

/** As a stock client does it: its tracks are what it was told to consume and could. */
class Client {
	readonly ws: WebSocket;
	readonly #waiting: { test: (envelope: Envelope) => boolean; resolve: (envelope: Envelope) => void }[] = [];
	readonly #untaken: Envelope[] = [];
	readonly #device: Promise<Device>;
	readonly tracks: Track[] = [];
	send!: types.Transport;
	recv!: types.Transport;
	#requests = 0;
	readonly connected: Promise<void>;

	constructor(url: string, uuid: string, session: unknown) {
		clients.push(this);
		this.#device = Device.factory({ handlerFactory: FakeHandler.createFactory(fakeParameters) });
		this.ws = new WebSocket(url.replace(/^http/, "ws"));
		this.ws.once("open", () => this.ws.send(JSON.stringify({ channelUUID: uuid, jwt: sign({ session_id: session }) })));
		let connected: () => void;
		this.connected = new Promise((resolve) => {
			connected = resolve;
		});
		this.ws.on("message", (data) => {
			if (data.toString() === "") return;
			for (const envelope of JSON.parse(data.toString()) as Envelope[]) {
				void this.#receive(envelope).then(() => {
					if (envelope.message?.name === "INIT_TRANSPORTS") connected();
				});
			}
		});
	}

	async #receive(envelope: Envelope): Promise<void> {
		const { message, needResponse: id } = envelope;
		if (message?.name === "INIT_TRANSPORTS") this.#respond(id, await this.#begin(message.payload));
		else if (message?.name === "INIT_CONSUMER") {
			const { active, type, sessionId, ...options } = message.payload as Track & types.ConsumerOptions;
			await this.recv.consume(options as types.ConsumerOptions);
			this.tracks.push({ active, type, sessionId, id: options.id, kind: options.kind });
			this.#respond(id);
			this.#put({ message: { name: "TRACK", payload: { active, type, sessionId } } });
		} else this.#put(envelope);
	}

	async #begin(payload: unknown): Promise<unknown> {
		const { capabilities, ctsConfig, stcConfig } = payload as {
			capabilities: types.RtpCapabilities;
			ctsConfig: Transport;
			stcConfig: Transport;
		};
		const device = await this.#device;
		await device.load({ routerRtpCapabilities: capabilities });
		this.send = device.createSendTransport(ctsConfig);
		this.recv = device.createRecvTransport(stcConfig);
		const connect = (name: string) => (parameters: { dtlsParameters: unknown }, done: () => void) => {
			void this.ask(name, parameters).then(done);
		};
		this.send.on("connect", connect("CONNECT_CTS_TRANSPORT"));
		this.recv.on("connect", connect("CONNECT_STC_TRANSPORT"));
		this.send.on("produce", ({ kind, rtpParameters, appData }, done) => {
			void this.ask("INIT_PRODUCER", { kind, rtpParameters, type: appData.type }).then(({ message }) =>
				done(message as { id: string }),
			);
		});
		return (device as unknown as { recvRtpCapabilities?: unknown }).recvRtpCapabilities ?? device.rtpCapabilities;
	}

	#respond(id: string | undefined, message?: unknown): void {
		this.ws.send(JSON.stringify([{ message, responseTo: id }]));
	}
	#put(envelope: Envelope): void {
		const at = this.#waiting.findIndex(({ test }) => test(envelope));
		if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(envelope);
		else this.#untaken.push(envelope);
	}
	take(test: (envelope: Envelope) => boolean): Promise<Envelope> {
		const at = this.#untaken.findIndex(test);
		const there = at >= 0 ? this.#untaken.splice(at, 1)[0] : undefined;
		return there ? Promise.resolve(there) : new Promise((resolve) => this.#waiting.push({ test, resolve }));
	}
	async payload(name: string): Promise<unknown> {
		return (await this.take(({ message }) => message?.name === name)).message?.payload;
	}
	ask(name: string, payload: unknown): Promise<Envelope> {
		const id = `c_0_${this.#requests++}`;
		this.ws.send(JSON.stringify([{ message: { name, payload }, needResponse: id }]));
		return this.take(({ responseTo }) => responseTo === id);
	}
	tell(name: string, payload: unknown): void {
		this.ws.send(JSON.stringify([{ message: { name, payload } }]));
	}
	upload(type: string): Promise<types.Producer> {
		const track = Object.assign(new EventTarget(), FAKE_TRACK, { kind: type === "audio" ? "audio" : "video" });
		return this.send.produce({ track: track as unknown as MediaStreamTrack, appData: { type } });
	}
}

it("three sessions meet on a real node: each stream is offered, taken, switched and replaced", async () => {
	const { uuid, url } = await makeChannel("https://odoo.test:channel:1");
	const [a, b] = [new Client(url, uuid, 1), new Client(stack.url, uuid, 2)];
	await Promise.all([a.connected, b.connected]);
	for (const type of ["audio", "camera", "screen"]) {
		await a.upload(type);
		expect(await b.payload("TRACK")).toEqual({ sessionId: 1, type, active: true });
	}
	const late = new Client(url, uuid, "three");
	await late.connected;
	for (const type of ["audio", "camera", "screen"]) {
		expect(await late.payload("TRACK")).toEqual({ sessionId: 1, type, active: true });
	}
	expect(new Set(late.tracks.map(({ kind }) => kind))).toEqual(new Set(["audio", "video"]));

	// Sound first: its info is empty.
	expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: {} });
	await b.payload("S_INFO_CHANGE");
	await b.payload("S_INFO_CHANGE");
	b.tell("CONSUMPTION_CHANGE", { sessionId: 1, states: { camera: false } });
	a.tell("PRODUCTION_CHANGE", { type: "camera", active: false });
	expect(await b.payload("S_INFO_CHANGE")).toEqual({ 1: { isCameraOn: false, isScreenSharingOn: true } });

	await a.upload("audio");
	for (const other of [b, late]) expect(await other.payload("TRACK")).toMatchObject({ sessionId: 1, type: "audio" });

	a.ws.close(1000);
	for (const other of [b, late]) expect(await other.payload("SESSION_LEAVE")).toEqual({ sessionId: 1 });
});

it("the statistics tell what arrives, and no more of somebody who left", async () => {
	const { uuid } = await makeChannel("https://odoo.test:channel:2");
	// Of a native participant: its media is real.
	const bot = await Bot.join(stack.url, uuid, "native", await stack.tokenFor(uuid, "native"));
	const stats = async () => {
		const all = (await (await fetch(`${stack.url}/v1/stats`)).json()) as ChannelStats[];
		return all.find((channel) => channel.uuid === uuid)?.sessionsStats.incomingBitRate;
	};
	const nothing = { audio: 0, camera: 0, screen: 0, total: 0 };
	try {
		await expect.poll(stats).toEqual(nothing);
		const ears = await Bot.join(stack.url, uuid, "ears", await stack.tokenFor(uuid, "ears"));
		await bot.publish();
		await ears.receives("native-video", 90);
		ears.destroy();
		const { audio = 0, camera = 0, screen, total } = (await stats()) ?? nothing;
		// It sends 50 packets of 92 bytes and 30 of 1,012 a second.
		expect(audio).toBeGreaterThan(0.7 * 36_800);
		expect(audio).toBeLessThan(1.4 * 36_800);
		expect(camera).toBeGreaterThan(0.7 * 243_000);
		expect(camera).toBeLessThan(1.4 * 243_000);
		expect({ screen, total }).toEqual({ screen: 0, total: audio + camera });
	} finally {
		await bot.leave();
	}
	expect(await stats()).toEqual(nothing);
}, 20_000);

it("a node that gets SIGALRM or SIGFPE ends its channels for everybody, and serves new ones", async () => {
	for (const signal of ["SIGALRM", "SIGFPE"] as const) {
		const iss = "https://odoo.test:channel:3";
		const { uuid, url } = await makeChannel(iss);
		const client = new Client(url, uuid, 1);
		await client.connected;
		const bot = await Bot.join(stack.url, uuid, "native", await stack.tokenFor(uuid, "native"));
		const closed = Promise.all([client.ws, bot.signal.ws].map(async (ws) => (await once(ws, "close"))[0]));
		stack.nodes[0]?.process.kill(signal);
		expect(await closed).toEqual([ODOO_CLOSE.kicked, CLOSE.roomClosed]);
		bot.destroy();
		expect((await stack.rest(`/v1/rooms/${uuid}`)).status).toBe(404);
	}
	const { uuid, url } = await makeChannel("https://odoo.test:channel:3");
	await new Client(url, uuid, 1).connected;
}, 30_000);
