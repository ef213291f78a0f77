/**
 * A Feed Durable Object: one share of the events of all rooms, kept for some days, and the sockets of those who read
 * them. Rooms add to it in their own order and again when unsure; a consumer is sent what comes after what it has
 * acknowledged, a window ahead, and acknowledges what it has done. So a consumer needs no memory of its own.
 */
import { DurableObject } from "cloudflare:workers";
import { CLOSE } from "../../../shared/close-codes.ts";
import { EVENT_WINDOW, EVENTS_SUBPROTOCOL, FeedAck, type FeedFrame } from "../../../shared/events.ts";
import { HEARTBEAT, type Limits, readLimits } from "../../../shared/limits.ts";
import type { Env } from "../../env.ts";
import { Consumers } from "./consumers.ts";
import { FeedLog } from "./log.ts";
import { FEED_GRANT_HEADER, type FeedGrant, type FeedRpc } from "./rpc.ts";

/** Events of one frame, and their bytes. */
const FRAME_EVENTS = 64;
const FRAME_BYTES = 262_144;
/** Of one page over REST, bytes. */
const PAGE_BYTES = 1_048_576;
/** Old events are looked for so often, ms. */
const PRUNE_MS = 3_600_000;

/** Outlives memory with the socket. */
interface Reader {
	consumer: string;
	/** Position of the last event that it was sent, and of the last that it acknowledged here. */
	sent: number;
	acked: number;
}

export class Feed extends DurableObject<Env> implements FeedRpc {
	readonly #log: FeedLog;
	readonly #consumers: Consumers;
	readonly #limits: Limits;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(HEARTBEAT.ping, HEARTBEAT.pong));
		this.#limits = readLimits(env);
		this.#log = new FeedLog(ctx.storage);
		this.#consumers = new Consumers(ctx.storage.sql);
	}

	// ------------------------------------------------------------ rooms

	async append(room: string, events: readonly { seq: number; body: string }[]): Promise<void> {
		const wasEmpty = this.#log.empty;
		if (!this.#log.append(room, events, Date.now())) return;
		if (wasEmpty) void this.ctx.storage.setAlarm(Date.now() + Math.min(PRUNE_MS, this.#limits.eventRetentionMs));
		for (const ws of this.ctx.getWebSockets()) this.#pump(ws);
	}

	// ------------------------------------------------------------ consumers

	override async fetch(request: Request): Promise<Response> {
		const grant = JSON.parse(decodeURIComponent(request.headers.get(FEED_GRANT_HEADER) ?? "null")) as FeedGrant | null;
		if (!grant) return new Response(null, { status: 404 });
		const { consumer, from } = grant;
		// The newest is the one in use: a consumer that was killed leaves a socket that looks alive.
		for (const ws of this.ctx.getWebSockets(consumer)) close(ws, CLOSE.replaced, "replaced");
		const position = this.#consumers.ensure(consumer, from === "now" ? this.#log.last : 0, Date.now());
		const { 0: client, 1: server } = new WebSocketPair();
		this.ctx.acceptWebSocket(server, [consumer]);
		this.#attach(server, { consumer, sent: position, acked: position });
		this.#send(server, { type: "hello", log: this.#log.id, position });
		this.#pump(server);
		return new Response(null, {
			status: 101,
			webSocket: client,
			headers: { "Sec-WebSocket-Protocol": EVENTS_SUBPROTOCOL },
		});
	}

	override webSocketMessage(ws: WebSocket, data: string | ArrayBuffer): void {
		const ack = typeof data === "string" ? readAck(data) : undefined;
		const reader = readerOf(ws);
		if (!ack || ack.position > reader.sent) {
			close(ws, CLOSE.abuse, "not an acknowledgement of what was sent");
			return;
		}
		if (ack.position <= reader.acked) return;
		this.#consumers.ack(reader.consumer, ack.position, Date.now());
		this.#attach(ws, { ...reader, acked: ack.position });
		this.#pump(ws);
	}

	override webSocketClose(ws: WebSocket, code: number): void {
		close(ws, code === 1005 || code === 1006 || code === 1015 ? CLOSE.normal : code);
	}

	override webSocketError(ws: WebSocket): void {
		close(ws, CLOSE.internal);
	}

	/** Sends what comes next, as far as the window goes. */
	#pump(ws: WebSocket): void {
		let { sent, ...reader } = readerOf(ws);
		if (ws.readyState !== WebSocket.OPEN) return;
		const before = sent;
		while (sent < this.#log.last) {
			const room = EVENT_WINDOW - (sent - reader.acked);
			// Positions that were pruned count too, until it acknowledges what comes after them.
			const most = sent === reader.acked ? FRAME_EVENTS : Math.min(FRAME_EVENTS, room);
			if (most <= 0) break;
			const rows = this.#log.after(sent, most, FRAME_BYTES);
			const last = rows.at(-1);
			if (!last) break;
			const events = rows.map(({ position, body }) => `{"position":${position},"event":${body}}`);
			ws.send(`{"type":"events","events":[${events.join(",")}]}`);
			sent = last.position;
		}
		if (sent !== before) this.#attach(ws, { ...reader, sent });
	}

	#send(ws: WebSocket, frame: FeedFrame): void {
		ws.send(JSON.stringify(frame));
	}

	#attach(ws: WebSocket, reader: Reader): void {
		ws.serializeAttachment(reader);
	}

	// ------------------------------------------------------------ REST

	async read(page: Parameters<FeedRpc["read"]>[0]): ReturnType<FeedRpc["read"]> {
		return this.#log.page(page, PAGE_BYTES);
	}

	async consumers(): ReturnType<FeedRpc["consumers"]> {
		const connected = new Set(
			this.ctx
				.getWebSockets()
				.filter((ws) => ws.readyState === WebSocket.OPEN)
				.map((ws) => readerOf(ws).consumer),
		);
		const consumers = this.#consumers.all().map((it) => ({ ...it, connected: connected.has(it.name) }));
		return { last: this.#log.last, consumers };
	}

	async forget(consumer: string): Promise<boolean> {
		for (const ws of this.ctx.getWebSockets(consumer)) close(ws, CLOSE.removed, "consumer deleted");
		return this.#consumers.forget(consumer);
	}

	// ------------------------------------------------------------ time

	override async alarm(): Promise<void> {
		const gone = this.#log.prune(Date.now() - this.#limits.eventRetentionMs);
		for (const { name, position } of gone ? this.#consumers.all() : []) {
			if (gone && position < gone.last) {
				const most = gone.last - Math.max(position, gone.first - 1);
				console.error({ event: "events dropped for their age, unread", consumer: name, most });
			}
		}
		if (!this.#log.empty)
			await this.ctx.storage.setAlarm(Date.now() + Math.min(PRUNE_MS, this.#limits.eventRetentionMs));
	}
}

function readerOf(ws: WebSocket): Reader {
	return ws.deserializeAttachment() as Reader;
}

function readAck(text: string): FeedAck | undefined {
	try {
		return FeedAck.parse(JSON.parse(text));
	} catch {
		return undefined;
	}
}

/** Answers the peer's Close too: the hibernation API does not. */
function close(ws: WebSocket, code: number, reason = ""): void {
	try {
		ws.close(code, reason);
	} catch {
		// Closed already.
	}
}
