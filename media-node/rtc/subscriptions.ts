/** One track on its way to one endpoint: a consumer on its way, there, or closed again. */
import type { Consumer, DataConsumer, DataProducer, Producer, RtpCapabilities, WebRtcTransport } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { ConsumerParameters, Layer, Size, TrackSettings } from "../../shared/media.ts";
import { rtpParametersOut } from "./convert.ts";
import { chooseLayers } from "./layers.ts";
import { isData, type PublishedTrack } from "./tracks.ts";

export interface Receiver {
	transport: WebRtcTransport;
	rtpCapabilities: RtpCapabilities | undefined;
	canConsume(producer: string, capabilities: RtpCapabilities): boolean;
}

export class SubscribedTrack {
	readonly track: string;
	readonly participant: string;
	readonly #sizes: readonly Size[];
	#settings: TrackSettings;
	#consumer: Consumer | DataConsumer | undefined;
	#spatialLayers = 1;
	#closed = false;
	/** Rejects when it cannot be received. */
	readonly ready: Promise<ConsumerParameters>;
	/** It ended without `close`: the track or the transport did. */
	onEnded: () => void = () => {};
	/** The layers that are sent now; null when nothing is. */
	onLayers: (layer: Layer | null) => void = () => {};
	/** Its score changed. */
	onScore: () => void = () => {};

	constructor(published: PublishedTrack, receiver: Promise<Receiver>, settings: TrackSettings) {
		this.track = published.id;
		this.participant = published.participant;
		this.#sizes = published.layers;
		this.#settings = settings;
		this.ready = Promise.all([published.ready, receiver]).then(([producer, it]) => this.#consume(producer, it));
		this.ready.catch(() => {});
	}

	get consumer(): Consumer | DataConsumer | undefined {
		return this.#consumer;
	}

	/** New settings stand for all: what is absent is the default. */
	tune(settings: TrackSettings): void {
		this.#settings = settings;
		void this.ready.then(() => this.#apply()).catch(() => {});
	}

	async requestKeyFrame(): Promise<void> {
		const consumer = this.#consumer;
		if (consumer && "requestKeyFrame" in consumer && consumer.kind === "video") await consumer.requestKeyFrame();
	}

	close(): void {
		this.#closed = true;
		this.#consumer?.close();
	}

	async #consume(producer: Producer | DataProducer, receiver: Receiver): Promise<ConsumerParameters> {
		const parameters = isData(producer)
			? await this.#consumeData(producer, receiver)
			: await this.#consumeMedia(producer, receiver);
		if (this.#closed) {
			this.#consumer?.close();
			throw new Error("unsubscribed meanwhile");
		}
		const ended = () => this.#closed || this.onEnded();
		if (this.#consumer && "kind" in this.#consumer) this.#consumer.observer.once("close", ended);
		else this.#consumer?.observer.once("close", ended);
		return parameters;
	}

	async #consumeMedia(producer: Producer, receiver: Receiver): Promise<ConsumerParameters> {
		const { rtpCapabilities } = receiver;
		if (!rtpCapabilities || !receiver.canConsume(producer.id, rtpCapabilities)) {
			throw new SwitchyardError("unsupported", "the receiver has no codec for it");
		}
		const { paused, layers } = chooseLayers(this.#settings, this.#sizes, spatialLayersOf(producer));
		const consumer = await receiver.transport.consume({
			producerId: producer.id,
			rtpCapabilities,
			paused,
			...(layers && producer.type !== "simple" && { preferredLayers: layers }),
		});
		this.#consumer = consumer;
		if (consumer.type === "simulcast" || consumer.type === "svc") {
			this.#spatialLayers = spatialLayersOf(producer);
			consumer.on("layerschange", (now) => {
				this.onLayers(now ? { spatial: now.spatialLayer, temporal: now.temporalLayer } : null);
			});
		}
		consumer.on("score", () => this.onScore());
		if (this.#settings.priority !== undefined) await consumer.setPriority(this.#settings.priority);
		return {
			kind: consumer.kind,
			track: this.track,
			participant: this.participant,
			id: consumer.id,
			rtpParameters: rtpParametersOut(consumer.rtpParameters),
			type: consumer.type,
			paused: consumer.paused,
		};
	}

	async #consumeData(producer: DataProducer, receiver: Receiver): Promise<ConsumerParameters> {
		const consumer = await receiver.transport.consumeData({ dataProducerId: producer.id });
		this.#consumer = consumer;
		const { id, sctpStreamParameters, label, protocol } = consumer;
		if (!sctpStreamParameters) throw new SwitchyardError("unsupported", "no SCTP stream for it");
		return {
			kind: "data",
			track: this.track,
			participant: this.participant,
			id,
			sctpStreamParameters,
			label,
			protocol,
		};
	}

	async #apply(): Promise<void> {
		const consumer = this.#consumer;
		if (!consumer || consumer.closed || !("kind" in consumer)) return;
		const { paused, layers } = chooseLayers(this.#settings, this.#sizes, this.#spatialLayers);
		const changes: Promise<unknown>[] = [];
		if (consumer.paused !== paused) changes.push(paused ? consumer.pause() : consumer.resume());
		if (layers && this.#spatialLayers > 1) changes.push(consumer.setPreferredLayers(layers));
		const { priority } = this.#settings;
		if (priority !== undefined && priority !== consumer.priority) changes.push(consumer.setPriority(priority));
		await Promise.all(changes);
	}
}

/** Simulcast has an encoding per layer; SVC has one that says how many are in it (`L3T3`, W3C webrtc-svc). */
function spatialLayersOf(producer: Producer): number {
	const encodings = producer.rtpParameters.encodings ?? [];
	if (encodings.length > 1) return encodings.length;
	return Number(/^[LS](\d)/.exec(encodings[0]?.scalabilityMode ?? "")?.[1] ?? 1);
}
