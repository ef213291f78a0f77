/**
 * A participant without a browser: the native protocol, real ICE, DTLS and SRTP by libdatachannel, RTP made by hand.
 * It sends and counts; it decodes nothing. It follows its endpoint from node to node as the protocol has it.
 */
import type { EventFrame, RequestInput } from "../../../shared/native.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import type { Received, SenderOptions } from "./peer.ts";
import { Side } from "./side.ts";
import { BotSignal } from "./signal.ts";

type EndpointEvent = Extract<EventFrame, { type: "endpoint" }>;

/** A former media side goes on for this long after the next one carries everything, for those who receive from it, ms. */
const OVERLAP_MS = 2_000;

export class Bot {
	readonly id: string;
	readonly signal: BotSignal;
	/** By track. */
	readonly received = new Map<string, Received>();
	/** Endpoints it had, in order. */
	readonly endpoints: EndpointEvent[] = [];
	readonly #sides = new Map<string, Side>();
	#current: Side | undefined;
	#publishing: { options?: SenderOptions } | undefined;
	#destroyed = false;
	readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

	private constructor(id: string, signal: BotSignal) {
		this.id = id;
		this.signal = signal;
		signal.onFrame = (frame) => {
			if (frame.type === "endpoint") this.#opened(frame);
			else if (frame.type === "endpointLost") this.#lost(frame.endpoint);
			else if (frame.type === "subscribed") this.#sides.get(frame.endpoint)?.subscribed(frame);
			else if (frame.type === "unsubscribed") for (const track of frame.tracks) this.#removed(track);
			else if (frame.type === "trackUnpublished") this.#removed(frame.track);
		};
	}

	static async join(
		edge: string,
		room: string,
		id: string,
		token: string,
		options: RequestInput<"join"> & { media?: boolean; heartbeat?: boolean } = {},
	): Promise<Bot> {
		const { media = true, heartbeat = true, ...join } = options;
		const signal = await BotSignal.open(edge, room, token, heartbeat);
		const bot = new Bot(id, signal);
		const endpoint = media ? signal.event("endpoint") : undefined;
		await signal.request("join", { ...(media && { rtpCapabilities: ROUTER_CAPABILITIES }), data: false, ...join });
		await endpoint;
		return bot;
	}

	/** Where it is served. */
	get node(): string | undefined {
		return this.#current?.event.node.id;
	}

	/** Publishes and sends until `leave`, on this media side and those that follow; the tracks' ids. */
	publish(options?: SenderOptions): Promise<string[]> {
		if (!this.#current) throw new Error("no endpoint to send on");
		this.#publishing = { options };
		return this.#current.publish(options);
	}

	/** Resolves when a track's packets have come since the call. */
	async receives(track: string, packets = 5): Promise<Received> {
		const count = () => this.received.get(track)?.packets ?? 0;
		const from = count();
		await this.#until(() => count() >= from + packets);
		return this.received.get(track) as Received;
	}

	/** Forgets the longest gaps so far. */
	resetGaps(): void {
		for (const it of this.received.values()) it.longestGap = 0;
	}

	/** Ends the membership and closes everything. */
	async leave(): Promise<void> {
		await this.signal.request("leave", {}).catch(() => {});
		this.destroy();
	}

	/** Closes everything without a word, as a crash would. */
	destroy(): void {
		this.#destroyed = true;
		for (const side of this.#sides.values()) side.close();
		this.#sides.clear();
		this.signal.close();
	}

	#opened(event: EndpointEvent): void {
		if (this.#destroyed || this.#sides.has(event.endpoint)) return;
		this.endpoints.push(event);
		const side = new Side(this.id, this.signal, event, this.received);
		side.receiver.onPacket = () => this.#check();
		this.#sides.set(event.endpoint, side);
		this.#current = side;
		const former = event.former === undefined ? undefined : this.#sides.get(event.former);
		for (const [id, other] of this.#sides) if (other !== side && other !== former) this.#end(id);
		const published = this.#publishing ? side.publish(this.#publishing.options) : Promise.resolve([]);
		// Lost again before it carried anything: the next one is on its way.
		published.catch(() => {});
		if (former) void this.#follow(former, side, published);
	}

	/** Make before break: the former side ends when the new one carries all that it did, and others have had time to follow. */
	async #follow(former: Side, side: Side, published: Promise<unknown>): Promise<void> {
		const flowing = () => former.receiver.flowing.size === 0 || side.receiver.flowing.size >= side.offered.size;
		await Promise.allSettled([published, this.#until(() => side.offered.size > 0 && flowing(), OVERLAP_MS)]);
		await new Promise((resolve) => setTimeout(resolve, OVERLAP_MS));
		if (this.#destroyed) return;
		this.#end(former.event.endpoint);
		await this.signal.request("release", { endpoint: former.event.endpoint }).catch(() => {});
	}

	#lost(endpoint: string): void {
		this.#end(endpoint);
		if (this.#current?.event.endpoint === endpoint) this.#current = undefined;
	}

	#end(endpoint: string): void {
		this.#sides.get(endpoint)?.close();
		this.#sides.delete(endpoint);
	}

	#removed(track: string): void {
		for (const side of this.#sides.values()) side.receiver.remove(track);
	}

	#until(test: () => boolean, timeoutMs?: number): Promise<void> {
		return new Promise<void>((resolve) => {
			this.#waiting.push({ test, resolve });
			if (timeoutMs !== undefined) setTimeout(resolve, timeoutMs);
			this.#check();
		});
	}

	#check(): void {
		for (let i = this.#waiting.length - 1; i >= 0; i--) {
			if (this.#waiting[i]?.test()) this.#waiting.splice(i, 1)[0]?.resolve();
		}
	}
}
