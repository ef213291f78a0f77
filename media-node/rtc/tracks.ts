/**
 * One published track: a producer on its way, there, or closed again. Its id is the room's; the producer has one of
 * its own, since mediasoup's must be unique in a worker, which serves many rooms.
 */
import type { DataProducer, Producer, WebRtcTransport } from "mediasoup/types";
import type { Size, TrackMedia } from "../../shared/media.ts";
import type { Source } from "../../shared/tokens.ts";
import { rtpParametersIn } from "./convert.ts";
import { Latest } from "./latest.ts";

/** Key frames are asked of a sender no more often than this, ms, however many receivers want one. */
const KEY_FRAME_MS = 500;

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
	readonly #mute = new Latest(() => this.#applyMute());
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
		this.#mute.request();
	}

	close(): void {
		this.#closed = true;
		this.#producer?.close();
	}

	async #produce(transport: WebRtcTransport, { id, participant, media }: TrackWish): Promise<Producer | DataProducer> {
		if (this.#closed) throw new Error("unpublished meanwhile");
		const common = { paused: this.#muted, appData: { participant, track: id } };
		const producer =
			media.kind === "data"
				? await transport.produceData({
						...common,
						sctpStreamParameters: media.sctpStreamParameters,
						label: media.label,
						protocol: media.protocol,
					})
				: await transport.produce({
						...common,
						kind: media.kind,
						rtpParameters: rtpParametersIn(media.rtpParameters),
						keyFrameRequestDelay: KEY_FRAME_MS,
					});
		if (this.#closed) {
			producer.close();
			throw new Error("unpublished meanwhile");
		}
		this.#producer = producer;
		const lost = () => this.#closed || this.onLost();
		if (isData(producer)) producer.observer.once("close", lost);
		else producer.observer.once("close", lost);
		// It may have been muted or unmuted on the way.
		this.#mute.request();
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
