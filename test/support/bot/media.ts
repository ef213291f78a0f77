/** A bot's media: it follows its endpoint from node to node as the protocol has it, and counts what comes. */
import type { EventFrame } from "../../../shared/native.ts";
import type { Received, SenderOptions } from "./peer.ts";
import { type Request, Side } from "./side.ts";

export type EndpointEvent = Extract<EventFrame, { type: "endpoint" }>;

/** A former media side goes on for this long after the next one carries everything, for those who receive from it, ms. */
const OVERLAP_MS = 2_000;
/** A node that is silent for this long is not reached; a browser and the SDK take somewhat longer. */
const SILENT_MS = 3_000;
const LOOK_MS = 500;

export class BotMedia {
	/** By track. */
	readonly received = new Map<string, Received>();
	/** Endpoints it had, in order. */
	readonly endpoints: EndpointEvent[] = [];
	readonly #bot: string;
	readonly #request: Request;
	readonly #sides = new Map<string, Side>();
	#current: Side | undefined;
	#publishing: { options?: SenderOptions } | undefined;
	#closed = false;
	#watch: NodeJS.Timeout | undefined;
	readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

	constructor(bot: string, request: Request) {
		this.#bot = bot;
		this.#request = request;
	}

	/** Where it is served. */
	get node(): string | undefined {
		return this.#current?.event.node.id;
	}

	/** What the room tells of media. */
	handle(frame: { type: string }): void {
		const event = frame as EventFrame;
		if (event.type === "endpoint") this.#opened(event);
		else if (event.type === "endpointLost") this.#lost(event.endpoint);
		else if (event.type === "subscribed") this.#sides.get(event.endpoint)?.subscribed(event);
		else if (event.type === "unsubscribed") for (const track of event.tracks) this.#removed(track);
		else if (event.type === "trackUnpublished") this.#removed(event.track);
	}

	/** Publishes and sends until `close`, on this media side and those that follow; the tracks' ids. */
	publish(options?: SenderOptions): Promise<string[]> {
		this.#publishing = { options };
		if (!this.#current) throw new Error("no endpoint to send on");
		return this.#current.publish(options);
	}

	/** Resolves when a track's packets have come since the call. */
	async receives(track: string, packets = 5): Promise<Received> {
		const count = () => this.received.get(track)?.packets ?? 0;
		const from = count();
		await this.until(() => count() >= from + packets);
		return this.received.get(track) as Received;
	}

	/** Resolves when a test that packets or endpoints can change passes, or after the time given. */
	until(test: () => boolean, timeoutMs?: number): Promise<void> {
		return new Promise<void>((resolve) => {
			const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs);
			this.#waiting.push({
				test,
				resolve: () => {
					clearTimeout(timer);
					resolve();
				},
			});
			this.#check();
		});
	}

	/** Tells the room when the node is not reached, as the SDK does. */
	watch(): void {
		this.#watch = setInterval(() => {
			const side = this.#current;
			if (!side || side.silentMs < SILENT_MS) return;
			// Refused or lost: the next look asks again.
			this.#request("mediaLost", { endpoint: side.event.endpoint }).catch(() => {});
		}, LOOK_MS);
	}

	/** Another session: the room has let go of the former one's media side. */
	reset(): void {
		for (const id of [...this.#sides.keys()]) this.#end(id);
		this.#current = undefined;
	}

	close(): void {
		this.#closed = true;
		clearInterval(this.#watch);
		this.reset();
	}

	#opened(event: EndpointEvent): void {
		if (this.#closed || this.#sides.has(event.endpoint)) return;
		this.endpoints.push(event);
		const side = new Side(this.#bot, this.#request, event, this.received);
		side.receiver.onPacket = () => this.#check();
		this.#sides.set(event.endpoint, side);
		this.#current = side;
		const former = event.former === undefined ? undefined : this.#sides.get(event.former);
		for (const [id, other] of this.#sides) if (other !== side && other !== former) this.#end(id);
		const published = this.#publishing ? side.publish(this.#publishing.options) : Promise.resolve([]);
		// Lost again before it carried anything: the next one is on its way.
		published.catch(() => {});
		if (former) void this.#follow(former, side, published);
		this.#check();
	}

	/** Make before break: the former side ends when the new one carries all that it did, and others have had time to follow. */
	async #follow(former: Side, side: Side, published: Promise<unknown>): Promise<void> {
		const flowing = () => former.receiver.flowing.size === 0 || side.receiver.flowing.size >= side.offered.size;
		await Promise.allSettled([published, this.until(() => side.offered.size > 0 && flowing(), OVERLAP_MS)]);
		await new Promise((resolve) => setTimeout(resolve, OVERLAP_MS));
		if (this.#closed) return;
		this.#end(former.event.endpoint);
		await this.#request("release", { endpoint: former.event.endpoint }).catch(() => {});
	}

	#lost(endpoint: string): void {
		this.#end(endpoint);
		if (this.#current?.event.endpoint === endpoint) this.#current = undefined;
		this.#check();
	}

	#end(endpoint: string): void {
		this.#sides.get(endpoint)?.close();
		this.#sides.delete(endpoint);
	}

	#removed(track: string): void {
		for (const side of this.#sides.values()) side.receiver.remove(track);
	}

	#check(): void {
		for (let i = this.#waiting.length - 1; i >= 0; i--) {
			if (this.#waiting[i]?.test()) this.#waiting.splice(i, 1)[0]?.resolve();
		}
	}
}
