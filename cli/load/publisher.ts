/**
 * A bot that only sends, and knows how much it has sent. (A `Bot` publishes too, but does not tell.) It follows its
 * endpoint to other nodes, make before break.
 */
import type { EventFrame } from "../../shared/native.ts";
import { ROUTER_CAPABILITIES } from "../../shared/router-capabilities.ts";
import { Sender, type SenderOptions } from "../../test/support/bot/peer.ts";
import type { Stream } from "../../test/support/bot/rtp.ts";
import { BotSignal } from "../../test/support/bot/signal.ts";

type Endpoint = Extract<EventFrame, { type: "endpoint" }>;

/** A former endpoint is sent on for this long after the next one, for those who still receive from it. */
const OVERLAP_MS = 2_000;

export class PublishedTrack {
	readonly id: string;
	readonly kind: "audio" | "video";
	#stream: Stream;
	#sent = 0;
	#sequence = 0;

	constructor(id: string, kind: "audio" | "video", stream: Stream) {
		this.id = id;
		this.kind = kind;
		this.#stream = stream;
	}

	/** Packets sent so far. Sequence numbers wrap after minutes, so it is read at least every few seconds. */
	get sent(): number {
		const { sequence } = this.#stream;
		this.#sent += (sequence - this.#sequence) & 0xffff;
		this.#sequence = sequence;
		return this.#sent;
	}

	/** From now on the packets of another connection count. */
	follow(stream: Stream): void {
		this.#sent = this.sent;
		this.#stream = stream;
		this.#sequence = stream.sequence;
	}
}

export class Publisher {
	readonly tracks: PublishedTrack[] = [];
	readonly #id: string;
	readonly #signal: BotSignal;
	#endpoint: Endpoint;
	/** What is published; undefined before. */
	#options: SenderOptions | undefined;
	readonly #senders = new Set<Sender>();

	private constructor(id: string, signal: BotSignal, endpoint: Endpoint) {
		this.#id = id;
		this.#signal = signal;
		this.#endpoint = endpoint;
		signal.onFrame = (frame) => {
			if (frame.type === "endpoint") void this.#moved(frame);
		};
		// A socket that breaks is told by what does not come any more.
		signal.ws.on("error", () => {});
	}

	/** Resolves when it has joined and may publish. */
	static async join(edge: string, room: string, id: string, token: string): Promise<Publisher> {
		const signal = await BotSignal.open(edge, room, token);
		const endpoint = signal.event("endpoint");
		await signal.request("join", { rtpCapabilities: ROUTER_CAPABILITIES, data: false, subscribe: "none" });
		return new Publisher(id, signal, await endpoint);
	}

	async publish(options: SenderOptions): Promise<void> {
		this.#options = options;
		await this.#sendOn(this.#endpoint, options);
	}

	/** Sends no more, and stays. */
	stop(): void {
		this.#options = undefined;
		for (const { tracks } of this.#senders) for (const { timer } of tracks) clearInterval(timer);
	}

	async leave(): Promise<void> {
		this.stop();
		await this.#signal.request("leave", {}).catch(() => {});
		for (const sender of this.#senders) sender.close();
		this.#signal.close();
	}

	async #moved(endpoint: Endpoint): Promise<void> {
		this.#endpoint = endpoint;
		if (!this.#options) return;
		const former = [...this.#senders];
		// Lost again before it carried anything: the next one is on its way.
		await this.#sendOn(endpoint, this.#options).catch(() => {});
		setTimeout(() => {
			for (const sender of former) {
				sender.close();
				this.#senders.delete(sender);
			}
			if (endpoint.former) this.#signal.request("release", { endpoint: endpoint.former }).catch(() => {});
		}, OVERLAP_MS);
	}

	async #sendOn({ endpoint, send }: Endpoint, options: SenderOptions): Promise<void> {
		if (!send) throw new Error("no transport to send on");
		const sender = new Sender(`${this.#id}-${endpoint}`, options);
		this.#senders.add(sender);
		const dtlsParameters = { role: "client" as const, fingerprints: [await sender.fingerprint()] };
		await this.#signal.request("connectTransport", { endpoint, direction: "send", dtlsParameters });
		const connected = sender.connect(send);
		// It may be closed before that is waited for.
		connected.catch(() => {});
		for (const { kind, rtpParameters } of sender.tracks) {
			const source = kind === "audio" ? ("audio" as const) : ("camera" as const);
			await this.#signal.request("publish", {
				endpoint,
				track: this.#trackId(kind),
				source,
				media: { kind, rtpParameters },
			});
		}
		await connected;
		// It was stopped meanwhile.
		if (!this.#options) return;
		sender.start();
		for (const { kind, stream } of sender.tracks) {
			const id = this.#trackId(kind);
			const known = this.tracks.find((track) => track.id === id);
			if (known) known.follow(stream);
			else this.tracks.push(new PublishedTrack(id, kind, stream));
		}
	}

	#trackId(kind: string): string {
		return `${this.#id}-${kind}`;
	}
}
