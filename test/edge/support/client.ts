/** A native client that speaks the protocol and nothing more. */
import { env, exports } from "cloudflare:workers";
import type {
	EventFrame,
	EventType,
	Reply,
	RequestInput,
	RequestType,
	VolatileFrame,
	VolatileType,
	Welcome,
} from "../../../shared/native.ts";
import { BEARER_PREFIX, SUBPROTOCOL } from "../../../shared/native.ts";
import { Rights } from "../../../shared/tokens.ts";
import { mintParticipantToken } from "../../../worker/auth/tokens.ts";
import type { Env } from "../../../worker/env.ts";
import { TestSocket } from "./socket.ts";

export const EDGE = "https://edge.test";

export const testEnv = env as unknown as Env;

export function fetchEdge(path: string, init?: RequestInit): Promise<Response> {
	return (exports as unknown as { default: Fetcher }).default.fetch(`${EDGE}${path}`, init);
}

/** A room name no other test uses. */
export function newRoom(): string {
	return `room-${crypto.randomUUID()}`;
}

export async function tokenFor(
	room: string,
	identity: string,
	rights: Partial<Rights> = {},
	ttl = 60,
	region?: string,
): Promise<string> {
	const grant = { room, identity, rights: Rights.parse(rights), ttl, region };
	const { token } = await mintParticipantToken(testEnv, grant);
	return token;
}

type Ok = Extract<Reply, { type: "ok" }>;
type Joined = Extract<Reply, { type: "joined" }>;

export class TestClient {
	readonly socket: TestSocket;
	welcome!: Welcome;
	#id = 0;
	/** The highest number of what came, to resume from. */
	seq = 0;

	private constructor(socket: TestSocket) {
		this.socket = socket;
	}

	static async dial(room: string, token: string, headers: Record<string, string> = {}): Promise<TestClient> {
		const response = await fetchEdge(`/v1/rooms/${room}/connect`, {
			headers: {
				Upgrade: "websocket",
				"Sec-WebSocket-Protocol": `${SUBPROTOCOL}, ${BEARER_PREFIX}${token}`,
				...headers,
			},
		});
		if (!response.webSocket) throw new Error(`not upgraded: ${response.status} ${await response.text()}`);
		return new TestClient(new TestSocket(response.webSocket));
	}

	/** Connected and welcomed, not joined. */
	static async open(
		room: string,
		identity: string,
		rights: Partial<Rights> = {},
		region?: string,
	): Promise<TestClient> {
		const client = await TestClient.dial(room, await tokenFor(room, identity, rights, 60, region));
		await client.greeted();
		return client;
	}

	static async join(
		room: string,
		identity: string,
		options: RequestInput<"join"> & { rights?: Partial<Rights>; region?: string } = {},
	): Promise<TestClient & { joined: Joined }> {
		const { rights, region, ...join } = options;
		const client = await TestClient.open(room, identity, rights, region);
		const joined = await client.request("join", join);
		if (joined.type !== "joined") throw new Error(`not joined: ${JSON.stringify(joined)}`);
		client.seq = joined.seq;
		return Object.assign(client, { joined });
	}

	/** On a new socket of the same session, welcomed and not yet resumed. Its requests go on from this one's ids. */
	async again(room: string): Promise<TestClient> {
		const client = await TestClient.dial(room, this.welcome.session.token);
		await client.greeted();
		client.#id = this.#id;
		return client;
	}

	resume(from: TestClient & { joined: Joined }, seq = from.seq): Promise<Reply> {
		return this.request("resume", { session: from.welcome.session.id, incarnation: from.joined.incarnation, seq });
	}

	async greeted(): Promise<void> {
		this.welcome = await this.socket.take<Welcome>((frame) => (frame as Welcome).type === "welcome");
	}

	/** Sends and does not wait; the id that it got. */
	post<T extends RequestType>(type: T, body: RequestInput<T>): number {
		const id = ++this.#id;
		this.socket.send({ id, type, ...body });
		return id;
	}

	answer(id: number): Promise<Reply> {
		return this.socket.take<Reply>((frame) => (frame as Reply).re === id);
	}

	request<T extends RequestType>(type: T, body: RequestInput<T>): Promise<Reply> {
		return this.answer(this.post(type, body));
	}

	/** A request that must be carried out. */
	async do<T extends RequestType>(type: T, body: RequestInput<T>): Promise<Ok> {
		const reply = await this.request(type, body);
		if (reply.type !== "ok") throw new Error(`${type} refused: ${JSON.stringify(reply)}`);
		return reply;
	}

	/** The code with which a request is refused. */
	async refusal<T extends RequestType>(type: T, body: RequestInput<T>): Promise<string> {
		const reply = await this.request(type, body);
		return reply.type === "error" ? reply.error.code : reply.type;
	}

	async event<T extends EventType>(type: T): Promise<Extract<EventFrame, { type: T }>> {
		const event = await this.socket.take<Extract<EventFrame, { type: T }>>(
			(frame) => (frame as EventFrame).type === type,
		);
		this.seq = Math.max(this.seq, event.seq);
		return event;
	}

	news<T extends VolatileType>(type: T): Promise<Extract<VolatileFrame, { type: T }>> {
		return this.socket.take((frame) => (frame as VolatileFrame).type === type);
	}

	/**
	 * Everything sent to this client so far has come: a refused request is answered after whatever was sent before it.
	 * Returns what was not taken.
	 */
	async settled(): Promise<readonly unknown[]> {
		await this.request("unpublish", { track: "no-such-track" });
		return this.socket.untaken;
	}
}
