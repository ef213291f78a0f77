/**
 * The Odoo SFU's bus: arrays of envelopes on a WebSocket, requests answered by id. Nothing is answered with an error:
 * what fails is not answered at all, and the asker waits until its time is up.
 */

/** For an answer, unless stated otherwise, ms. */
const TIMEOUT_MS = 5_000;
/** Plain messages gather for this long after one that went out at once, ms. */
const BATCH_MS = 200;

export interface Message {
	name: string;
	payload?: unknown;
}

interface Envelope {
	message?: unknown;
	needResponse?: string;
	responseTo?: string;
}

interface Waiting {
	resolve: (answer: unknown) => void;
	reject: (error: Error) => void;
	timer: ReturnType<typeof setTimeout>;
}

export interface BusHandlers {
	message(message: Message): void;
	/** Resolves with the answer's content; when it rejects there is no answer. */
	request(message: Message): Promise<unknown>;
}

let buses = 0;

export class Bus {
	readonly #ws: WebSocket;
	readonly #handlers: BusHandlers;
	readonly #number = buses++;
	#counter = 0;
	readonly #waiting = new Map<string, Waiting>();
	readonly #batch: Envelope[] = [];
	#window: ReturnType<typeof setTimeout> | undefined;
	readonly #onMessage = (event: MessageEvent) => void this.#receive(event.data);

	constructor(ws: WebSocket, handlers: BusHandlers) {
		this.#ws = ws;
		this.#handlers = handlers;
		ws.addEventListener("message", this.#onMessage);
	}

	/** A plain message: at once, or with those that follow within a moment of another. */
	send(message: Message): void {
		this.#batch.push({ message });
		if (this.#window === undefined) this.#flush();
	}

	/** Resolves with the answer; rejects when there is none in time, or the socket closes. */
	request(message: Message, timeoutMs = TIMEOUT_MS): Promise<unknown> {
		const id = `c_${this.#number}_${this.#counter++}`;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#waiting.delete(id);
				reject(new Error(`no answer to ${message.name}`));
			}, timeoutMs);
			this.#waiting.set(id, { resolve, reject, timer });
			this.#put([{ message, needResponse: id }]);
		});
	}

	close(): void {
		this.#ws.removeEventListener("message", this.#onMessage);
		clearTimeout(this.#window);
		for (const { reject, timer } of this.#waiting.values()) {
			clearTimeout(timer);
			reject(new Error("the connection is closed"));
		}
		this.#waiting.clear();
	}

	#flush(): void {
		this.#window = undefined;
		if (this.#batch.length === 0) return;
		this.#put(this.#batch.splice(0));
		this.#window = setTimeout(() => this.#flush(), BATCH_MS);
	}

	#put(envelopes: Envelope[]): void {
		if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(envelopes));
	}

	async #receive(data: unknown): Promise<void> {
		const text = typeof data === "string" ? data : data instanceof Blob ? await data.text() : "";
		let envelopes: unknown;
		try {
			envelopes = JSON.parse(text);
		} catch {
			return;
		}
		if (!Array.isArray(envelopes)) return;
		for (const envelope of envelopes) if (typeof envelope === "object" && envelope !== null) this.#take(envelope);
	}

	#take({ message, needResponse, responseTo }: Envelope): void {
		if (responseTo) {
			const waiting = this.#waiting.get(responseTo);
			this.#waiting.delete(responseTo);
			clearTimeout(waiting?.timer);
			waiting?.resolve(message);
			return;
		}
		const named = message as Message;
		if (!needResponse) {
			if (named) this.#handlers.message(named);
			return;
		}
		this.#handlers.request(named).then(
			(answer) =>
				this.#put([
					answer === undefined ? { responseTo: needResponse } : { message: answer, responseTo: needResponse },
				]),
			(error: unknown) => console.warn(`odoo sfu: ${named?.name} failed`, error),
		);
	}
}
