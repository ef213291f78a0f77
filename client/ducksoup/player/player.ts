/** One participant in one interaction. */
import { Connection, type Side } from "./connection.ts";
import { DuckSoupError } from "./error.ts";
import type { PlayerEvent } from "./events.ts";
import { Mount } from "./mount.ts";
import type { EmbedOptions, Settings } from "./options.ts";
import { decode, type ErrorKind, encode, type Files, type Joined, type Other, socketUrl } from "./wire.ts";

const CLOSE = { normal: 1000, error: 4000 };
/** A server closes the socket after the end; one that does not is left, so that no camera stays on. */
const END_MS = 3_000;

export class Player {
	readonly #embed: EmbedOptions;
	readonly #settings: Settings;
	readonly #mount: Mount | undefined;
	readonly #connection: Connection;
	#ws: WebSocket | undefined;
	#started = false;
	#stopped = false;
	#closed = false;
	readonly #leave = () => this.stop();

	constructor(embed: EmbedOptions, settings: Settings) {
		this.#embed = embed;
		this.#settings = settings;
		if (embed.mountEl) this.#mount = new Mount(embed.mountEl, settings.join);
		this.#connection = new Connection(this.#side(), settings.constraints);
	}

	/** Of the media; from the first offer on, to look at. */
	get connection(): RTCPeerConnection | undefined {
		return this.#connection.peer;
	}

	/** `render` has called it. */
	start(): void {
		if (this.#started) return;
		this.#started = true;
		const { signalingUrl, join } = this.#settings;
		try {
			this.#ws = new WebSocket(socketUrl(signalingUrl, location.href));
		} catch (error) {
			// The page has the player before its events.
			queueMicrotask(() => {
				this.#emit({ kind: "error", payload: new DuckSoupError("socket", String(error), error) });
				this.#ended();
			});
			return;
		}
		this.#ws.addEventListener("open", () => this.#send("join", join));
		this.#ws.addEventListener("message", ({ data }) => this.#received(data));
		this.#ws.addEventListener("error", () => {
			if (this.#stopped) return;
			const message = "the server cannot be reached, or refuses pages of this origin";
			this.#emit({ kind: "error", payload: new DuckSoupError("socket", message) });
		});
		this.#ws.addEventListener("close", () => this.#ended());
		// A page that is left says so: otherwise nobody knows until the media has been missing for a while.
		addEventListener("pagehide", this.#leave);
	}

	/** Leaves, for good: devices are off at once. */
	stop(code: number = CLOSE.normal): void {
		if (this.#stopped) return;
		this.#stopped = true;
		this.#send("stop");
		this.#ws?.close(code === CLOSE.normal || (code >= 3000 && code < 5000) ? code : CLOSE.normal);
		this.#connection.close();
	}

	/** Sets a property of an effect, gradually where a duration (in ms) is given; of another participant with `userId`. */
	controlFx(name: string, property: string, value: number, duration?: number, userId?: string): void {
		const number = typeof value === "string" && value !== "" ? Number(value) : value;
		if (!isText(name) || !isText(property) || !isNumber(number)) return;
		if (!isMissing(duration) && !isNumber(duration)) return;
		if (!isMissing(userId) && !isText(userId)) return;
		const control = { name, property, value: number, duration: duration || undefined, userId: userId ?? undefined };
		this.#send("client_control", control);
	}

	/** Sets a property of another type. */
	polyControlFx(name: string, property: string, kind: string, value: unknown): void {
		if (!isText(name) || !isText(property) || !isText(kind) || isMissing(value)) return;
		this.#send("client_polycontrol", { name, property, kind, value: String(value) });
	}

	/** A line in the server's log of this interaction. */
	serverLog(kind: string, payload?: unknown): void {
		if (kind) this.#send(`ext_${kind}`, payload);
	}

	/** As older documents call it. */
	log(kind: string, payload?: unknown): void {
		this.serverLog(kind, payload);
	}

	/** The most that video is sent with from here, in kbit/s. */
	limit(maxKbps: number): void {
		if (isNumber(maxKbps) && maxKbps > 0) this.#connection.limit(maxKbps);
	}

	// ------------------------------------------------------------ messages

	#send(kind: string, payload?: unknown): void {
		if (this.#ws?.readyState === WebSocket.OPEN) this.#ws.send(encode(kind, payload));
	}

	#received(data: unknown): void {
		const frame = decode(data);
		if (!frame) {
			const error = new DuckSoupError("protocol", "the server sent what is no message");
			this.#emit({ kind: "error", payload: error });
			return;
		}
		const { kind, payload } = frame;
		if (this.#stopped) return;
		switch (kind) {
			case "joined": {
				// A connection cannot be made with null, which servers without STUN send.
				const joined = payload as Omit<Joined, "iceServers"> & { iceServers: RTCIceServer[] | null };
				const iceServers = joined.iceServers ?? [];
				this.#connection.iceServers = iceServers;
				return this.#emit({ kind, payload: { ...joined, iceServers } });
			}
			case "offer":
				return this.#connection.offer(payload);
			case "candidate":
				return this.#connection.candidate(payload);
			case "other_joined":
			case "other_left":
				return this.#emit({ kind, payload: payload as Other });
			case "start":
				this.#connection.start();
				return this.#emit({ kind, payload: Number(payload) });
			case "ending":
				return this.#emit({ kind, payload: null });
			case "files":
				return this.#emit({ kind, payload: payload as Files });
			case "end":
				setTimeout(() => this.stop(), END_MS);
				return this.#emit({ kind, payload: null });
			default:
				if (!kind.startsWith("error")) return;
				this.#emit({ kind: kind as ErrorKind, payload });
				this.stop(CLOSE.error);
		}
	}

	/** Once, whichever way the socket went. */
	#ended(): void {
		if (this.#closed) return;
		this.#closed = this.#stopped = true;
		removeEventListener("pagehide", this.#leave);
		this.#connection.close();
		this.#mount?.clear();
		this.#emit({ kind: "closed", payload: null });
	}

	#side(): Side {
		return {
			send: (kind, payload) => this.#send(kind, payload),
			log: (level, kind, payload) => {
				if (this.#settings.logLevel >= level) this.#send(kind, payload);
			},
			local: (payload) => this.#emit({ kind: "local-stream", payload }),
			track: (payload) => {
				if (this.#mount) this.#mount.add(payload);
				else this.#emit({ kind: "track", payload });
			},
			stats: (payload) => {
				if (this.#embed.stats) this.#emit({ kind: "stats", payload });
			},
			failed: (payload, final) => {
				this.#emit({ kind: "error", payload });
				if (this.#settings.logLevel >= 1)
					this.#send(`client_${payload.code}_failed`, `${payload.name}: ${payload.message}`);
				if (final) this.stop(CLOSE.error);
			},
		};
	}

	/** A page that throws must not keep the player from its work. */
	#emit(event: PlayerEvent): void {
		try {
			this.#embed.callback?.(event);
		} catch (error) {
			reportError(error);
		}
	}
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);
const isMissing = (value: unknown): value is undefined | null => value === undefined || value === null;
