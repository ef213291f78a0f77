/** Everything this participant receives: consumers of the media side in force, each bound to the track it carries. */
import type { types } from "mediasoup-client";
import { RemoteChannel } from "./channels.ts";
import type { Endpoint } from "./endpoint.ts";
import { firstFrame } from "./first-frame.ts";
import type { PublicationImpl } from "./participants.ts";
import { RemoteTrackImpl, type TrackPort } from "./remote-track.ts";
import type { ConsumerParameters } from "./wire.ts";

/** A media side that was moved to carries everything after this long, or what is missing comes later, ms. */
const HAND_OVER_MS = 4_000;

export interface ReceiverPort {
	publication(track: string): PublicationImpl | undefined;
	/** Of the track's publisher: differs at each join. */
	join(participant: string): number;
	trackPort(track: string): TrackPort;
	subscribed(track: RemoteTrackImpl): void;
	unsubscribed(track: RemoteTrackImpl): void;
	channel(channel: RemoteChannel, publication: PublicationImpl): void;
}

interface Flow {
	/** The consumer's, which tells a repeated offer of it from a new one. */
	id: string;
	consumer?: types.Consumer | types.DataConsumer;
}

export class Receiver {
	readonly #port: ReceiverPort;
	#endpoint: Endpoint | undefined;
	/** By track. */
	readonly #flows = new Map<string, Flow>();
	/** What the former media side still shows. */
	readonly #former = new Map<string, Flow>();
	#handedOver = () => {};
	readonly #channels = new Map<string, RemoteChannel>();

	constructor(port: ReceiverPort) {
		this.#port = port;
	}

	/** The consumers of the former media side are closed with it; tracks wait for the new one to bring theirs. */
	moveTo(endpoint: Endpoint | undefined): void {
		this.#endpoint = endpoint;
		this.#flows.clear();
		this.#former.clear();
	}

	/**
	 * A media side to move to. Each track is shown by the former one until the new one has a frame of it. Resolves when
	 * all have come over, or time is up.
	 */
	handOver(endpoint: Endpoint): Promise<void> {
		this.#endpoint = endpoint;
		for (const [track, flow] of this.#flows) this.#former.set(track, flow);
		this.#flows.clear();
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, HAND_OVER_MS);
			this.#handedOver = () => {
				clearTimeout(timer);
				resolve();
			};
			if (this.#former.size === 0) this.#handedOver();
		});
	}

	/** The former media side has ended; what did not come over waits for its consumer. */
	endFormer(): void {
		this.#former.clear();
	}

	/** Track ids of consumers by their id, for statistics. */
	consumers(): [track: string, consumer: types.Consumer][] {
		return [...this.#flows].flatMap(([track, { consumer }]) =>
			consumer && "track" in consumer ? [[track, consumer] as [string, types.Consumer]] : [],
		);
	}

	/** All of a batch in one tick, so that it is one negotiation. */
	subscribed(side: string, consumers: ConsumerParameters[]): void {
		const endpoint = this.#endpoint;
		if (endpoint?.id !== side) return;
		for (const parameters of consumers) {
			const { track, id } = parameters;
			const former = this.#flows.get(track);
			// Told again after the room had slept: it is there already.
			if (former?.id === id) continue;
			const flow: Flow = { id };
			this.#flows.set(track, flow);
			this.#consume(endpoint, parameters).then(
				async (consumer) => {
					const current = () => this.#endpoint === endpoint && this.#flows.get(track) === flow;
					// It comes from elsewhere now, and what is shown goes on until that has something to show.
					if (current() && "track" in consumer && (former ?? this.#former.get(track))?.consumer) {
						await firstFrame(consumer.track);
					}
					former?.consumer?.close();
					if (!current()) {
						consumer.close();
						return;
					}
					flow.consumer = consumer;
					this.bind(track);
					this.#cameOver(track);
				},
				(error: unknown) => {
					if (this.#endpoint !== endpoint || endpoint.closed) return;
					if (this.#flows.get(track) === flow) this.#flows.delete(track);
					console.warn(`switchyard: track ${track} cannot be received`, error);
				},
			);
		}
	}

	#cameOver(track: string): void {
		if (this.#former.delete(track) && this.#former.size === 0) this.#handedOver();
	}

	/** A track and what carries it come in either order. */
	bind(track: string): void {
		const publication = this.#port.publication(track);
		const consumer = this.#flows.get(track)?.consumer;
		if (!publication || !consumer) return;
		if (!("track" in consumer)) {
			const known = this.#channels.get(track);
			const channel = known ?? new RemoteChannel(track, consumer.label, consumer.protocol);
			this.#channels.set(track, channel);
			channel.receivedBy(consumer);
			// After its message listener could be set, and before any message can come.
			if (!known) this.#port.channel(channel, publication);
			return;
		}
		if (publication.received) {
			publication.received.swap(consumer.track);
			return;
		}
		publication.received = new RemoteTrackImpl(publication, consumer.track, this.#port.trackPort(track));
		this.#port.subscribed(publication.received);
	}

	/** Not received any more: unsubscribed, unpublished, or its participant left. */
	end(track: string, publication = this.#port.publication(track)): void {
		this.#flows.get(track)?.consumer?.close();
		this.#flows.delete(track);
		this.#former.get(track)?.consumer?.close();
		this.#cameOver(track);
		this.#channels.get(track)?.close();
		this.#channels.delete(track);
		const received = publication?.received;
		if (!publication || !received) return;
		publication.received = undefined;
		this.#port.unsubscribed(received);
		received.close();
	}

	#consume(endpoint: Endpoint, parameters: ConsumerParameters): Promise<types.Consumer | types.DataConsumer> {
		if (parameters.kind === "data") return endpoint.consumeData(parameters);
		const source = this.#port.publication(parameters.track)?.source;
		// Browsers keep the tracks of one stream in step: voice with face, and a screen with its sound.
		const group = source === "screen" || source === "screenAudio" ? "screen" : "self";
		return endpoint.consume(parameters, `${this.#port.join(parameters.participant)}-${group}`);
	}
}
