/** One WebSocket of the native protocol: frames in and out, the heartbeat, and an end that is told exactly once. */
import { BEARER_PREFIX, HEARTBEAT, type ServerFrame, SUBPROTOCOL } from "./wire.ts";

/** The part of the WebSocket that is used; Node's `ws` has it too. */
export interface WebSocketLike {
	readonly readyState: number;
	onopen: ((event: never) => void) | null;
	onmessage: ((event: never) => void) | null;
	onclose: ((event: never) => void) | null;
	onerror: ((event: never) => void) | null;
	send(text: string): void;
	close(code?: number, reason?: string): void;
}
export type WebSocketConstructor = new (url: string, protocols: string[]) => WebSocketLike;

/** RFC 6455 section 7.1.5: no close frame came. */
export const ABNORMAL = 1006;
/** A pong is due within this, ms. */
const PONG_MS = 5_000;
const OPEN = 1;

export interface SocketHandlers {
	frame(frame: ServerFrame): void;
	closed(code: number): void;
}

export class Socket {
	readonly #ws: WebSocketLike;
	readonly #handlers: SocketHandlers;
	readonly #pongMs: number;
	#beat: ReturnType<typeof setInterval> | undefined;
	#due: ReturnType<typeof setTimeout> | undefined;
	#over = false;

	constructor(
		create: WebSocketConstructor,
		url: string,
		token: string,
		handlers: SocketHandlers,
		pongMs: number = PONG_MS,
	) {
		this.#handlers = handlers;
		this.#pongMs = pongMs;
		this.#ws = new create(url, [SUBPROTOCOL, BEARER_PREFIX + token]);
		this.#ws.onmessage = (event: { data: unknown }) => this.#receive(event.data);
		this.#ws.onclose = (event: { code: number }) => this.#end(event.code);
		// A close event always follows, and says as much as a page may know.
		this.#ws.onerror = () => {};
	}

	send(text: string): void {
		if (!this.#over && this.#ws.readyState === OPEN) this.#ws.send(text);
	}

	startHeartbeat(intervalMs: number): void {
		clearInterval(this.#beat);
		this.#beat = setInterval(() => this.check(), intervalMs);
	}

	/** Asks for a pong now; a socket without one is over, even if its own close would take minutes. `hurryMs`: by then. */
	check(hurryMs?: number): void {
		if (this.#over || this.#ws.readyState !== OPEN) return;
		this.#ws.send(HEARTBEAT.ping);
		if (hurryMs !== undefined) {
			clearTimeout(this.#due);
			this.#due = undefined;
		}
		this.#due ??= setTimeout(() => this.close(ABNORMAL), hurryMs ?? this.#pongMs);
	}

	/** Ends it from this side; `closed` is told with `told` and without waiting for the other side's close frame. */
	close(told: number): void {
		if (this.#over) return;
		try {
			this.#ws.close(1000);
		} catch {
			// Not open yet, in runtimes that mind.
		}
		this.#end(told);
	}

	#receive(data: unknown): void {
		if (this.#over || typeof data !== "string") return;
		if (data === HEARTBEAT.pong) {
			clearTimeout(this.#due);
			this.#due = undefined;
			return;
		}
		for (const frame of parse(data)) {
			if (this.#over) return;
			this.#handlers.frame(frame);
		}
	}

	#end(code: number): void {
		if (this.#over) return;
		this.#over = true;
		clearInterval(this.#beat);
		clearTimeout(this.#due);
		this.#ws.onmessage = null;
		this.#ws.onclose = null;
		this.#handlers.closed(code);
	}
}

/** The room checks what it is told; this side trusts the room, and only minds what is no frame at all. */
function parse(text: string): ServerFrame[] {
	try {
		const read: unknown = JSON.parse(text);
		// Several of a large room in one.
		const frames: unknown[] = Array.isArray(read) ? read : [read];
		if (frames.every(isFrame)) return frames;
	} catch {
		// Told below.
	}
	console.warn("switchyard: not a frame", text.slice(0, 200));
	return [];
}

function isFrame(frame: unknown): frame is ServerFrame {
	return typeof frame === "object" && frame !== null && "type" in frame && typeof frame.type === "string";
}
