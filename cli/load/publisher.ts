/** A bot that only sends, and knows how much it has sent. (A `Bot` publishes too, but does not tell.) */
import type { EventFrame } from "../../shared/native.ts";
import { ROUTER_CAPABILITIES } from "../../shared/router-capabilities.ts";
import { Sender, type SenderOptions } from "../../test/support/bot/peer.ts";
import type { Stream } from "../../test/support/bot/rtp.ts";
import { BotSignal } from "../../test/support/bot/signal.ts";

type Endpoint = Extract<EventFrame, { type: "endpoint" }>;

export class PublishedTrack {
	readonly id: string;
	readonly kind: "audio" | "video";
	readonly #stream: Stream;
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
}

export class Publisher {
	readonly tracks: PublishedTrack[] = [];
	readonly #id: string;
	readonly #signal: BotSignal;
	#sender: Sender | undefined;

	private constructor(id: string, signal: BotSignal) {
		this.#id = id;
		this.#signal = signal;
	}

	/** Resolves when it has joined and may publish; `publish` is what is left. */
	static async join(edge: string, room: string, id: string, token: string) {
		const signal = await BotSignal.open(edge, room, token);
		// A socket that breaks is told by what does not come any more.
		signal.ws.on("error", () => {});
		const endpoint = signal.event("endpoint");
		await signal.request("join", { rtpCapabilities: ROUTER_CAPABILITIES, data: false, subscribe: "none" });
		const given = await endpoint;
		const publisher = new Publisher(id, signal);
		return { publisher, publish: (options: SenderOptions) => publisher.#publish(given, options) };
	}

	async #publish({ endpoint, send }: Endpoint, options: SenderOptions): Promise<void> {
		if (!send) throw new Error("no transport to send on");
		const sender = new Sender(this.#id, options);
		this.#sender = sender;
		await this.#signal.request("connectTransport", {
			endpoint,
			direction: "send",
			dtlsParameters: { role: "client", fingerprints: [await sender.fingerprint()] },
		});
		const connected = sender.connect(send);
		for (const { kind, rtpParameters, stream } of sender.tracks) {
			const track = `${this.#id}-${kind}`;
			const source = kind === "audio" ? ("audio" as const) : ("camera" as const);
			await this.#signal.request("publish", { endpoint, track, source, media: { kind, rtpParameters } });
			this.tracks.push(new PublishedTrack(track, kind, stream));
		}
		await connected;
		sender.start();
	}

	/** Sends no more, and stays. */
	stop(): void {
		for (const { timer } of this.#sender?.tracks ?? []) clearInterval(timer);
	}

	async leave(): Promise<void> {
		await this.#signal.request("leave", {}).catch(() => {});
		this.#sender?.close();
		this.#signal.close();
	}
}
