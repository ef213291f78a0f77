/**
 * A socket to the edge that dials again for as long as it is wanted. It knows nothing of what is said on it.
 * Media never depends on it: a node goes on forwarding while it is down.
 */
import WebSocket from "ws";
import { HEARTBEAT } from "../../shared/limits.ts";
import { Backoff } from "./backoff.ts";

export interface SocketOptions {
	/** Asked at each attempt: what to dial may change. */
	target(): { url: string; token: string };
	subprotocol: string;
	/** Between heartbeats, ms. */
	heartbeatMs: number;
	/** This many without an answer end the socket. */
	heartbeatsMissed: number;
	onOpen(): void;
	onText(text: string): void;
	/** The socket ended, or the edge refused it with an HTTP status. False: do not dial again. */
	onDown(how: Down): boolean;
}

export interface Down {
	/** Of the close frame; 1006 without one. */
	code?: number;
	/** Of the HTTP answer that refused the upgrade. */
	status?: number;
	reason: string;
}

/** From dialing to open, ms. */
const HANDSHAKE_MS = 10_000;

export class EdgeSocket {
	readonly #options: SocketOptions;
	readonly #backoff = new Backoff();
	#ws: WebSocket | undefined;
	#heartbeat: NodeJS.Timeout | undefined;
	#redial: NodeJS.Timeout | undefined;
	#missed = 0;
	#stopped = false;

	constructor(options: SocketOptions) {
		this.#options = options;
		this.#dial();
	}

	get open(): boolean {
		return this.#ws?.readyState === WebSocket.OPEN;
	}

	/** False when there is no open socket: whoever reports state reports it whole after the next open. */
	send(frame: unknown): boolean {
		return this.sendText(JSON.stringify(frame));
	}

	sendText(text: string): boolean {
		if (!this.#ws || !this.open) return false;
		this.#ws.send(text);
		return true;
	}

	/** Ends it for good; nothing more is told of it. */
	stop(code = 1000, reason = ""): void {
		this.#stopped = true;
		clearTimeout(this.#redial);
		clearInterval(this.#heartbeat);
		this.#ws?.close(code, reason);
	}

	#dial(): void {
		const { target, subprotocol, heartbeatMs, onOpen, onText } = this.#options;
		const { url, token } = target();
		const ws = new WebSocket(url, subprotocol, {
			headers: { Authorization: `Bearer ${token}` },
			handshakeTimeout: HANDSHAKE_MS,
			// Frames are small and many: compressing them costs more than it saves.
			perMessageDeflate: false,
		});
		this.#ws = ws;
		let status: number | undefined;
		let reason = "";
		ws.on("unexpected-response", (_, response) => {
			status = response.statusCode;
			response.resume();
			ws.terminate();
			// `terminate` before the upgrade gives no close event of its own.
			this.#down(ws, { status, reason: `HTTP ${status}` });
		});
		ws.on("open", () => {
			this.#backoff.reset();
			this.#missed = 0;
			this.#heartbeat = setInterval(() => this.#beat(ws), heartbeatMs);
			this.#beat(ws);
			onOpen();
		});
		ws.on("message", (data: Buffer, isBinary) => {
			if (isBinary || this.#stopped) return;
			const text = data.toString();
			if (text === HEARTBEAT.pong) this.#missed = 0;
			else onText(text);
		});
		ws.on("error", (error) => {
			reason = error.message;
		});
		ws.on("close", (code, text) => this.#down(ws, { code, reason: text.toString() || reason }));
	}

	#beat(ws: WebSocket): void {
		if (this.#missed >= this.#options.heartbeatsMissed) {
			ws.terminate();
			return;
		}
		this.#missed++;
		ws.send(HEARTBEAT.ping);
	}

	#down(ws: WebSocket, how: Down): void {
		// Once for each socket, whatever events it had.
		if (this.#ws !== ws) return;
		this.#ws = undefined;
		clearInterval(this.#heartbeat);
		if (this.#stopped || !this.#options.onDown(how) || this.#stopped) return;
		this.#redial = setTimeout(() => this.#dial(), this.#backoff.next());
	}
}
