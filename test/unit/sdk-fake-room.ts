/** A room that speaks the protocol on a real socket and does as the test says. Every frame it sends fits its schema. */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { ClientFrameInput, EventFrame, ParticipantInfo, Reply, Welcome } from "../../shared/native.ts";
import { ServerFrame } from "../../shared/native.ts";

type Frame = ClientFrameInput;
type WithoutSeq<T> = T extends unknown ? Omit<T, "seq"> : never;

export function person(id: string, more: Partial<ParticipantInfo> = {}): ParticipantInfo {
	return { id, join: 1, state: "joined", joinedAt: 1, tracks: [], ...more };
}

export class FakeRoom {
	readonly #server: WebSocketServer;
	/** Of each connection, in order: its token and path. */
	readonly connections: { token: string; path: string }[] = [];
	/** Every request of every connection, in order. */
	readonly requests: Frame[] = [];
	socket: WebSocket | undefined;
	seq = 10;
	incarnation = "inc-1";
	participants: ParticipantInfo[] = [person("me")];
	sessions = 0;
	graceMs = 5_000;
	heartbeatMs = 60_000;
	maxMessageBytes = 65_536;
	/** False: half open, nothing is heard of it. */
	pongs = true;
	/** What to say to a token; a code closes the socket instead of a welcome. */
	greet: (token: string) => number | undefined = () => undefined;
	/** What to answer; undefined: nothing. */
	answer: (frame: Frame) => Reply | undefined = (frame) => this.usual(frame);
	#changed: () => void = () => {};

	private constructor(server: WebSocketServer) {
		this.#server = server;
		server.on("connection", (ws, request) => {
			const [, token = ""] = /bearer\.(\S+)/.exec(request.headers["sec-websocket-protocol"] ?? "") ?? [];
			this.#accept(ws, request.url ?? "", token);
		});
	}

	static async start(): Promise<FakeRoom> {
		const server = new WebSocketServer({
			host: "127.0.0.1",
			port: 0,
			handleProtocols: () => "switchyard.v1",
		});
		await once(server, "listening");
		return new FakeRoom(server);
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async stop(): Promise<void> {
		for (const ws of this.#server.clients) ws.terminate();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	usual(frame: Frame): Reply {
		const { id } = frame;
		if (frame.type === "join") return { type: "joined", re: id, ...this.snapshot() };
		if (frame.type === "resume") return { type: "replayed", re: id, seq: this.seq };
		return { type: "ok", re: id };
	}

	snapshot() {
		const { incarnation, seq, participants } = this;
		return { incarnation, seq, participants, room: { name: "demo", topology: "sfu" as const, createdAt: 1 } };
	}

	send(frame: ServerFrame): void {
		this.socket?.send(JSON.stringify(ServerFrame.parse(frame)));
	}

	event(event: WithoutSeq<EventFrame>): void {
		this.send({ ...event, seq: ++this.seq } as EventFrame);
	}

	message(payload: unknown, id: number, from = "bob"): void {
		this.event({ type: "message", from, join: 1, id, payload });
	}

	/** Without a close frame, as a network does it. */
	drop(): void {
		this.socket?.terminate();
	}

	/** Resolves when that many requests of a type have come. */
	async got(type: Frame["type"], count = 1): Promise<Frame[]> {
		for (;;) {
			const found = this.requests.filter((frame) => frame.type === type);
			if (found.length >= count) return found;
			await new Promise<void>((resolve) => {
				this.#changed = resolve;
			});
		}
	}

	#accept(ws: WebSocket, path: string, token: string): void {
		this.connections.push({ token, path });
		this.socket = ws;
		const code = this.greet(token);
		if (code !== undefined) {
			ws.close(code);
			return;
		}
		ws.on("message", (data) => this.#receive(String(data)));
		const session = token.startsWith("session-") ? token : `session-token-of-number-${++this.sessions}`;
		const welcome: Welcome = {
			type: "welcome",
			protocol: 1,
			participant: "me",
			rights: { publish: [], subscribe: true, send: true, moderate: false },
			session: { id: session, token: session, graceMs: this.graceMs },
			routerRtpCapabilities: {},
			iceServers: [],
			heartbeatMs: this.heartbeatMs,
			maxMessageBytes: this.maxMessageBytes,
		};
		this.send(welcome);
	}

	#receive(text: string): void {
		if (text === "ping") {
			if (this.pongs) this.socket?.send("pong");
			return;
		}
		const frame = JSON.parse(text) as Frame;
		this.requests.push(frame);
		this.#changed();
		const reply = this.answer(frame);
		if (reply) this.send(reply);
	}
}
