/**
 * This participant's media sides: the one in force, and for a while the one it took over from. A room moves its people
 * make before break, so the former carries everything until the next one does.
 */
import type { MediaState, Node } from "./api.ts";
import type { MediaDevice } from "./device.ts";
import { Endpoint } from "./endpoint.ts";
import type { Publisher } from "./publisher.ts";
import type { Receiver } from "./receiver.ts";
import type { EventOf, RequestInput, RequestType } from "./wire.ts";

/** How long the former goes on after the next one carries everything: others still follow this one's tracks, ms. */
const OVERLAP_MS = 2_000;

export interface MediaSidesPort {
	request: <T extends RequestType>(type: T, body: RequestInput<T>) => Promise<unknown>;
	stateChanged(state: MediaState): void;
	nodeChanged(node: Node | undefined): void;
	/** A media side that took over carries everything. */
	carried(): void;
	/** A path to a node was lost. */
	pathLost(): void;
}

export interface OpenOptions {
	device: MediaDevice;
	iceServers: () => RTCIceServer[];
	iceTransportPolicy?: RTCIceTransportPolicy;
}

export class MediaSides {
	readonly #publisher: Publisher;
	readonly #receiver: Receiver;
	readonly #port: MediaSidesPort;
	#current: Endpoint | undefined;
	#former: Endpoint | undefined;
	#bridging = false;

	constructor(publisher: Publisher, receiver: Receiver, port: MediaSidesPort) {
		this.#publisher = publisher;
		this.#receiver = receiver;
		this.#port = port;
	}

	get current(): Endpoint | undefined {
		return this.#current;
	}

	/** The one in force is taking over from direct connections. */
	get bridging(): boolean {
		return this.#bridging;
	}

	/**
	 * The room hands over a media side: the first, one in place of a lost one, or one to move to. `bridged`: direct
	 * connections go on until this one carries everything.
	 */
	open(event: EventOf<"endpoint">, options: OpenOptions, bridged: boolean): void {
		// Told again after the room had slept: it is in use already.
		if (event.endpoint === this.#current?.id) return;
		const endpoint = new Endpoint(event, {
			...options,
			request: this.#port.request,
			onRestart: () => this.#port.pathLost(),
			onState: () => endpoint === this.#current && this.#port.stateChanged(endpoint.state),
		});
		const former = this.#current;
		if (event.former === undefined || event.former !== former?.id) {
			if (bridged) this.#bridge(endpoint);
			else this.moveTo(endpoint);
			return;
		}
		this.#endFormer();
		this.#former = former;
		this.#use(endpoint);
		const carried = Promise.all([this.#publisher.handOver(endpoint), this.#receiver.handOver(endpoint)]);
		void carried.then(async () => {
			if (endpoint === this.#current) this.#port.carried();
			await new Promise((resolve) => setTimeout(resolve, OVERLAP_MS));
			if (this.#former !== former) return;
			this.#endFormer();
			// Gone by itself already: that is what was wanted.
			this.#port.request("release", { endpoint: former.id }).catch(() => {});
		});
	}

	/** The room has lost one. */
	lost(id: string): void {
		if (id === this.#current?.id) this.moveTo(undefined);
		else if (id === this.#former?.id) this.#endFormer();
	}

	/** The media side has ended, and what it carried goes directly. */
	leave(id: string): void {
		if (id !== this.#current?.id) return this.lost(id);
		this.#endFormer();
		this.#current.close();
		this.#use(undefined);
		this.#receiver.moveTo(undefined);
		this.#publisher.leaveSide();
	}

	/** Another media side, or none, without anything to bridge the time. */
	moveTo(endpoint: Endpoint | undefined): void {
		this.#endFormer();
		this.#current?.close();
		this.#use(endpoint);
		this.#receiver.moveTo(endpoint);
		this.#publisher.moveTo(endpoint);
		if (endpoint) this.#port.stateChanged("connecting");
	}

	/** Takes over from direct connections, make before break. */
	#bridge(endpoint: Endpoint): void {
		if (this.#current) this.leave(this.#current.id);
		this.#use(endpoint);
		this.#bridging = true;
		const carried = Promise.all([this.#publisher.handOver(endpoint), this.#receiver.handOver(endpoint)]);
		void carried.then(() => {
			if (endpoint !== this.#current) return;
			this.#bridging = false;
			this.#port.carried();
		});
	}

	/** By id: of the one in force, or the one before. */
	get(id: string): Endpoint | undefined {
		return [this.#current, this.#former].find((endpoint) => endpoint?.id === id);
	}

	#use(endpoint: Endpoint | undefined): void {
		const before = this.#current?.node.id;
		this.#current = endpoint;
		this.#bridging = false;
		if (endpoint?.node.id !== before) this.#port.nodeChanged(endpoint?.node);
	}

	#endFormer(): void {
		const former = this.#former;
		if (!former) return;
		this.#former = undefined;
		this.#publisher.endFormer();
		this.#receiver.endFormer();
		former.close();
	}
}
