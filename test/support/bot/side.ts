/** A bot's media side on one endpoint: what it receives there, and what it sends once it publishes. */
import type { EventFrame, RequestInput, RequestType } from "../../../shared/native.ts";
import { type Received, Receiver, Sender, type SenderOptions } from "./peer.ts";

type EndpointEvent = Extract<EventFrame, { type: "endpoint" }>;
type Subscribed = Extract<EventFrame, { type: "subscribed" }>;

/** Asks the room; rejects when it refuses. */
export type Request = <T extends RequestType>(type: T, body: RequestInput<T>) => Promise<unknown>;

export class Side {
	readonly event: EndpointEvent;
	readonly #bot: string;
	readonly #request: Request;
	readonly receiver: Receiver;
	/** Consumers that were offered. */
	readonly offered = new Set<string>();
	#sender: Sender | undefined;
	/** When its receiving side was told where the node is; 0 before. */
	#connectedAt = 0;
	#closed = false;
	#negotiation = Promise.resolve();

	constructor(bot: string, request: Request, event: EndpointEvent, received: Map<string, Received>) {
		this.#bot = bot;
		this.#request = request;
		this.event = event;
		this.receiver = new Receiver(`${bot}-${event.endpoint}-recv`, received);
	}

	/** Publishes under ids that are the same on every side; sends until `close`. */
	async publish(options?: SenderOptions): Promise<string[]> {
		const { endpoint, send } = this.event;
		if (!send) throw new Error("no transport to send on");
		const sender = new Sender(`${this.#bot}-${endpoint}-send`, options);
		this.#sender = sender;
		if (this.#closed) sender.close();
		const dtlsParameters = { role: "client" as const, fingerprints: [await sender.fingerprint()] };
		await this.#request("connectTransport", { endpoint, direction: "send", dtlsParameters });
		const connected = sender.connect(send);
		// It may be closed before that is waited for.
		connected.catch(() => {});
		const ids = await Promise.all(
			sender.tracks.map(async ({ kind, rtpParameters }) => {
				const track = `${this.#bot}-${kind}`;
				const source = kind === "audio" ? ("audio" as const) : ("camera" as const);
				await this.#request("publish", { endpoint, track, source, media: { kind, rtpParameters } });
				return track;
			}),
		);
		await connected;
		sender.start();
		return ids;
	}

	/** One negotiation at a time; what comes meanwhile goes into the next. */
	subscribed({ endpoint, consumers }: Subscribed): void {
		for (const consumer of consumers) {
			if (consumer.kind === "data") continue;
			this.offered.add(consumer.id);
			this.receiver.add(consumer);
		}
		this.#negotiation = this.#negotiation.then(async () => {
			const { recv } = this.event;
			if (!recv || this.#closed) return;
			const fingerprint = await this.receiver.negotiate(recv);
			if (this.#connectedAt > 0 || this.#closed) return;
			this.#connectedAt = performance.now();
			const dtlsParameters = { role: "client" as const, fingerprints: [fingerprint] };
			// Refused when the endpoint was lost meanwhile: another follows.
			await this.#request("connectTransport", { endpoint, direction: "recv", dtlsParameters }).catch(() => {});
		});
	}

	/** For how long nothing has come from the node, not even its reports on what it gets, though something is to; ms. */
	get silentMs(): number {
		const since = Math.max(this.#connectedAt, this.receiver.heardAt, this.#sender?.heardAt ?? 0);
		return since > 0 && this.receiver.expects ? performance.now() - since : 0;
	}

	close(): void {
		this.#closed = true;
		this.#sender?.close();
		this.receiver.close();
	}
}
