/**
 * Sockets whose clients name their room in what they say first. The Worker reads them until it knows the room, and
 * carries frames between the two from then on.
 */
import { CLOSE } from "../../../shared/close-codes.ts";
import { HEARTBEAT } from "../../../shared/limits.ts";

export type Frame = string | ArrayBuffer;

export interface Entry {
	/** The room's side of the socket, as it answered an upgrade. The frame that named the room is carried there first. */
	room: WebSocket;
	/**
	 * Where a client may leave its room and name another one: whether this frame, which is then not carried, does so.
	 * A room that lets go of it, with 1000, is left as well.
	 */
	leaves?(frame: Frame): boolean;
	/** What is carried to the room for a frame, where that is another. */
	as?(frame: Frame): Frame;
}

/** A protocol's way to read what a client says while it is in no room. */
export interface Reader {
	/** Undefined: there is more to be read, or the socket was closed. */
	read(socket: WebSocket, frame: Frame): Promise<Entry | undefined>;
	/** A client that says nothing for so long is sent away, ms. */
	readonly patienceMs: number;
	/** With this code. */
	readonly lateCode: number;
	/** It was. */
	late?(): void;
	/**
	 * Said every so often, ms, for clients that say nothing by themselves: whatever is between would take their sockets
	 * for dead. The platform sends no pings of WebSocket's own. The room is not woken by it.
	 */
	readonly keepAlive?: { frame: string; everyMs: number };
}

/** Frames that may wait for the room, and how much they may be together: bytes, or characters of text. */
const MOST_WAITING = 256;
const MOST_WAITING_SIZE = 1_048_576;
/** Frames that may be read without one that names a room. */
const MOST_READ = 200;

/** Answers an upgrade with a socket that `reader` reads. */
export function acceptSocket(reader: Reader): Response {
	const { 0: client, 1: server } = new WebSocketPair();
	server.binaryType = "arraybuffer";
	server.accept();
	new Visit(server, reader);
	return new Response(null, { status: 101, webSocket: client });
}

class Visit {
	readonly #client: WebSocket;
	readonly #reader: Reader;
	readonly #waiting: Frame[] = [];
	#entry: Entry | undefined;
	#waitingSize = 0;
	#reading = false;
	#read = 0;
	#timer: ReturnType<typeof setTimeout> | null = null;
	readonly #alive: ReturnType<typeof setInterval> | null = null;

	constructor(client: WebSocket, reader: Reader) {
		this.#client = client;
		this.#reader = reader;
		const { keepAlive } = reader;
		if (keepAlive) {
			this.#alive = setInterval(() => isOpen(client) && client.send(keepAlive.frame), keepAlive.everyMs);
		}
		client.addEventListener("message", ({ data }) => this.#take(data as Frame));
		client.addEventListener("close", ({ code }) => this.#end(code));
		client.addEventListener("error", () => this.#end(CLOSE.internal));
		this.#wait();
	}

	#take(frame: Frame): void {
		// What was on its way when the socket was closed is nobody's.
		if (!isOpen(this.#client)) return;
		if (this.#entry) this.#carry(this.#entry, frame);
		else {
			this.#waiting.push(frame);
			this.#waitingSize += sizeOf(frame);
			if (this.#waitingSize > MOST_WAITING_SIZE) this.#end(CLOSE.tooLarge);
			else if (this.#waiting.length > MOST_WAITING) this.#end(CLOSE.abuse);
			else if (!this.#reading) void this.#readOn();
		}
	}

	/** Undefined: none waits, or nobody waits for its answer. */
	#next(): Frame | undefined {
		const frame = isOpen(this.#client) ? this.#waiting.shift() : undefined;
		if (frame !== undefined) this.#waitingSize -= sizeOf(frame);
		return frame;
	}

	#carry({ room, leaves, as }: Entry, frame: Frame): void {
		if (leaves?.(frame)) this.#leave(room);
		else if (isOpen(room)) room.send(as?.(frame) ?? frame);
	}

	#leave(room: WebSocket): void {
		this.#entry = undefined;
		closeSocket(room, CLOSE.normal);
		this.#wait();
	}

	async #readOn(): Promise<void> {
		this.#reading = true;
		try {
			for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
				if (!this.#entry) await this.#enter(frame);
				else this.#carry(this.#entry, frame);
			}
		} catch (error) {
			console.error({ event: "connect failed", error: String(error) });
			this.#end(CLOSE.internal);
		} finally {
			this.#reading = false;
		}
	}

	async #enter(frame: Frame): Promise<void> {
		clearTimeout(this.#timer);
		const entry = await this.#reader.read(this.#client, frame);
		if (!entry) {
			if (++this.#read > MOST_READ) this.#end(CLOSE.abuse);
			else this.#wait();
			return;
		}
		this.#read = 0;
		const { room } = entry;
		room.binaryType = "arraybuffer";
		room.accept();
		room.addEventListener("message", ({ data }) => {
			if (this.#entry === entry && isOpen(this.#client)) this.#client.send(data as Frame);
		});
		room.addEventListener("close", ({ code }) => {
			if (this.#entry !== entry) return;
			if (entry.leaves && code === CLOSE.normal) this.#leave(room);
			else this.#end(code);
		});
		room.addEventListener("error", () => {
			if (this.#entry === entry) this.#end(CLOSE.internal);
		});
		// It may have gone meanwhile.
		if (!isOpen(this.#client)) {
			closeSocket(room, CLOSE.normal);
			return;
		}
		this.#entry = entry;
		room.send(frame);
	}

	#wait(): void {
		clearTimeout(this.#timer);
		this.#timer = null;
		if (!isOpen(this.#client)) return;
		this.#timer = setTimeout(() => {
			this.#reader.late?.();
			this.#end(this.#reader.lateCode);
		}, this.#reader.patienceMs);
	}

	/** Either side has closed, or both are to. */
	#end(code: number): void {
		clearTimeout(this.#timer);
		clearInterval(this.#alive);
		this.#waiting.length = 0;
		this.#waitingSize = 0;
		if (this.#entry) closeSocket(this.#entry.room, code);
		closeSocket(this.#client, code);
	}
}

function sizeOf(frame: Frame): number {
	return typeof frame === "string" ? frame.length : frame.byteLength;
}

function isOpen(socket: WebSocket): boolean {
	return socket.readyState === WebSocket.OPEN;
}

/** Codes that must not be on the wire (RFC 6455 section 7.4.1) are no code, or a lost connection. */
export function closeSocket(socket: WebSocket, code: number): void {
	try {
		socket.close(code === 1005 ? CLOSE.normal : code === 1006 || code === 1015 ? CLOSE.internal : code);
	} catch {
		// Closed already.
	}
}

/** The platform answers this text by itself, where it comes as one. For protocols where it is a frame like any other. */
export function noHeartbeat(frame: Frame): Frame {
	return frame === HEARTBEAT.ping ? (new TextEncoder().encode(frame).buffer as ArrayBuffer) : frame;
}

/** A text frame, or a binary one of text. */
export function textOf(frame: Frame): string {
	return typeof frame === "string" ? frame : new TextDecoder().decode(frame);
}
