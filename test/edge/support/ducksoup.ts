/** A client of DuckSoup as its wire describes it, and nothing more; and a node's part in what becomes of it. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect } from "vitest";
import type { DucksoupEvents, DucksoupFiles } from "../../../shared/ducksoup.ts";
import type { SentTrack } from "../../../shared/sdp.ts";
import { roomOf } from "../../../worker/api/ducksoup/settings.ts";
import { mintNodeToken } from "../../../worker/auth/tokens.ts";
import { fetchEdge, testEnv } from "./client.ts";
import type { TestLink, TestNode } from "./node.ts";
import { agree, clientSdp, nodeSdp, offer, sent } from "./sdp.ts";
import { actedOn, TestSocket } from "./socket.ts";

/** A page that may begin interactions (vitest.config.ts). */
export const LAB = "https://lab.test";

export interface Frame {
	kind: string;
	payload: unknown;
}

export async function dial(path = "/ws?href=https://lab.test/page", origin: string | null = LAB): Promise<Response> {
	return fetchEdge(path, { headers: { Upgrade: "websocket", ...(origin !== null && { Origin: origin }) } });
}

export const newName = () => `hall-${crypto.randomUUID()}`;

export const roomNamed = (name: string, page = LAB) => roomOf(page, { namespace: "default", name });

export class DucksoupClient {
	readonly socket: TestSocket;

	constructor(socket: TestSocket) {
		this.socket = socket;
	}

	static async open(path?: string, origin?: string): Promise<DucksoupClient> {
		const response = await dial(path, origin);
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status}`);
		return new DucksoupClient(new TestSocket(response.webSocket));
	}

	/** With options of its own; whatever the outcome. */
	static async join(interactionName: string, userId: string, options: object = {}): Promise<DucksoupClient> {
		const client = await DucksoupClient.open();
		client.say("join", { interactionName, userId, ...options });
		return client;
	}

	/** The payload as players send it: JSON in a text, unless it is one already. */
	say(kind: string, payload?: unknown): void {
		const text = typeof payload === "string" || payload === undefined ? payload : JSON.stringify(payload);
		this.socket.send(JSON.stringify({ kind, payload: text }));
	}

	async told<K extends keyof DucksoupEvents>(kind: K): Promise<DucksoupEvents[K]> {
		const frame = await this.socket.take<Frame>((it) => (it as Frame).kind === kind);
		return frame.payload as DucksoupEvents[K];
	}

	async files(): Promise<DucksoupFiles> {
		return this.told("files");
	}

	/** The next offer, in the text that it comes in. */
	async offer(): Promise<{ type: string; sdp: string }> {
		return JSON.parse(await this.told("offer")) as { type: string; sdp: string };
	}

	answer(): void {
		this.say("client_answer", { type: "answer", sdp: clientSdp });
	}

	/** Kinds of what came and was not taken. */
	get untaken(): string[] {
		return this.socket.untaken.map((frame) => (frame as Frame).kind);
	}

	/** Of what came when the room has acted on all that a node and this client said so far. */
	async settled(room: string, link?: TestLink): Promise<string[]> {
		const stub = testEnv.ROOM.getByName(room);
		if (link) await actedOn(stub, link.socket);
		await actedOn(stub, this.socket);
		return this.untaken;
	}
}

export interface Person {
	client: DucksoupClient;
	id: string;
	endpoint: string;
	sends: SentTrack[];
	tracks: string[];
}

/** An interaction on a node, and its people. */
export class Hall {
	readonly name = newName();
	readonly node: TestNode;
	readonly options: object;
	room = "";
	link!: TestLink;

	/** Nothing is recorded unless the options say how. */
	constructor(node: TestNode, options: object = {}) {
		this.node = node;
		this.options = { recordingMode: "none", ...options };
	}

	get stub() {
		return testEnv.ROOM.getByName(this.room);
	}

	/** Joined; its node has opened its media side, and it was told so far. */
	async enter(id: string, options: object = {}): Promise<Person> {
		this.room ||= await roomNamed(this.name);
		const client = await DucksoupClient.join(this.name, id, { ...this.options, ...options });
		this.link ??= await this.node.link(this.room);
		const { endpoint } = await this.link.open();
		return { client, id, endpoint, sends: [], tracks: [] };
	}

	/** It was invited, and its media comes. */
	async send(person: Person, kinds: readonly ("audio" | "video")[] = ["audio", "video"]): Promise<void> {
		offer(this.link, person.endpoint);
		await person.client.offer();
		person.client.answer();
		person.sends = kinds.map((kind, index) =>
			sent(kind, String(index), { stream: "own", track: `${person.id}-${kind}` }),
		);
		await agree(this.link, person.sends);
		for (const _ of kinds) person.tracks.push((await this.link.publish()).track);
		this.link.report({ type: "media", endpoint: person.endpoint, state: "connected" });
		await expect.poll(async () => (await this.own(person.id))?.connected).toBe(true);
	}

	/** What is kept of somebody. */
	own(id: string): Promise<Record<string, unknown> | undefined> {
		return runInDurableObject(this.stub, (_, state) => {
			const query = "SELECT value FROM participant WHERE key = ?";
			const [found] = state.storage.sql.exec<{ value: string }>(query, id).toArray();
			return found && (JSON.parse(found.value) as { own?: Record<string, unknown> }).own;
		});
	}

	/** What is kept of the interaction; nothing when it is over. */
	interaction(): Promise<Record<string, unknown> | undefined> {
		return runInDurableObject(this.stub, (_, state) => {
			const [found] = state.storage.sql.exec<{ value: string }>("SELECT value FROM room").toArray();
			const row = found && (JSON.parse(found.value) as { own?: { interaction?: Record<string, unknown> } });
			return row?.own?.interaction;
		});
	}

	/** The node offers all that somebody is to receive, and both agree on it. */
	async serve(person: Person, tracks: readonly string[]): Promise<void> {
		const sections = tracks.map((track, index) => ({
			...{ mid: String(index), kind: "audio" as const, track, sends: true },
		}));
		const { link } = this;
		const description = { type: "offer" as const, sdp: nodeSdp() };
		link.report({ type: "description", endpoint: person.endpoint, connection: "", description, sections });
		await person.client.offer();
		person.client.answer();
		const { endpoint, connection, cause } = await link.command("description");
		link.report({ type: "agreed", endpoint, connection, sections, cause });
	}

	/** What somebody's recorder has begun is finished, and told of as nodes do. */
	async recorded({ recording, path }: { recording: string; path: string }, extension: string): Promise<void> {
		const { token } = await mintNodeToken(testEnv, { node: this.node.id });
		const file = { path: `${path}.${extension}`, part: 1, bytes: 1_000, sha256: "0".repeat(64), durationMs: 9_000 };
		const response = await fetchEdge("/v1/recording-files/reports", {
			method: "POST",
			headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
			body: JSON.stringify({
				...{ room: this.room, recording, part: 1, over: true },
				files: [{ ...file, state: "written" }],
			}),
		});
		if (!response.ok) throw new Error(`not told: ${response.status} ${await response.text()}`);
	}

	/** Two people who have got the start. */
	async started(): Promise<[Person, Person]> {
		const ann = await this.enter("ann");
		const ben = await this.enter("ben");
		await this.send(ann);
		await this.send(ben);
		await this.serve(ann, ben.tracks);
		await this.serve(ben, ann.tracks);
		await Promise.all([ann.client.told("start"), ben.client.told("start")]);
		return [ann, ben];
	}

	/** As if that much time had passed, and memory had been lost: what is due is done. */
	async later(ms: number): Promise<void> {
		await runInDurableObject(this.stub, (_, state) => {
			const { sql } = state.storage;
			for (const table of ["room", "participant"]) {
				for (const { key, value } of sql.exec<{ key: string; value: string }>(`SELECT key, value FROM ${table}`)) {
					const row = JSON.parse(value) as { dueAt?: number; due?: { at: number }; own?: Record<string, unknown> };
					if (row.dueAt !== undefined) row.dueAt -= ms;
					if (row.due) row.due.at -= ms;
					back(table === "room" ? (row.own?.interaction as Record<string, unknown> | undefined) : row.own, ms);
					sql.exec(`UPDATE ${table} SET value = ? WHERE key = ?`, JSON.stringify(row), key);
				}
			}
		});
		await evictDurableObject(this.stub, { webSockets: "hibernate" });
		await runDurableObjectAlarm(this.stub);
	}
}

/** Of times, which are the only fields of that name. */
function back(own: Record<string, unknown> | undefined, ms: number): void {
	for (const [key, value] of Object.entries(own ?? {})) {
		if (/(At|By)$/.test(key) && typeof value === "number" && own) own[key] = value - ms;
	}
}
