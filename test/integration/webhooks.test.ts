/** Webhooks of a real edge over real HTTP, whose receiver is away and whose edge dies. */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Edge, startEdge } from "../../scripts/lib/edge.ts";
import { freePort } from "../../scripts/lib/free-port.ts";
import type { EventRecord } from "../../shared/events.ts";
import { Rights } from "../../shared/tokens.ts";
import { mintParticipantToken } from "../../worker/auth/tokens.ts";
import { BotSignal } from "../support/bot/signal.ts";

const authKey = randomBytes(32).toString("base64");
const [older, newer] = [randomBytes(32).toString("base64"), `whsec_${randomBytes(24).toString("base64")}`] as const;
const directory = mkdtempSync(join(tmpdir(), "switchyard-webhooks-"));
/** Of the receiver. */
let port: number;

beforeAll(async () => {
	port = await freePort();
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** What a back end does with webhooks of a room, with each of the two keys; for as long as its test lasts. */
class BackEnd {
	readonly events: EventRecord[] = [];
	readonly #server: Server;
	#waiting: (() => void)[] = [];

	private constructor(room: string) {
		this.#server = createServer((request, response) => {
			void text(request).then((body) => {
				const headers = request.headers as Record<string, string>;
				const event = new Webhook(newer).verify(body, headers) as EventRecord;
				new Webhook(older).verify(body, headers);
				response.writeHead(204).end();
				// Of a try before this one.
				if (event.room !== room) return;
				// Delivered at least once: what it has, it knows by its id.
				if (!this.events.some(({ id }) => id === event.id)) this.events.push(event);
				for (const wake of this.#waiting.splice(0)) wake();
			});
		});
	}

	static async listen(room: string): Promise<BackEnd> {
		const backEnd = new BackEnd(room);
		onTestFinished(() => backEnd.close());
		backEnd.#server.listen(port, "127.0.0.1");
		await once(backEnd.#server, "listening");
		return backEnd;
	}

	async got(count: number): Promise<string[]> {
		while (this.events.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
		return this.events.map(({ type, data }) => `${type} ${data.participant}`);
	}

	close(): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}
}

async function enter(edge: string, room: string, identity: string): Promise<BotSignal> {
	const grant = { room, identity, rights: Rights.parse({}), ttl: 600 };
	const { token } = await mintParticipantToken({ AUTH_KEY: authKey }, grant);
	const signal = await BotSignal.open(edge, room, token);
	await signal.request("join", {});
	return signal;
}

const settings = (url: string) => ({
	...{ AUTH_KEY: authKey, WEBHOOK_SECRET: `${newer},${older}`, WEBHOOK_ALLOW_PRIVATE: "true" },
	...{ WEBHOOK_URLS: url, EVENT_RETRY_MS: "100", EVENT_RETRY_MOST_MS: "500" },
	// A leave is answered before it is written. One that died with the edge is a silent socket's after this time.
	RESUME_GRACE_MS: "1000",
});

describe("of all rooms", () => {
	let edge: Edge;
	beforeAll(async () => {
		const vars = settings(`http://127.0.0.1:${port}/hook`);
		edge = await startEdge({ port: 0, dataDir: join(directory, "objects"), vars });
	});
	afterAll(() => edge?.dispose());

	it("arrive signed with each key, in order, also what happened while nobody listened and the edge was restarted", async () => {
		const room = `red-${randomUUID()}`;
		const first = await BackEnd.listen(room);
		const ada = await enter(edge.url, room, "ada");
		expect(await first.got(1)).toEqual(["room.join ada"]);
		first.close();
		const bob = await enter(edge.url, room, "bob");
		await ada.request("leave", {});
		await bob.request("leave", {});
		for (const { ws } of [ada, bob]) ws.terminate();
		await edge.restart();
		const second = await BackEnd.listen(room);
		expect(await second.got(3)).toEqual(["room.join bob", "room.leave ada", "room.leave bob"]);
		const [before] = first.events;
		expect(second.events.map(({ seq }) => seq - (before?.seq ?? 0))).toEqual([1, 2, 3]);
	});
});

describe("on plain workerd", () => {
	let edge: ChildProcess;
	let url: string;
	/** What it says. */
	const lines: string[] = [];
	beforeAll(async () => {
		mkdirSync("dist/assets", { recursive: true });
		const own = await freePort();
		url = `http://127.0.0.1:${own}`;
		edge = spawn(process.execPath, ["scripts/self-hosted.ts"], {
			stdio: ["ignore", "pipe", "pipe"],
			env: { ...process.env, ...settings(`http://127.0.0.1:${port}/hook`), PORT: String(own), DATA_DIR: directory },
		});
		for (const input of [edge.stdout, edge.stderr]) {
			if (input) createInterface({ input }).on("line", (line) => lines.push(line));
		}
		await vi.waitFor(async () => expect((await fetch(`${url}/v1/health`)).ok).toBe(true), { timeout: 20_000 });
	});
	afterAll(async () => {
		edge.kill("SIGTERM");
		await once(edge, "exit");
	});

	it("private addresses are refused by the platform too, where a public name may resolve to them", async () => {
		const room = `blue-${randomUUID()}`;
		const backEnd = await BackEnd.listen(room);
		lines.splice(0);
		const ada = await enter(url, room, "ada");
		onTestFinished(() => ada.close());
		// The settings allow the URL, so that it comes to the platform.
		await expect.poll(() => lines.join("\n"), { timeout: 20_000 }).toContain("events not delivered yet");
		expect(lines.join("\n")).toContain(`connecting to 127.0.0.1:${port} is not allowed`);
		expect(backEnd.events).toEqual([]);
	});
});
