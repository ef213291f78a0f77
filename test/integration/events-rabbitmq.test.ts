/** Events of a real edge through a real bridge to a real RabbitMQ, each of which stops and dies under load. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { type ConsumeMessage, connect } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Edge, startEdge } from "../../scripts/lib/edge.ts";
import { BridgeProcess } from "../../scripts/lib/events-bridge.ts";
import { freePort } from "../../scripts/lib/free-port.ts";
import { cachedMediasoupWorker } from "../../scripts/setup/mediasoup-worker.mjs";
import type { EventConsumer } from "../../shared/rest.ts";
import { Rights } from "../../shared/tokens.ts";
import { mintParticipantToken } from "../../worker/auth/tokens.ts";
import { BotSignal } from "../support/bot/signal.ts";
import { signOdoo } from "../support/odoo.ts";
import { Rabbitmq } from "../support/rabbitmq.ts";

/** How long the broker is away. */
const OUTAGE_MS = Number(process.env.EVENTS_OUTAGE_SECONDS || 10) * 1_000;
const ROOMS = 8;
/** A room that lost its memory delivers when its alarm wakes it, at the latest, ms. */
const ARRIVE_MS = 30_000;
const authKey = randomBytes(32).toString("base64");
const dataDir = mkdtempSync(join(tmpdir(), "switchyard-events-"));

let broker: Rabbitmq;
let edge: Edge;

const newName = (what: string) => `${what}-${randomBytes(4).toString("hex")}`;

/** Looks until it holds. Nothing goes on looking when its test is over. */
async function until(what: string, holds: () => Promise<boolean>, ms = ARRIVE_MS): Promise<void> {
	for (const deadline = Date.now() + ms; !(await holds()); await delay(50)) {
		if (Date.now() > deadline) throw new Error(`not in ${ms} ms: ${what}`);
	}
}

beforeAll(async () => {
	broker = await Rabbitmq.start();
	const vars = {
		...{ AUTH_KEY: authKey, EVENT_FEED: "true", EVENT_LIVE_MS: "2000", EMPTY_ROOM_MS: "1000" },
		// A leave is answered before it is written. One that died with the edge is a silent socket's after this time.
		RESUME_GRACE_MS: "1000",
	};
	edge = await startEdge({ port: 0, dataDir, vars });
}, 120_000);
afterAll(async () => {
	await edge?.dispose();
	await broker?.dispose();
	rmSync(dataDir, { recursive: true, force: true });
});
/** A bridge of one test, and the queue in which all that it brings arrives. */
class Way {
	readonly queue: string;
	readonly #env: Record<string, string>;
	bridge: BridgeProcess;

	private constructor(queue: string, env: Record<string, string>) {
		this.queue = queue;
		this.#env = env;
		this.bridge = this.#start();
	}

	static async open(env: Record<string, string> = {}, queue = newName("events")): Promise<Way> {
		onTestFinished(() => broker.remove(queue));
		const way = new Way(queue, env);
		onTestFinished(() => way.bridge.stop());
		await way.healthy();
		return way;
	}

	#start(): BridgeProcess {
		const queueOf = { RABBITMQ_QUEUE: this.queue, CONSUMER: this.queue, FROM: "now", ...this.#env };
		return new BridgeProcess({ edge: edge.url, authKey, rabbitmq: broker.url, env: queueOf });
	}

	/** When it has ended. */
	async startAnew(): Promise<void> {
		this.bridge = this.#start();
		await this.healthy();
	}

	async health(): Promise<{ status: number; waiting: number }> {
		const response = await fetch(`${await this.bridge.http}/health`);
		return { status: response.status, ...((await response.json()) as { waiting: number }) };
	}

	healthy(): Promise<void> {
		return until("the bridge is healthy", async () => (await this.health()).status === 200);
	}

	/** The broker has all that rooms have told, and the edge knows it. */
	delivered(): Promise<void> {
		return until("all is delivered", async () => {
			const headers = { authorization: `Bearer ${authKey}` };
			const response = await fetch(`${edge.url}/v1/events/consumers`, { headers });
			const { items } = (await response.json()) as { items: EventConsumer[] };
			const own = items.find(({ name }) => name === this.queue);
			return own?.behind === 0 && (await this.health()).waiting === 0;
		});
	}

	drain(): Promise<ConsumeMessage[]> {
		return broker.drain(this.queue);
	}

	/** What came of a room until there is one of that type. */
	async hear(told: ConsumeMessage[], room: string, key: string): Promise<void> {
		await until(`${key} of ${room}`, async () => {
			const messages = await this.drain();
			told.push(...messages.filter(({ properties }) => properties.headers?.room === room));
			return told.some(({ fields }) => fields.routingKey === key);
		});
	}
}

async function enter(room: string, identity: string, url = edge.url): Promise<BotSignal> {
	const grant = { room, identity, rights: Rights.parse({}), ttl: 600 };
	const { token } = await mintParticipantToken({ AUTH_KEY: authKey }, grant);
	const signal = await BotSignal.open(url, room, token);
	await signal.request("join", {});
	return signal;
}

async function leave(signal: BotSignal): Promise<void> {
	await signal.request("leave", {});
	signal.close();
}

/** People come and go in several rooms, as fast as they may, one after the other in each. */
class Load {
	/** What must arrive of each room, in this order. */
	readonly expected = new Map<string, string[]>();
	#going = true;
	readonly #rooms: Promise<void>[];

	constructor() {
		const prefix = newName("load");
		this.#rooms = Array.from({ length: ROOMS }, (_, i) => this.#room(`${prefix}-${i}`));
		onTestFinished(() => this.stop().catch(() => {}));
	}

	get events(): number {
		return [...this.expected.values()].reduce((sum, { length }) => sum + length, 0);
	}

	async stop(): Promise<void> {
		this.#going = false;
		await Promise.all(this.#rooms);
	}

	async #room(room: string): Promise<void> {
		const log: string[] = [];
		this.expected.set(room, log);
		const there: { signal: BotSignal; id: string }[] = [];
		const goOne = async () => {
			const first = there.shift();
			if (!first) return;
			await leave(first.signal);
			log.push(`room.leave ${first.id} ${there.length}`);
		};
		for (let i = 0; this.#going; i++) {
			const id = `p${i}`;
			there.push({ signal: await enter(room, id), id });
			log.push(`room.join ${id} ${there.length}`);
			if (there.length === 3) await goOne();
			await delay(20);
		}
		while (there.length > 0) await goOne();
	}
}

interface Body {
	roomId: string;
	roomSize: number;
	userId: string;
}

/** Of each room, what came in the order in which it first came, and how much came twice. */
function read(messages: ConsumeMessage[]): {
	rooms: Map<string, string[]>;
	seqs: Map<string, number[]>;
	twice: number;
} {
	const seen = new Set<string>();
	const rooms = new Map<string, string[]>();
	const seqs = new Map<string, number[]>();
	for (const { fields, properties, content } of messages) {
		const id = properties.messageId as string;
		if (seen.has(id)) continue;
		seen.add(id);
		const { room, seq } = properties.headers as { room: string; seq: number };
		seqs.set(room, [...(seqs.get(room) ?? []), seq]);
		const { userId, roomSize } = JSON.parse(content.toString()) as Body;
		if (fields.routingKey === "room.live") continue;
		rooms.set(room, [...(rooms.get(room) ?? []), `${fields.routingKey} ${userId} ${roomSize}`]);
	}
	return { rooms, seqs, twice: messages.length - seen.size };
}

/** Nothing lost, order kept, by what people did and by the rooms' own numbers. */
async function expectAll(way: Way, ...loads: Load[]): Promise<{ twice: number; events: number }> {
	const all = loads.flatMap(({ expected }) => [...expected]);
	const events = loads.reduce((sum, load) => sum + load.events, 0);
	const messages: ConsumeMessage[] = [];
	const deadline = Date.now() + ARRIVE_MS;
	do {
		await way.delivered();
		messages.push(...(await way.drain()));
	} while (
		Date.now() < deadline &&
		all.some(([room, expected]) => (read(messages).rooms.get(room)?.length ?? 0) < expected.length)
	);
	const { rooms, seqs, twice } = read(messages);
	for (const [room, expected] of all) {
		expect({ room, events: rooms.get(room) }).toEqual({ room, events: expected });
		const numbers = seqs.get(room) ?? [];
		expect({ room, seqs: numbers }).toEqual({ room, seqs: numbers.map((_, i) => (numbers[0] ?? 0) + i) });
	}
	return { twice, events };
}

describe("a client of tribe's protocol", () => {
	it("is told of by its routing keys and bodies", async () => {
		const way = await Way.open();
		const room = newName("tribe");
		const bearer = signOdoo({ userId: "ada" }, authKey);
		const socket = new WebSocket(`${edge.url.replace("http", "ws")}/api`);
		onTestFinished(() => socket.close());
		await once(socket, "open");
		const joined = once(socket, "message");
		const say = (a: string, d: object = {}) => socket.send(JSON.stringify({ a, d }));
		const device = { platform: "iOS", deviceName: "phone", networkType: "wifi", version: "17", appVersion: "2.1" };
		say("join", { roomId: room, bearer, ...device, orientation: 0, camera: "front", maxVideoBitrate: 500_000 });
		const [message] = (await joined) as [MessageEvent];
		const { socketId } = (JSON.parse(String(message.data)) as { d: { socketId: string } }).d;
		say("eventFreeze");
		say("eventCpu", { cpuUsed: 40 });
		say("eventNetworkChange", { networkType: "mobile" });
		const told: ConsumeMessage[] = [];
		// Every 2 s here: the room lives, and its client is there.
		await way.hear(told, room, "webrtc.ping");
		socket.close(1000);
		await way.hear(told, room, "room.leave");

		const bodies = (key: string) =>
			told.filter(({ fields }) => fields.routingKey === key).map(({ content }) => JSON.parse(content.toString("utf8")));
		const who = { socketId, userId: "ada" };
		const of = { roomId: room, roomSize: 1 };
		expect(bodies("room.join")).toEqual([{ ...of, ...who, ...device, ip: expect.any(String), bitrate: 500_000 }]);
		expect(bodies("webrtc.freeze")).toEqual([{ socketId }]);
		expect(bodies("webrtc.cpu")).toEqual([{ socketId, cpuUsed: 40 }]);
		expect(bodies("network.change")).toEqual([{ socketId, networkType: "mobile" }]);
		expect(bodies("room.live")[0]).toEqual({ ...of, sessions: [who] });
		expect(bodies("webrtc.ping")[0]).toEqual({ socketId });
		expect(bodies("room.leave")).toEqual([{ roomId: room, roomSize: 0, ...who }]);
		expect(told[0]?.fields).toMatchObject({ exchange: "live_events", routingKey: "room.join" });
	});
});

describe("what RabbitMQ gets", () => {
	it("is what consumers of the exchange live_events read: keys, bodies, properties", async () => {
		const way = await Way.open();
		const room = newName("shape");
		const ada = await enter(room, "ada");
		onTestFinished(() => ada.close());
		const socketId = ada.session;
		const told: ConsumeMessage[] = [];
		await way.hear(told, room, "room.live");
		await leave(ada);
		await way.hear(told, room, "room.leave");
		// It lives every 2 s, however long the rest takes.
		const first = told.findIndex(({ fields }) => fields.routingKey === "room.live");
		const messages = told.filter(({ fields }, i) => fields.routingKey !== "room.live" || i === first);
		const bodies = messages.map(({ fields, content }) => [fields.exchange, fields.routingKey, content.toString()]);
		// As text: also the order of the members is that of the original.
		const json = (body: object) => JSON.stringify(body);
		expect(bodies).toEqual([
			[
				"live_events",
				"room.join",
				json({
					...{ roomId: room, roomSize: 1, socketId, userId: "ada", platform: "", deviceName: "", networkType: "" },
					...{ appVersion: "", version: "", ip: "", bitrate: 0 },
				}),
			],
			["live_events", "room.live", json({ roomId: room, roomSize: 1, sessions: [{ socketId, userId: "ada" }] })],
			["live_events", "room.leave", json({ roomId: room, roomSize: 0, socketId, userId: "ada" })],
		]);
		for (const { properties, fields } of messages) {
			const { seq } = properties.headers as { seq: number };
			expect(properties).toMatchObject({ contentType: "application/json", deliveryMode: 2, appId: "switchyard" });
			expect(properties).toMatchObject({ messageId: `${room}/${seq}`, type: fields.routingKey });
		}
	});

	it("goes to an exchange of another type where there is one, and only to queues bound for its key", async () => {
		const connection = await connect(broker.url);
		onTestFinished(() => connection.close());
		const channel = await connection.createChannel();
		const [mine, queue] = [newName("mine"), newName("joins")];
		await channel.assertExchange(mine, "direct", { durable: false, autoDelete: true });
		await channel.assertQueue(queue);
		onTestFinished(() => broker.remove(queue));
		await channel.bindQueue(queue, mine, "room.join");
		const way = await Way.open({ RABBITMQ_EXCHANGE: mine, RABBITMQ_QUEUE: "" });
		const room = newName("direct");
		await leave(await enter(room, "ada"));
		await way.delivered();
		const joins = await broker.drain(queue);
		expect(joins.map(({ fields }) => fields.routingKey).filter((key) => key !== "room.join")).toEqual([]);
		expect(joins.map(({ properties }) => properties.headers?.room)).toContain(room);
		const metrics = await (await fetch(`${await way.bridge.http}/metrics`)).text();
		expect(metrics).toMatch(/switchyard_events_unroutable_total\{type="room.leave"\} [1-9]/);
	});
});

describe("under load, nothing is lost and each room's order is kept", () => {
	it.each([
		["is stopped", OUTAGE_MS / 1_000, "SIGTERM"],
		["crashes", 2, "SIGKILL"],
	] as const)(
		"when the broker %s and is away for %d s",
		async (_, seconds, signal) => {
			const way = await Way.open();
			const load = new Load();
			await delay(2_000);
			onTestFinished(() => broker.start());
			await broker.stop(signal);
			await until("the bridge is not healthy", async () => (await way.health()).status === 503);
			await delay(seconds * 1_000);
			await broker.start();
			await way.healthy();
			await delay(2_000);
			await load.stop();
			const { twice, events } = await expectAll(way, load);
			console.log(
				`broker ${signal}, away ${seconds} s and while it starts: ${events} joins and leaves, ${twice} messages twice`,
			);
			// The first of each room may have been in doubt, and nothing else.
			expect(twice).toBeLessThanOrEqual(ROOMS * 2);
		},
		OUTAGE_MS + 120_000,
	);

	it("when the bridge is killed, again and again", async () => {
		const way = await Way.open();
		const load = new Load();
		for (let i = 0; i < 4; i++) {
			await delay(1_500);
			await way.bridge.kill("SIGKILL");
			await delay(500);
			await way.startAnew();
		}
		await delay(1_000);
		await load.stop();
		const { twice, events } = await expectAll(way, load);
		console.log(`bridge killed 4 times: ${events} joins and leaves, ${twice} messages twice`);
	});

	it("when the bridge is told to stop, and nothing comes twice then", async () => {
		const way = await Way.open();
		const load = new Load();
		for (let i = 0; i < 2; i++) {
			await delay(1_500);
			expect(await way.bridge.kill("SIGTERM")).toBe(0);
			await way.startAnew();
		}
		await load.stop();
		expect((await expectAll(way, load)).twice).toBe(0);
	});

	it("when bridge and edge die, and the edge comes back first", async () => {
		const way = await Way.open();
		const load = new Load();
		await delay(1_500);
		await way.bridge.kill("SIGKILL");
		await delay(500);
		await load.stop();
		await edge.restart();
		const after = new Load();
		await delay(1_000);
		await way.startAnew();
		await after.stop();
		await expectAll(way, load, after);
	});

	it("when a queue is full and the broker refuses", async () => {
		const connection = await connect(broker.url);
		onTestFinished(() => connection.close());
		const channel = await connection.createChannel();
		const bounded = newName("bounded");
		await channel.assertQueue(bounded, {
			durable: true,
			arguments: { "x-max-length": 5, "x-overflow": "reject-publish" },
		});
		const way = await Way.open({}, bounded);
		const taken: ConsumeMessage[] = [];
		const load = new Load();
		await delay(2_000);
		await load.stop();
		expect((await way.health()).waiting).toBeGreaterThan(0);
		await channel.consume(bounded, (message) => {
			if (!message) return;
			taken.push(message);
			channel.ack(message);
		});
		await way.delivered();
		await channel.checkQueue(bounded);
		const { rooms } = read(taken);
		for (const [room, expected] of load.expected) expect(rooms.get(room)).toEqual(expected);
	});
});

it("npm start runs a bridge where RABBITMQ_URL is set, and stops it with everything else", async () => {
	const own = mkdtempSync(join(tmpdir(), "switchyard-start-"));
	const [queue, room] = [newName("started"), newName("room")];
	onTestFinished(() => broker.remove(queue));
	const port = await freePort();
	const child = spawn(process.execPath, ["scripts/serve.ts"], {
		stdio: ["ignore", "pipe", "inherit", "ipc"],
		env: {
			...{ ...process.env, MEDIASOUP_WORKER_BIN: cachedMediasoupWorker(), AUTH_KEY: authKey, DATA_DIR: own },
			...{ PORT: String(port), HOST: "127.0.0.1", RABBITMQ_URL: broker.url, RABBITMQ_QUEUE: queue },
		},
	});
	try {
		const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
		const said = new Map<string, string>();
		for await (const line of lines) {
			const [, what = "", url = ""] = /^(.+?):? (http.*)$/.exec(line) ?? [];
			said.set(what, url);
			if (said.has("ready") && said.has("events bridge")) break;
		}
		const health = (said.get("events bridge") ?? "").replace("metrics", "health");
		await until("the bridge is healthy", async () => (await fetch(health)).status === 200);
		await leave(await enter(room, "ada", `http://127.0.0.1:${port}`));
		const keys: string[] = [];
		await until("a join and a leave", async () => {
			keys.push(...(await broker.drain(queue)).map(({ fields }) => fields.routingKey));
			return keys.length >= 2;
		});
		expect(keys).toEqual(["room.join", "room.leave"]);
		const exited = once(child, "exit");
		child.kill("SIGTERM");
		expect(await exited).toEqual([0, null]);
		await expect(fetch(health)).rejects.toThrow();
	} finally {
		child.kill("SIGKILL");
		rmSync(own, { recursive: true, force: true });
	}
});
