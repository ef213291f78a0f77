/** One track on its way to one endpoint: a consumer on its way, there, or closed again. */
import type {
	Consumer,
	DataConsumer,
	DataProducer,
	PlainTransport,
	Producer,
	RtpCapabilities,
	RtpParameters,
	WebRtcTransport,
} from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import { ALL_LAYERS, type ConsumerParameters, type Layer, NO_LAYER, type TrackSettings } from "../../shared/media.ts";
import { climb } from "./climbing.ts";
import { rtpParametersOut } from "./convert.ts";
import type { Home } from "./home.ts";
import { Latest } from "./latest.ts";
import { type Choice, chooseLayers } from "./layers.ts";
import { hasLowestLayer, lowestLayer } from "./lowest.ts";
import { isData, type RoomTrack } from "./tracks.ts";

/** How long two sources of one track go to a receiver, ms: it shows the former until the new one has a frame. */
export const OVERLAP_MS = 3_000;
/** When a source itself may end that gave way to another, ms: after its receivers have let go of it. */
export const LINGER_MS = OVERLAP_MS + 1_000;
/** mediasoup's own. */
const DEFAULT_PRIORITY = 1;
/** So long a track is new, ms: it begins with its lowest layer, since the larger ones may not last. */
const NEW_MS = 5_000;

export interface Receiver {
	/** A client's, or one into a pipeline. */
	transport: WebRtcTransport | PlainTransport;
	home: Home;
	rtpCapabilities: RtpCapabilities | undefined;
	/** Of the section that it is received in; absent: of no matter. */
	mid?: string;
}

export class SubscribedTrack {
	/** The source it comes from. */
	readonly published: RoomTrack;
	/** Rejects when it cannot be received. */
	readonly ready: Promise<void>;
	#settings: TrackSettings;
	#consumer: Consumer | DataConsumer | undefined;
	#transport: Receiver["transport"] | undefined;
	#spatialLayers = 1;
	#closed = false;
	/** Nothing is sent until its client is ready for it. */
	#held: boolean;
	/** Of a new track: its lowest layer has not come yet, or nothing has been sent. */
	#awaited = false;
	#beginsLow = false;
	readonly #tuning = new Latest(() => this.#apply());
	/** It ended without `close`: the track or the transport did. */
	onEnded: () => void = () => {};
	/** The layers that are sent now; null when nothing is. */
	onLayers: (layer: Layer | null) => void = () => {};
	/** What it is to get may be known better now. */
	onWants: () => void = () => {};
	/** Its score changed. */
	onScore: () => void = () => {};

	constructor(published: RoomTrack, receiver: Promise<Receiver>, settings: TrackSettings, held = false) {
		this.published = published;
		this.#held = held;
		this.#settings = settings;
		this.ready = receiver.then(async (it) => this.#consume(await published.on(it.home), it));
		this.ready.catch(() => {});
	}

	get track(): string {
		return this.published.id;
	}

	/** How many there are to choose from. */
	get spatialLayers(): number {
		return this.#spatialLayers;
	}

	/** As its client wants it. */
	get settings(): TrackSettings {
		return this.#settings;
	}

	/** Over which it goes to its receiver. */
	get transport(): WebRtcTransport | undefined {
		return this.#transport && "iceState" in this.#transport ? this.#transport : undefined;
	}

	get consumer(): Consumer | DataConsumer | undefined {
		return this.#consumer;
	}

	/** What its receiver needs, as it is now. */
	describe(): ConsumerParameters | undefined {
		const consumer = this.#consumer;
		if (!consumer || consumer.closed) return undefined;
		const { id, participant } = this.published;
		if ("kind" in consumer) {
			const { kind, type, paused } = consumer;
			const rtpParameters = rtpParametersOut(consumer.rtpParameters);
			const isPaused = this.#awaited ? this.#choose().paused || this.#held : paused;
			return { kind, track: id, participant, id: consumer.id, rtpParameters, type, paused: isPaused };
		}
		const { sctpStreamParameters, label, protocol } = consumer;
		if (!sctpStreamParameters) return undefined;
		return { kind: "data", track: id, participant, id: consumer.id, sctpStreamParameters, label, protocol };
	}

	/** Of a consumer that is there and carries RTP. */
	get parameters():
		| {
				mid: string | undefined;
				kind: "audio" | "video";
				rtpParameters: RtpParameters;
				track: string;
				participant: string;
		  }
		| undefined {
		const consumer = this.#consumer;
		if (!consumer || consumer.closed || !("kind" in consumer)) return undefined;
		const { kind, rtpParameters } = consumer;
		return { mid: rtpParameters.mid, kind, rtpParameters, track: this.track, participant: this.published.participant };
	}

	/** Its client is ready for it. */
	release(): void {
		if (!this.#held) return;
		this.#held = false;
		this.#tuning.request();
	}

	/** New settings stand for all: what is absent is the default. */
	tune(settings: TrackSettings): void {
		this.#settings = settings;
		this.#tuning.request();
	}

	/** The highest layer it is to get; nothing when it is paused. */
	get wants(): number {
		if (this.#closed) return NO_LAYER;
		const count = this.#spatialLayers;
		const { paused, layers } = chooseLayers(this.#settings, this.published.layers, count);
		if (paused) return NO_LAYER;
		return layers && layers.spatialLayer < count - 1 ? layers.spatialLayer : ALL_LAYERS;
	}

	/** Another source took its place: it bridges the time until its receiver has that, and ends without a word. */
	retire(): void {
		this.onEnded = () => {};
		this.onLayers = () => {};
		const timer = setTimeout(() => this.close(), OVERLAP_MS);
		timer.unref();
	}

	async requestKeyFrame(): Promise<void> {
		const consumer = this.#consumer;
		if (consumer && "kind" in consumer && consumer.kind === "video") await consumer.requestKeyFrame();
	}

	close(): void {
		this.#closed = true;
		this.#consumer?.close();
	}

	async #consume(producer: Producer | DataProducer, receiver: Receiver): Promise<void> {
		if (this.#closed) throw new Error("unsubscribed meanwhile");
		const consumer = isData(producer)
			? await this.#consumeData(producer, receiver)
			: await this.#consumeMedia(producer, receiver);
		if (this.#closed) {
			consumer.close();
			throw new Error("unsubscribed meanwhile");
		}
		this.#consumer = consumer;
		this.#transport = receiver.transport;
		const ended = () => this.#closed || this.onEnded();
		if ("kind" in consumer) consumer.observer.once("close", ended);
		else consumer.observer.once("close", ended);
		// Priority, and what was tuned on the way.
		this.#tuning.request();
	}

	async #consumeMedia(producer: Producer, receiver: Receiver): Promise<Consumer> {
		const { rtpCapabilities, home } = receiver;
		if (!rtpCapabilities || !home.router.canConsume({ producerId: producer.id, rtpCapabilities })) {
			throw new SwitchyardError("unsupported", "the receiver has no codec for it");
		}
		const count = spatialLayersOf(producer);
		if (producer.type === "simulcast" && Date.now() - this.published.since < NEW_MS) this.#beginLow(producer);
		const { paused, layers } = this.#choose(count);
		const consumer = await receiver.transport.consume({
			producerId: producer.id,
			rtpCapabilities,
			paused: paused || this.#held || this.#awaited,
			...(receiver.mid !== undefined && { mid: receiver.mid }),
			...(layers && producer.type !== "simple" && { preferredLayers: layers }),
		});
		if (consumer.type === "simulcast" || consumer.type === "svc") {
			this.#spatialLayers = count;
			this.onWants();
			climb(consumer, producer, () => this.#choose().layers ?? consumer.preferredLayers);
			consumer.on("layerschange", (now) => {
				if (now && this.#beginsLow) {
					this.#beginsLow = false;
					this.#tuning.request();
				}
				this.onLayers(now ? { spatial: now.spatialLayer, temporal: now.temporalLayer } : null);
			});
		}
		consumer.on("score", () => this.onScore());
		return consumer;
	}

	async #consumeData(producer: DataProducer, { transport }: Receiver): Promise<DataConsumer> {
		const { paused } = this.#settings;
		const consumer = await transport.consumeData({ dataProducerId: producer.id, paused });
		if (!consumer.sctpStreamParameters) {
			consumer.close();
			throw new SwitchyardError("unsupported", "no SCTP stream for it");
		}
		return consumer;
	}

	#beginLow(producer: Producer): void {
		this.#beginsLow = true;
		if (hasLowestLayer(producer)) return;
		this.#awaited = true;
		void lowestLayer(producer).then(() => {
			this.#awaited = false;
			this.#tuning.request();
		});
	}

	/** What its client's settings come to now. */
	#choose(count = this.#spatialLayers): Choice {
		const { paused, layers } = chooseLayers(this.#settings, this.published.layers, count);
		return { paused, layers: layers && this.#beginsLow ? { ...layers, spatialLayer: 0 } : layers };
	}

	async #apply(): Promise<void> {
		const consumer = this.#consumer;
		if (!consumer || consumer.closed) return;
		const { paused: chosen, layers } = this.#choose();
		const paused = chosen || this.#held || this.#awaited;
		const changes: Promise<void>[] = [];
		if ("kind" in consumer) {
			const { priority = DEFAULT_PRIORITY } = this.#settings;
			if (priority !== consumer.priority) changes.push(consumer.setPriority(priority));
			// Ahead of a resume, so that it begins with the right layer.
			if (layers && this.#spatialLayers > 1) changes.push(consumer.setPreferredLayers(layers));
		}
		if (consumer.paused !== paused) changes.push(paused ? consumer.pause() : consumer.resume());
		await Promise.all(changes);
	}
}

/** Simulcast has an encoding per layer; SVC has one that says how many are in it (`L3T3`, W3C webrtc-svc). */
function spatialLayersOf(producer: Producer): number {
	const encodings = producer.rtpParameters.encodings ?? [];
	if (encodings.length > 1) return encodings.length;
	return Number(/^[LS](\d)/.exec(encodings[0]?.scalabilityMode ?? "")?.[1] ?? 1);
}
