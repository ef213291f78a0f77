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
