/**
 * The connection to the room: joins, keeps a socket, comes back after a lost one, and tells in order and once what
 * happened. It knows nothing of media. docs/native.md tells the protocol in sentences.
 */
import { CLOSE, FINAL_CLOSE_CODES } from "../../shared/close-codes.ts";
import type { CloseReason } from "./api.ts";
import { reconnectDelay } from "./backoff.ts";
import { SwitchyardError } from "./error.ts";
import { type Answered, Requests } from "./requests.ts";
import { Seen } from "./seen.ts";
import { ABNORMAL, Socket, type WebSocketConstructor } from "./socket.ts";
import type {
	ErrorBody,
	EventFrame,
	Reply,
	RequestInput,
	RequestType,
	ServerFrame,
	VolatileFrame,
	Welcome,
	Whole,
} from "./wire.ts";

/** All in ms. */
export const TIMES = {
	/** From dialing to being in the room. */
	enter: 15_000,
	/** Reconnecting goes on for the grace time and this much more: joining anew is better than giving up. */
	beyondGrace: 30_000,
	/** Reaching the room at all, the first time. */
	firstConnect: 10_000,
	pong: 5_000,
	/** The same when the network was gone: most likely the socket is of another one, and a new one costs little. */
	pongAnew: 1_500,
};

export interface SignalOptions {
	/** The edge: `https://…`. */
	url: string;
	room: string;
	/** A token for a room: asked at the first connection, and when the session is gone. */
	token: (room: string) => string | Promise<string>;
	/** What to join with; may take its time, and is asked again for every new session. */
	join: (welcome: Welcome) => RequestInput<"join"> | Promise<RequestInput<"join">>;
	/** Something goes on that is worth waiting for, however long the service cannot be reached: media flows. */
	holdsOn?: () => boolean;
	WebSocket: WebSocketConstructor;
	times?: Partial<typeof TIMES>;
	random?: () => number;
}

/** Called in the order of what happened. */
export interface SignalHandlers {
	/** A new session: the first, one after the former was lost (`anew`), or in another room (`moved`). */
	joined(whole: Whole, how: "first" | "anew" | "moved", welcome: Welcome): void;
	/** A socket is there, of whichever session: what its `welcome` tells holds from now on. */
	greeted?(welcome: Welcome): void;
	/** Back in the same session. Without a state, what was missed follows as events. */
	resumed(whole: Whole | undefined): void;
	event(event: EventFrame): void;
	news(news: VolatileFrame): void;
	reconnecting(): void;
	closed(reason: CloseReason, code: number, error: SwitchyardError): void;
}

const REASONS: Readonly<Record<number, CloseReason>> = {
	[CLOSE.normal]: "left",
	[CLOSE.replaced]: "replaced",
	[CLOSE.removed]: "removed",
	[CLOSE.roomClosed]: "roomClosed",
	[CLOSE.resumedElsewhere]: "resumedElsewhere",
	[CLOSE.unauthorized]: "unauthorized",
};

export class SignalConnection {
	readonly #options: SignalOptions;
	readonly #handlers: SignalHandlers;
	readonly #times: typeof TIMES;
	readonly #requests = new Requests();
	readonly #seen = new Seen();

	#room: string;
	#socket: Socket | undefined;
	#state: "connecting" | "open" | "closed" = "connecting";
	/** Counts tries, so that what an overtaken one still does is known as such. */
	#try = 0;
	#attempt = 0;
	#lostAt = performance.now();
	/** Until the next try. */
	#retry: ReturnType<typeof setTimeout> | undefined;
	/** Until a try that does not get in is given up. */
	#patience: ReturnType<typeof setTimeout> | undefined;
	#entering: { request: number; as: "join" | "resume" } | undefined;
	#refusal: ErrorBody | undefined;

	#welcome: Welcome | undefined;
	#session: { id: string; token: string; graceMs: number } | undefined;
	#incarnation = "";
	#seq = 0;
	#everJoined = false;
	#moving: { token: string } | undefined;
	/** A session token that was refused may be outlived by the participant's own; that one is tried once. */
	#withSession = false;

	constructor(options: SignalOptions, handlers: SignalHandlers) {
		this.#options = options;
		this.#handlers = handlers;
		this.#room = options.room;
		this.#times = { ...TIMES, ...options.times };
	}

	get room(): string {
		return this.#room;
	}

	/** Asks the service for something that concerns this session, and not its room. */
	async get<T>(path: string): Promise<T> {
		const response = await this.fetch(path, AbortSignal.timeout(this.#times.firstConnect));
		return (await response.json()) as T;
	}

	/** Asks the service over HTTP, as this session. */
	async fetch(path: string, signal?: AbortSignal): Promise<Response> {
		const headers = { Authorization: `Bearer ${this.#welcome?.session.token ?? ""}` };
		const url = `${this.#options.url.replace(/\/+$/, "")}/v1/${path}`;
		const response = await fetch(url, { headers, signal });
		if (!response.ok) throw new SwitchyardError("unreachable", `${path}: HTTP ${response.status}`);
		return response;
	}

	get state(): "connecting" | "open" | "closed" {
		return this.#state;
	}

	start(): void {
		void this.#dial();
	}

	/** Resolves when the room did it; kept and sent again until it is answered. */
	request<T extends RequestType>(type: T, body: RequestInput<T>): Promise<Answered> {
		if (this.#state === "closed") return Promise.reject(new SwitchyardError("closed", "the room is closed"));
		return this.#requests.add(type, body, this.#welcome?.maxMessageBytes ?? Number.POSITIVE_INFINITY, (text) => {
			if (this.#state === "open") this.#socket?.send(text);
		});
	}

	/** Is the connection still there? Asked when the network (`anew`) or the page comes back. */
	check(anew = false): void {
		if (this.#state === "open") this.#socket?.check(anew ? this.#times.pongAnew : undefined);
		else if (this.#retry !== undefined) {
			// Waiting between two tries: the network just came back, so try now.
			this.#attempt = 0;
			this.#schedule(0);
		}
	}

	async leave(): Promise<void> {
		if (this.#state === "closed") return;
		if (this.#state === "open") {
			// The room may close the socket before its answer is read: that is an answer too.
			const done = this.request("leave", {}).catch(() => {});
			let timer: ReturnType<typeof setTimeout> | undefined;
			await Promise.race([
				done,
				new Promise((resolve) => {
					timer = setTimeout(resolve, 1_000);
				}),
			]);
			clearTimeout(timer);
		}
		this.#finish("left", CLOSE.normal);
	}

	/** Ends it without a word to the room, which then waits for the grace time. */
	abandon(error: SwitchyardError): void {
		this.#finish("lost", ABNORMAL, undefined, error);
	}

	// ------------------------------------------------------------ getting in

	async #dial(): Promise<void> {
		const attempt = ++this.#try;
		let token: string;
		this.#withSession = this.#session !== undefined;
		try {
			token = this.#session?.token ?? this.#moving?.token ?? (await this.#options.token(this.#room));
		} catch (error) {
			if (attempt === this.#try) this.#lost(ABNORMAL, String(error));
			return;
		}
		if (attempt !== this.#try || this.#state === "closed") return;
		this.#refusal = undefined;
		this.#entering = undefined;
		const url = `${this.#options.url.replace(/^http/, "ws").replace(/\/+$/, "")}/v1/rooms/${encodeURIComponent(this.#room)}/connect`;
		try {
			this.#socket = new Socket(
				this.#options.WebSocket,
				url,
				token,
				{
					frame: (frame) => attempt === this.#try && this.#receive(frame),
					closed: (code) => attempt === this.#try && this.#lost(code),
				},
				this.#times.pong,
			);
		} catch (error) {
			// Not an address, or a token that cannot be a subprotocol: no later try will do better.
			this.#finish("refused", ABNORMAL, { code: "bad_request", message: String(error) });
			return;
		}
		clearTimeout(this.#patience);
		this.#patience = setTimeout(() => {
			if (attempt === this.#try && this.#state === "connecting") this.#socket?.close(ABNORMAL);
		}, this.#times.enter);
	}

	#receive(frame: ServerFrame): void {
		switch (frame.type) {
			case "welcome":
				void this.#greeted(frame);
				return;
			case "refused":
				this.#refusal = frame.error;
				return;
			case "ok":
			case "error":
			case "joined":
			case "replayed":
			case "resumed":
			case "recordings":
				if (this.#entering?.request === frame.re) this.#entered(frame);
				else this.#requests.answer(frame);
				return;
			case "presence":
			case "speakers":
			case "layers":
			case "demand":
			case "quality":
			case "iceServers":
				this.#handlers.news(frame);
				return;
			default:
				this.#happened(frame);
		}
	}

	async #greeted(welcome: Welcome): Promise<void> {
		const attempt = this.#try;
		this.#welcome = welcome;
		this.#socket?.startHeartbeat(welcome.heartbeatMs);
		this.#handlers.greeted?.(welcome);
		if (this.#session) {
			this.#enter("resume", { session: this.#session.id, incarnation: this.#incarnation, seq: this.#seq });
			return;
		}
		try {
			const body = await this.#options.join(welcome);
			if (attempt === this.#try) this.#enter("join", body);
		} catch (error) {
			if (attempt !== this.#try) return;
			const known =
				error instanceof SwitchyardError
					? error
					: new SwitchyardError("not_supported", String(error), { cause: error });
			this.#finish("refused", CLOSE.normal, undefined, known);
		}
	}

	#enter<T extends "join" | "resume">(as: T, body: RequestInput<T>): void {
		const request = this.#requests.nextId();
		this.#entering = { request, as };
		this.#socket?.send(JSON.stringify({ id: request, type: as, ...body }));
	}

	#entered(reply: Reply): void {
		const welcome = this.#welcome;
		if (!welcome) return;
		if (reply.type === "error") {
			const { code } = reply.error;
			if (this.#entering?.as === "resume") {
				// Too late, or the room knows nothing of it any more: join on the same socket.
				this.#session = undefined;
				void this.#greeted(welcome);
			} else if (code === "rate_limited" || code === "internal") this.#socket?.close(ABNORMAL);
			else this.#finish("refused", CLOSE.normal, reply.error);
			return;
		}
		this.#entering = undefined;
		clearTimeout(this.#patience);
		this.#state = "open";
		this.#attempt = 0;
		this.#session = welcome.session;
		const send = (text: string) => this.#socket?.send(text);
		switch (reply.type) {
			case "joined": {
				const how = this.#moving ? "moved" : this.#everJoined ? "anew" : "first";
				this.#moving = undefined;
				this.#everJoined = true;
				this.#at(reply);
				if (how === "moved") this.#seen.clear();
				// What waited since before the first join was never sent.
				if (how === "first") this.#requests.resend(send);
				else this.#requests.restart(send);
				this.#handlers.joined(reply, how, welcome);
				return;
			}
			case "resumed":
				this.#at(reply);
				// Before anybody is told: what a listener asks now has a higher id, and the room drops lower ones after it.
				this.#requests.resend(send);
				this.#handlers.resumed(reply);
				return;
			case "replayed":
				this.#requests.resend(send);
				this.#handlers.resumed(undefined);
				return;
			case "ok":
			case "recordings":
				return;
			default:
				reply satisfies never;
		}
	}

	#at(whole: Whole): void {
		this.#incarnation = whole.incarnation;
		this.#seq = whole.seq;
	}

	// ------------------------------------------------------------ being in

	#happened(event: EventFrame): void {
		// A frame of a later version of the protocol has a type unknown here and no number to go by.
		if (typeof event.seq !== "number" || event.seq <= this.#seq) return;
		this.#seq = event.seq;
		if ((event.type === "message" || event.type === "signal") && !this.#seen.isNew(event)) return;
		this.#handlers.event(event);
		if (event.type === "moved") this.#move(event.room, event.token);
	}

	#move(room: string, token: string): void {
		this.#room = room;
		this.#moving = { token };
		this.#session = undefined;
		this.#incarnation = "";
		this.#seq = 0;
		this.#socket?.close(CLOSE.moved);
	}

	// ------------------------------------------------------------ losing it

	#lost(code: number, why?: string): void {
		if (this.#state === "closed") return;
		const refusal = this.#refusal;
		if (code === CLOSE.unauthorized && this.#withSession) {
			// The session's token is void; the participant's own may not be.
			this.#session = undefined;
		} else if (FINAL_CLOSE_CODES.has(code)) {
			this.#finish(REASONS[code] ?? "refused", code, refusal);
			return;
		}
		const now = performance.now();
		if (this.#state === "open") {
			this.#state = "connecting";
			this.#lostAt = now;
			this.#attempt = 0;
			this.#handlers.reconnecting();
		}
		const patience = this.#everJoined
			? (this.#welcome?.session.graceMs ?? 0) + this.#times.beyondGrace
			: this.#times.firstConnect;
		if (now - this.#lostAt > patience && !(this.#everJoined && this.#options.holdsOn?.())) {
			this.#finish("lost", code, refusal, new SwitchyardError("unreachable", why ?? "the service cannot be reached"));
			return;
		}
		const slower = code === CLOSE.abuse ? 3 : 0;
		this.#schedule(reconnectDelay(this.#attempt++ + slower, this.#options.random));
	}

	#schedule(delay: number): void {
		clearTimeout(this.#patience);
		clearTimeout(this.#retry);
		this.#retry = setTimeout(() => {
			this.#retry = undefined;
			void this.#dial();
		}, delay);
	}

	#finish(reason: CloseReason, code: number, refusal?: ErrorBody, error?: SwitchyardError): void {
		if (this.#state === "closed") return;
		this.#state = "closed";
		this.#try++;
		clearTimeout(this.#patience);
		clearTimeout(this.#retry);
		this.#socket?.close(code);
		const cause =
			error ??
			(refusal
				? new SwitchyardError(refusal.code, refusal.message)
				: new SwitchyardError("closed", `the room is closed: ${reason}`));
		this.#requests.rejectAll(cause);
		this.#handlers.closed(reason, code, cause);
	}
}
