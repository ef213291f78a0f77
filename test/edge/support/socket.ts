import { runInDurableObject } from "cloudflare:test";

/** A WebSocket whose frames are awaited: nothing here sleeps or polls. */
export class TestSocket {
	readonly #ws: WebSocket;
	readonly #frames: unknown[] = [];
	readonly #waiting: { test: (frame: unknown) => boolean; resolve: (frame: unknown) => void }[] = [];
	/** Resolves when the socket has closed. */
	readonly closed: Promise<{ code: number; reason: string }>;

	constructor(ws: WebSocket) {
		this.#ws = ws;
		this.closed = new Promise((resolve) => {
			ws.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
		});
		ws.addEventListener("message", ({ data }) => {
			const frame: unknown = data === "pong" ? data : JSON.parse(data as string);
			const at = this.#waiting.findIndex(({ test }) => test(frame));
			if (at >= 0) this.#waiting.splice(at, 1)[0]?.resolve(frame);
			else this.#frames.push(frame);
		});
		ws.accept();
	}

	/** The first frame that passes, of those that came and were not taken yet or that come. */
	take<T>(test: (frame: unknown) => boolean): Promise<T> {
		const at = this.#frames.findIndex(test);
		if (at >= 0) return Promise.resolve(this.#frames.splice(at, 1)[0] as T);
		return new Promise((resolve) => {
			this.#waiting.push({ test, resolve: (frame) => resolve(frame as T) });
		});
	}

	/** Frames that came and were not taken. */
	get untaken(): readonly unknown[] {
		return this.#frames;
	}

	send(frame: unknown): void {
		this.#ws.send(typeof frame === "string" || frame instanceof ArrayBuffer ? frame : JSON.stringify(frame));
	}

	close(code?: number, reason?: string): void {
		this.#ws.close(code, reason);
	}
}

/**
 * Resolves when a room has acted on all that was said on a socket, and all that it said there has come: for protocols
 * in which nothing is answered. The room gives a frame back that is none of theirs.
 */
export async function actedOn<T extends DurableObject>(
	stub: DurableObjectStub<T & Rpc.DurableObjectBranded>,
	socket: TestSocket,
): Promise<void> {
	const marker = JSON.stringify({ marker: crypto.randomUUID() });
	await runInDurableObject(stub, (room) => {
		const receive = room.webSocketMessage;
		room.webSocketMessage = (ws, data) => {
			if (data !== marker) return receive?.call(room, ws, data);
			room.webSocketMessage = receive;
			ws.send(marker);
		};
	});
	socket.send(marker);
	await socket.take((frame) => JSON.stringify(frame) === marker);
}
