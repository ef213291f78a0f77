/** One published track: a producer on its way, there, or closed again. The track's id is the producer's. */
import type { DataProducer, Producer, WebRtcTransport } from "mediasoup/types";
import type { Size, TrackMedia } from "../../shared/media.ts";
import type { Source } from "../../shared/tokens.ts";
import { rtpParametersIn } from "./convert.ts";

export interface TrackWish {
	id: string;
	participant: string;
	source: Source;
	media: TrackMedia;
	layers: readonly Size[];
	muted: boolean;
}

export class PublishedTrack {
	readonly id: string;
	readonly participant: string;
	readonly source: Source;
	readonly layers: readonly Size[];
	/** Rejects when the node cannot receive it. Subscriptions wait for it. */
	readonly ready: Promise<Producer | DataProducer>;
	#producer: Producer | DataProducer | undefined;
	#muted: boolean;
	#closed = false;
	/** The producer ended without `close`: its transport did. */
	onLost: () => void = () => {};

	constructor(wish: TrackWish, transport: Promise<WebRtcTransport>) {
		this.id = wish.id;
		this.participant = wish.participant;
		this.source = wish.source;
		this.layers = wish.layers;
		this.#muted = wish.muted;
		this.ready = transport.then((it) => this.#produce(it, wish));
		// Whoever needs it handles the failure; without anybody it is no crash.
		this.ready.catch(() => {});
	}

	get producer(): Producer | DataProducer | undefined {
		return this.#producer;
	}

	setMuted(muted: boolean): void {
		this.#muted = muted;
		void this.ready.then(() => this.#applyMute()).catch(() => {});
	}

	close(): void {
		this.#closed = true;
		this.#producer?.close();
	}

	async #produce(transport: WebRtcTransport, { id, participant, media }: TrackWish): Promise<Producer | DataProducer> {
		const appData = { participant };
		const producer =
			media.kind === "data"
				? await transport.produceData({
						id,
						sctpStreamParameters: media.sctpStreamParameters,
						label: media.label,
						protocol: media.protocol,
						appData,
					})
				: await transport.produce({
						id,
						kind: media.kind,
						rtpParameters: rtpParametersIn(media.rtpParameters),
						paused: this.#muted,
						appData,
					});
		if (this.#closed) {
			producer.close();
			throw new Error("unpublished meanwhile");
		}
		this.#producer = producer;
		const lost = () => this.#closed || this.onLost();
		if (isData(producer)) producer.observer.once("close", lost);
		else producer.observer.once("close", lost);
		if (!isData(producer)) await this.#applyMute();
		return producer;
	}

	async #applyMute(): Promise<void> {
		const producer = this.#producer;
		if (!producer || producer.closed || producer.paused === this.#muted) return;
		await (this.#muted ? producer.pause() : producer.resume());
	}
}

export function isData(producer: Producer | DataProducer): producer is DataProducer {
	return !("kind" in producer);
}
