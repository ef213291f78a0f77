/** Requests that were not answered yet. They are kept, in order, and sent again with their ids on a new socket. */
import { SwitchyardError } from "./error.ts";
import type { Reply, ReplyOf, RequestInput, RequestType } from "./wire.ts";

/** As many as a socket may send in a burst: what waits is sent in one go when the connection is back. */
const MOST = 200;

/**
 * What outlives the session when a participant joins anew: wishes that do not depend on its former media or tracks.
 * The rest is refused (messages, which may have been delivered) or done anew (tracks, subscriptions, presence).
 */
const SURVIVES: ReadonlySet<RequestType> = new Set([
	"update",
	"updateRoom",
	"remove",
	"move",
	"effects",
	"startRecording",
	"stopRecording",
	"listRecordings",
	"unpublish",
	"leave",
]);

/** What a request is answered with when it was carried out. */
export type Answered = ReplyOf<"ok" | "recordings">;

interface Waiting {
	type: RequestType;
	body: object;
	resolve: (reply: Answered) => void;
	reject: (error: SwitchyardError) => void;
}

export class Requests {
	#id = 0;
	readonly #waiting = new Map<number, Waiting>();

	/** An id for a request that is not kept, such as `join`. */
	nextId(): number {
		return ++this.#id;
	}

	get size(): number {
		return this.#waiting.size;
	}

	/** Keeps a request until it is answered. `send` gets its frame now when there is a socket for it. */
	add<T extends RequestType>(
		type: T,
		body: RequestInput<T>,
		maxBytes: number,
		send: (text: string) => void,
	): Promise<Answered> {
		if (this.#waiting.size >= MOST) {
			return Promise.reject(new SwitchyardError("busy", `${MOST} requests wait for an answer already`));
		}
		const id = this.#id + 1;
		const text = JSON.stringify({ id, type, ...body });
		// A character is at most three bytes of UTF-8 per UTF-16 unit; most frames are too short to count.
		if (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes) {
			return Promise.reject(new SwitchyardError("too_large", `a frame may have ${maxBytes} bytes`));
		}
		this.#id = id;
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { type, body, resolve, reject });
			send(text);
		});
	}

	answer(reply: Reply): void {
		const waiting = this.#waiting.get(reply.re);
		if (!waiting) return;
		this.#waiting.delete(reply.re);
		if (reply.type === "error") waiting.reject(new SwitchyardError(reply.error.code, reply.error.message));
		else if (reply.type === "ok" || reply.type === "recordings") waiting.resolve(reply);
	}

	/** Everything again, oldest first, for a session that was resumed. */
	resend(send: (text: string) => void): void {
		for (const [id, { type, body }] of [...this.#waiting]) send(JSON.stringify({ id, type, ...body }));
	}

	/** For a session that is new: what survives gets new ids, since the new session begins above the former ones. */
	restart(send: (text: string) => void): void {
		const before = [...this.#waiting.values()];
		this.#waiting.clear();
		for (const waiting of before) {
			if (SURVIVES.has(waiting.type)) {
				const id = this.nextId();
				this.#waiting.set(id, waiting);
				send(JSON.stringify({ id, type: waiting.type, ...waiting.body }));
			} else waiting.reject(new SwitchyardError("session_gone", "joined anew before this was answered"));
		}
	}

	rejectAll(error: SwitchyardError): void {
		const before = [...this.#waiting.values()];
		this.#waiting.clear();
		for (const { reject } of before) reject(error);
	}
}
