/** A tribe client as its wire describes it, and nothing more. */
import { createExecutionContext } from "cloudflare:test";
import { Rights } from "../../../shared/tokens.ts";
import { newSocketId } from "../../../worker/dialects/tribe/names.ts";
import { tribe } from "../../../worker/dialects/tribe/tribe.ts";
import { MARK_LENGTH } from "../../../worker/directory/mark.ts";
import edge from "../../../worker/index.ts";
import type { Core } from "../../../worker/room/core.ts";
import type { Grant } from "../../../worker/room/rpc.ts";
import { EDGE, fetchEdge, newRoom, testEnv } from "./client.ts";
import { type Signing, sign } from "./odoo.ts";
import { TestSocket } from "./socket.ts";

interface Session {
	socketId: string;
	userId: string;
}
export interface Frame {
	a: string;
	s?: boolean;
	e?: number;
	d?: Record<string, unknown>;
}
export interface Joined extends Session {
	roomSize: number;
	userMediaConfiguration: unknown;
	sessions: Session[];
}

export const bearerFor = (userId: unknown, claims: object = {}, signing: Signing = {}) =>
	sign({ userId, ...claims }, signing);

export const device = {
	...{ platform: "iOS", deviceName: "iPhone 7", networkType: "wifi", version: "iOS 10.0.3", appVersion: "110" },
	...{ orientation: 90, camera: "front" },
};

export class TribeClient {
	readonly socket: TestSocket;
	joined!: Joined;

	private constructor(socket: TestSocket) {
		this.socket = socket;
	}

	/** To an edge with other variables, where some are given. */
	static async dial(variables?: Record<string, string>): Promise<TribeClient> {
		const init = { headers: { Upgrade: "websocket" } };
		const response = variables
			? await edge.fetch(new Request(`${EDGE}/api`, init), { ...testEnv, ...variables }, createExecutionContext())
			: await fetchEdge("/api", init);
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status} ${await response.text()}`);
		return new TribeClient(new TestSocket(response.webSocket));
	}

	static async join(roomId: string, userId: string, more: object = {}): Promise<TribeClient> {
		const client = await TribeClient.dial();
		client.joined = await client.join(roomId, userId, more);
		return client;
	}

	/** So many people in a room of their own, in the order of their coming, each with what it was told so far taken. */
	static async room(...users: string[]): Promise<TribeClient[]> {
		const room = newRoom();
		const clients: TribeClient[] = [];
		for (const user of users) clients.push(await TribeClient.join(room, user));
		for (const client of clients) await client.settled();
		return clients;
	}

	async join(roomId: string, userId: string, more: object = {}): Promise<Joined> {
		const answer = await this.call("join", { roomId, bearer: await bearerFor(userId), ...device, ...more });
		if (!answer.s) throw new Error(`not joined: ${JSON.stringify(answer)}`);
		return answer.d as unknown as Joined;
	}

	get id(): string {
		return this.joined.socketId;
	}
	get session(): Session {
		return { socketId: this.joined.socketId, userId: this.joined.userId };
	}

	send(a: string, d?: unknown): void {
		this.socket.send({ a, d });
	}

	call(a: string, d?: unknown): Promise<Frame> {
		this.send(a, d);
		return this.answer(a);
	}

	answer(a: string): Promise<Frame> {
		return this.socket.take((frame) => (frame as Frame).a === `${a}R`);
	}

	async data(name: string): Promise<unknown> {
		return (await this.socket.take<Frame>((frame) => (frame as Frame).a === name)).d;
	}

	/** Everything sent to it so far has come; it is given back and taken. */
	async settled(): Promise<Frame[]> {
		await this.call("no-such-action");
		return (this.socket.untaken as Frame[]).splice(0);
	}
}

/** A socketId of the same room that nobody has. */
export function nobody(of: string): string {
	return of.slice(0, MARK_LENGTH) + "0".repeat(32 - MARK_LENGTH);
}

export const code = (value: number) => ({ s: false, e: value });

/** Joins a room from within its object, by a socket of which the other side is kept: what it was told. */
export function enterRoom(core: Core, room: string, name: string) {
	const { 0: client, 1: server } = new WebSocketPair();
	const told: string[] = [];
	client.addEventListener("message", ({ data }) => told.push(data as string));
	const id = newSocketId(room);
	const grant: Grant = {
		...{ kind: "client", room, dialect: "tribe", session: id, sessionToken: "", returning: false },
		claims: { sub: id, room, exp: 0, name, rights: Rights.parse({}) },
		...{ origin: EDGE, place: {} },
	};
	core.sockets.accept(server, { kind: "guest", dialect: "tribe", openedAt: Date.now(), grant });
	client.accept();
	tribe.receive(core, server, JSON.stringify({ a: "join", d: { roomId: room, bearer: "proven" } }));
	return { id, server, told };
}
