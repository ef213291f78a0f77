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
/** The same where it takes over from direct connections: others have to come over too. */
const FROM_DIRECT_MS = 10_000;

export interface ReceiverPort {
	publication(track: string): PublicationImpl | undefined;
	/** Of the track's publisher: differs at each join. */
	join(participant: string): number;
	trackPort(track: string): TrackPort;
	subscribed(track: RemoteTrackImpl): void;
	unsubscribed(track: RemoteTrackImpl): void;
	channel(channel: RemoteChannel, publication: PublicationImpl): void;
	/** A track is shown as it comes directly. */
	cameDirectly(track: string): void;
}

interface Direct {
	media: MediaStreamTrack;
	/** The participant it comes from. */
	from: string;
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
	/** Tracks that the media side moved to does not carry yet. */
	readonly #awaited = new Set<string>();
	/** What comes directly, ready to be shown. */
	readonly #direct = new Map<string, Direct>();
	/** The same, while what is shown comes from a node and goes on until this has something to show. */
	readonly #arriving = new Map<string, Direct>();
	#prefersDirect = false;
	#handedOver = () => {};
	readonly #channels = new Map<string, RemoteChannel>();
	/** Data channels of direct connections, by track. */
	readonly #directChannels = new Map<string, { channel: RTCDataChannel; from: string }>();

	constructor(port: ReceiverPort) {
		this.#port = port;
	}

	/** The consumers of the former media side are closed with it; tracks wait for the new one to bring theirs. */
	moveTo(endpoint: Endpoint | undefined): void {
		this.#endpoint = endpoint;
		this.#flows.clear();
		this.#former.clear();
		this.#awaited.clear();
		for (const track of this.#direct.keys()) this.bind(track);
	}

	/** Of what comes both ways, which is shown. */
	preferDirect(direct: boolean): void {
		if (this.#prefersDirect === direct) return;
		this.#prefersDirect = direct;
		for (const track of this.#direct.keys()) this.bind(track);
	}

	/** A track comes directly from somebody, or does no more. */
	directly(track: string, media: MediaStreamTrack | undefined, from: string): void {
		if (!media) {
			if (this.#arriving.get(track)?.from === from) this.#arriving.delete(track);
			if (this.#direct.get(track)?.from !== from) return;
			this.#direct.delete(track);
			this.bind(track);
			return;
		}
		const direct: Direct = { media, from };
		this.#arriving.set(track, direct);
		const ready = () => {
			if (this.#arriving.get(track) !== direct) return;
			this.#arriving.delete(track);
			this.#direct.set(track, direct);
			this.bind(track);
			this.#port.cameDirectly(track);
		};
		if (this.#flows.get(track)?.consumer) void firstFrame(media).then(ready);
		else ready();
	}

	/** A data channel of a direct connection: labelled with its track's id. */
	channelDirectly(channel: RTCDataChannel, from: string): void {
		const { label: track } = channel;
		const direct = { channel, from };
		this.#directChannels.set(track, direct);
		channel.addEventListener("close", () => {
			if (this.#directChannels.get(track) === direct) this.#directChannels.delete(track);
		});
		this.bind(track);
	}

	isDirect(track: string): boolean {
		return this.#direct.has(track);
	}

	/**
	 * A media side to move to. Each track is shown by the former one until the new one has a frame of it. Resolves when
	 * all have come over, or time is up.
	 */
	handOver(endpoint: Endpoint): Promise<void> {
		this.#endpoint = endpoint;
		for (const [track, flow] of this.#flows) this.#former.set(track, flow);
		this.#flows.clear();
		for (const track of [...this.#former.keys(), ...this.#direct.keys()]) this.#awaited.add(track);
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, this.#direct.size > 0 ? FROM_DIRECT_MS : HAND_OVER_MS);
			this.#handedOver = () => {
				clearTimeout(timer);
				resolve();
			};
			if (this.#awaited.size === 0) this.#handedOver();
		});
	}

	/** The former media side has ended; what did not come over waits for its consumer. */
	endFormer(): void {
		this.#former.clear();
		this.#awaited.clear();
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
					const shown = (former ?? this.#former.get(track))?.consumer ?? this.#direct.get(track);
					if (current() && "track" in consumer && shown) {
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
		this.#former.delete(track);
		if (this.#awaited.delete(track) && this.#awaited.size === 0) this.#handedOver();
	}

	/** A track and what carries it come in either order. */
	bind(track: string): void {
		const publication = this.#port.publication(track);
		const consumer = this.#flows.get(track)?.consumer;
		if (!publication) return;
		// Whoever sends on a data channel uses one way at a time, so both are heard.
		const data = this.#directChannels.get(track);
		if (data && data.from === publication.participant.id && publication.subscribed) {
			const { label = "" } = publication;
			this.#channel(publication, { label, protocol: data.channel.protocol }).receivedDirectly(data.channel);
		}
		if (consumer && !("track" in consumer)) {
			this.#channel(publication, consumer).receivedBy(consumer);
			return;
		}
		const direct = this.#direct.get(track);
		// Whoever connects directly says which track is which: only of their own.
		const ways = [direct?.from === publication.participant.id ? direct.media : undefined, consumer?.track];
		const media = this.#prefersDirect ? (ways[0] ?? ways[1]) : (ways[1] ?? ways[0]);
		if (!media) return;
		if (publication.received) {
			publication.received.swap(media);
			return;
		}
		publication.received = new RemoteTrackImpl(publication, media, this.#port.trackPort(track));
		this.#port.subscribed(publication.received);
	}

	/** Not received any more: unsubscribed, unpublished, or its participant left. */
	end(track: string, publication = this.#port.publication(track)): void {
		this.#flows.get(track)?.consumer?.close();
		this.#flows.delete(track);
		this.#former.get(track)?.consumer?.close();
		this.#direct.delete(track);
		this.#arriving.delete(track);
		this.#cameOver(track);
		this.#directChannels.delete(track);
		this.#channels.get(track)?.close();
		this.#channels.delete(track);
		const received = publication?.received;
		if (!publication || !received) return;
		publication.received = undefined;
		this.#port.unsubscribed(received);
		received.close();
	}

	/** The one that the application has, or a new one; it hears of it before any message can come. */
	#channel(publication: PublicationImpl, { label, protocol }: { label: string; protocol: string }): RemoteChannel {
		const { id } = publication;
		let channel = this.#channels.get(id);
		if (!channel) {
			channel = new RemoteChannel(id, label, protocol);
			this.#channels.set(id, channel);
			const made = channel;
			// After its message listener could be set by what follows here, and before any message can come.
			this.#port.channel(made, publication);
		}
		return channel;
	}

	#consume(endpoint: Endpoint, parameters: ConsumerParameters): Promise<types.Consumer | types.DataConsumer> {
		if (parameters.kind === "data") return endpoint.consumeData(parameters);
		const source = this.#port.publication(parameters.track)?.source;
		// Browsers keep the tracks of one stream in step: voice with face, and a screen with its sound.
		const group = source === "screen" || source === "screenAudio" ? "screen" : "self";
		return endpoint.consume(parameters, `${this.#port.join(parameters.participant)}-${group}`);
	}
}
