/**
 * One track of the room on this node: published here, or received from another node. Its id is the room's; the
 * producer has one of its own, since mediasoup's must be unique in a worker, which serves many rooms.
 */
import type { DataProducer, Producer, ProducerOptions } from "mediasoup/types";
import type { Size, TrackMedia } from "../../shared/media.ts";
import type { Source } from "../../shared/tokens.ts";
import { rtpParametersIn } from "./convert.ts";
import type { Home } from "./home.ts";
import { Latest } from "./latest.ts";

/** Key frames are asked of a sender no more often than this, ms, however many receivers want one. */
const KEY_FRAME_MS = 300;

export interface TrackWish {
	id: string;
	participant: string;
	source: Source;
	media: TrackMedia;
	layers: readonly Size[];
	muted: boolean;
	/** The flow from another node that it comes by; absent: published here. */
	from?: { epoch: number; pipe: string };
	/** An encoder of the node it is published on makes it. */
	encoded?: boolean;
}

/** Where a producer is made: a participant's transport, or the one from another node. */
export interface Inlet {
	home: Home;
	/** What comes there, where that is known only with it. */
	media?: TrackMedia;
	transport: {
		produce(options: ProducerOptions): Promise<Producer>;
		produceData(options: Parameters<DataInlet>[0]): Promise<DataProducer>;
	};
}
type DataInlet = import("mediasoup/types").Transport["produceData"];

export class RoomTrack {
	/** As its publisher sends it, where this is what effects make of it. */
	readonly dry: RoomTrack | undefined;
	readonly id: string;
	readonly participant: string;
	readonly source: Source;
	readonly media: TrackMedia;
	readonly kind: TrackMedia["kind"];
	readonly layers: readonly Size[];
	/** When it came to this node, ms since 1970. */
	readonly since = Date.now();
	/** Somebody on this node receives it now. */
	isWanted = true;
	readonly from: TrackWish["from"];
	/** What effects make of it somewhere: its bit rate follows its receivers. */
	readonly encoded: boolean;
	/** Rejects when the node cannot receive it. Subscriptions wait for it. */
	readonly ready: Promise<Producer | DataProducer>;
	#producer: Producer | DataProducer | undefined;
	#home: Home | undefined;
	/** The same track on other routers of this node. */
	readonly #elsewhere = new Map<Home, Promise<Producer | DataProducer>>();
	#muted: boolean;
	#closed = false;
	readonly #mute = new Latest(() => this.#applyMute());
	/** The producer ended without `close`: its transport did. */
	onLost: () => void = () => {};

	constructor(wish: TrackWish, inlet: Promise<Inlet>, dry?: RoomTrack) {
		this.dry = dry;
		this.id = wish.id;
		this.participant = wish.participant;
		this.source = wish.source;
		this.media = wish.media;
		this.kind = wish.media.kind;
		this.layers = wish.layers;
		this.from = wish.from;
		this.encoded = wish.media.kind === "video" && (dry !== undefined || wish.encoded === true);
		this.#muted = wish.muted;
		this.ready = inlet.then((it) => this.#produce(it, wish));
		// Whoever needs it handles the failure; without anybody it is no crash.
		this.ready.catch(() => {});
	}

	get producer(): Producer | DataProducer | undefined {
		return this.#producer;
	}

	/** Where its producer lives. */
	get home(): Home | undefined {
		return this.#home;
	}

	get closed(): boolean {
		return this.#closed;
	}

	/** The producer to consume on a router of this node: carried there when somebody first wants it there. */
	async on(home: Home): Promise<Producer | DataProducer> {
		const producer = await this.ready;
		if (!this.#home || this.#home === home) return producer;
		let there = this.#elsewhere.get(home);
		if (!there) {
			there = this.#carry(producer, this.#home, home);
			this.#elsewhere.set(home, there);
			there.catch(() => this.#elsewhere.delete(home));
		}
		return there;
	}

	/** The codec it comes in; of data none. */
	get mimeType(): string | undefined {
		return this.media.kind === "data" ? undefined : this.media.rtpParameters.codecs[0]?.mimeType;
	}

	get muted(): boolean {
		return this.#muted;
	}

	setMuted(muted: boolean): void {
		this.#muted = muted;
		this.#mute.request();
	}

	close(): void {
		this.#closed = true;
		this.#producer?.close();
	}

	async #carry(producer: Producer | DataProducer, from: Home, to: Home): Promise<Producer | DataProducer> {
		// Ids are unique in a worker, and both routers may be on the same one.
		const which = isData(producer) ? { dataProducerId: producer.id } : { producerId: producer.id };
		const { pipeProducer, pipeDataProducer } = await from.router.pipeToRouter({
			...which,
			router: to.router,
			keepId: false,
		});
		const there = pipeProducer ?? pipeDataProducer;
		if (!there) throw new Error("carried nowhere");
		const gone = () => this.#elsewhere.delete(to);
		if (isData(there)) there.observer.once("close", gone);
		else there.observer.once("close", gone);
		return there;
	}

	async #produce(inlet: Inlet, wish: TrackWish): Promise<Producer | DataProducer> {
		const { id, participant } = wish;
		const { home, transport, media = wish.media } = inlet;
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
		this.#home = home;
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
