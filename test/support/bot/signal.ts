/** The native protocol on a `ws` socket, for clients without a browser. */
import { once } from "node:events";
import WebSocket, { type ClientOptions } from "ws";
import { HEARTBEAT } from "../../../shared/limits.ts";
import {
	BEARER_PREFIX,
	type EventFrame,
	type EventType,
	type Reply,
	type RequestInput,
	type RequestType,
	type ServerFrame,
	SUBPROTOCOL,
	type Welcome,
} from "../../../shared/native.ts";

export class BotSignal {
	readonly ws: WebSocket;
	/** Of its membership. */
	session = "";
	#id = 0;
	readonly #answers = new Map<number, (reply: Reply) => void>();
	readonly #taken: { test: (frame: ServerFrame) => boolean; resolve: (frame: ServerFrame) => void }[] = [];
	/** Every frame, after those who wait for one. */
	onFrame: (frame: ServerFrame) => void = () => {};

	private constructor(ws: WebSocket) {
		this.ws = ws;
		ws.on("message", (data: Buffer) => {
			if (data.length === HEARTBEAT.pong.length) return;
			const read = JSON.parse(data.toString()) as ServerFrame | ServerFrame[];
			for (const frame of Array.isArray(read) ? read : [read]) this.#receive(frame);
		});
	}

	#receive(frame: ServerFrame): void {
		if ("re" in frame) {
			this.#answers.get(frame.re)?.(frame);
			this.#answers.delete(frame.re);
		}
		const at = this.#taken.findIndex(({ test }) => test(frame));
		if (at >= 0) this.#taken.splice(at, 1)[0]?.resolve(frame);
		this.onFrame(frame);
	}

	/** `heartbeat` false: it falls silent once it is welcomed. */
	static async open(edge: string, room: string, token: string, heartbeat = true): Promise<BotSignal> {
		const url = `${edge.replace(/^http/, "ws")}/v1/rooms/${room}/connect`;
		// Locally, workerd leaves the connection open for ten seconds after both sides have said Close. The types of `ws`
		// do not know `closeTimeout` yet.
		const options: ClientOptions & { closeTimeout: number } = { perMessageDeflate: false, closeTimeout: 200 };
		const ws = new WebSocket(url, [SUBPROTOCOL, BEARER_PREFIX + token], options);
		const signal = new BotSignal(ws);
		const welcome = signal.take((frame): frame is Welcome => frame.type === "welcome");
		await once(signal.ws, "open");
		const { heartbeatMs, session } = await welcome;
		signal.session = session.id;
		const beat = setInterval(() => ws.send(HEARTBEAT.ping), heartbeatMs);
		ws.once("close", () => clearInterval(beat));
		if (!heartbeat) clearInterval(beat);
		return signal;
	}

	/** The next frame that passes. */
	take<T extends ServerFrame>(test: (frame: ServerFrame) => frame is T): Promise<T> {
		return new Promise((resolve) => {
			this.#taken.push({ test, resolve: (frame) => resolve(frame as T) });
		});
	}

	event<T extends EventType>(type: T): Promise<Extract<EventFrame, { type: T }>> {
		return this.take((frame): frame is Extract<EventFrame, { type: T }> => frame.type === type);
	}

	/** Resolves with the answer; a refusal throws. */
	async request<T extends RequestType>(type: T, body: RequestInput<T>): Promise<Reply> {
		const id = ++this.#id;
		this.ws.send(JSON.stringify({ id, type, ...body }));
		const reply = await new Promise<Reply>((resolve) => this.#answers.set(id, resolve));
		if (reply.type === "error") throw new Error(`${type}: ${reply.error.code}: ${reply.error.message}`);
		return reply;
	}

	close(): void {
		this.ws.terminate();
	}
}
