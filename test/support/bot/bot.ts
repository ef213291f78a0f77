/**
 * A participant without a browser: the native protocol, real ICE, DTLS and SRTP by libdatachannel, RTP made by hand.
 * It sends and counts; it decodes nothing.
 */
import type { EventFrame, RequestInput } from "../../../shared/native.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import { type Received, Receiver, Sender, type SenderOptions } from "./peer.ts";
import { BotSignal } from "./signal.ts";

type Subscribed = Extract<EventFrame, { type: "subscribed" }>;
type EndpointEvent = Extract<EventFrame, { type: "endpoint" }>;

export class Bot {
	readonly id: string;
	readonly signal: BotSignal;
	readonly #receiver: Receiver;
	#endpoint: EndpointEvent | undefined;
	#sender: Sender | undefined;
	#connected = false;
	#negotiation = Promise.resolve();
	readonly #waiting: { test: () => boolean; resolve: () => void }[] = [];

	private constructor(id: string, signal: BotSignal) {
		this.id = id;
		this.signal = signal;
		this.#receiver = new Receiver(`${id}-recv`);
		this.#receiver.onPacket = () => this.#check();
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
		signal.onFrame = (frame) => {
			if (frame.type === "subscribed") bot.#subscribed(frame);
			else if (frame.type === "unsubscribed") for (const track of frame.tracks) bot.#receiver.remove(track);
			else if (frame.type === "trackUnpublished") bot.#receiver.remove(frame.track);
		};
		const endpoint = media ? signal.event("endpoint") : undefined;
		await signal.request("join", { ...(media && { rtpCapabilities: ROUTER_CAPABILITIES }), data: false, ...join });
		bot.#endpoint = await endpoint;
		return bot;
	}

	/** By track. */
	get received(): ReadonlyMap<string, Received> {
		return this.#receiver.received;
	}

	/** Publishes and sends until `leave`; the tracks' ids. */
	async publish(options?: SenderOptions): Promise<string[]> {
		const endpoint = this.#endpoint;
		if (!endpoint?.send) throw new Error("no endpoint to send on");
		const sender = new Sender(`${this.id}-send`, options);
		this.#sender = sender;
		await this.signal.request("connectTransport", {
			endpoint: endpoint.endpoint,
			direction: "send",
			dtlsParameters: { role: "client", fingerprints: [await sender.fingerprint()] },
		});
		const connected = sender.connect(endpoint.send);
		const ids = await Promise.all(
			sender.tracks.map(async ({ kind, rtpParameters }) => {
				const track = `${this.id}-${kind}`;
				await this.signal.request("publish", {
					endpoint: endpoint.endpoint,
					track,
					source: kind === "audio" ? "audio" : "camera",
					media: { kind, rtpParameters },
				});
				return track;
			}),
		);
		await connected;
		sender.start();
		return ids;
	}

	/** Resolves when a track's packets have come since the call. */
	async receives(track: string, packets = 5): Promise<Received> {
		const count = () => this.received.get(track)?.packets ?? 0;
		const from = count();
		await new Promise<void>((resolve) => {
			this.#waiting.push({ test: () => count() >= from + packets, resolve });
			this.#check();
		});
		return this.received.get(track) as Received;
	}

	/** Ends the membership and closes everything. */
	async leave(): Promise<void> {
		await this.signal.request("leave", {}).catch(() => {});
		this.destroy();
	}

	/** Closes everything without a word, as a crash would. */
	destroy(): void {
		this.#sender?.close();
		this.#receiver.close();
		this.signal.close();
	}

	#check(): void {
		for (let i = this.#waiting.length - 1; i >= 0; i--) {
			if (this.#waiting[i]?.test()) this.#waiting.splice(i, 1)[0]?.resolve();
		}
	}

	/** One negotiation at a time; what comes meanwhile goes into the next. */
	#subscribed({ endpoint, consumers }: Subscribed): void {
		for (const consumer of consumers) if (consumer.kind !== "data") this.#receiver.add(consumer);
		this.#negotiation = this.#negotiation.then(async () => {
			const recv = this.#endpoint?.recv;
			if (!recv) return;
			const fingerprint = await this.#receiver.negotiate(recv);
			if (this.#connected) return;
			this.#connected = true;
			const dtlsParameters = { role: "client" as const, fingerprints: [fingerprint] };
			await this.signal.request("connectTransport", { endpoint, direction: "recv", dtlsParameters });
		});
	}
}
