/** This participant's media side on one node: a transport each way, over mediasoup-client. A new one replaces it. */
import type { types } from "mediasoup-client";
import type { MediaState } from "./api.ts";
import type { MediaDevice } from "./device.ts";
import type {
	ConsumerParameters,
	DtlsParameters,
	EventOf,
	RequestInput,
	RequestType,
	TrackMedia,
	TransportParameters,
} from "./wire.ts";

type Direction = "send" | "recv";

/** How long ICE may mend itself before it is restarted, ms. A transport that failed is restarted at once. */
const DISCONNECTED_MS = 2_000;
/** Between restarts, ms: doubled each time. */
const RESTART_MS = 2_000;
const RESTART_MOST_MS = 30_000;
/** A restart that did not help by then will not, ms. */
const LOST_MS = 2_000;

export interface EndpointOptions {
	device: MediaDevice;
	/** Those of now. */
	iceServers: () => RTCIceServer[];
	iceTransportPolicy?: RTCIceTransportPolicy;
	/** Asks the room; resolves when it did. */
	request: <T extends RequestType>(type: T, body: RequestInput<T>) => Promise<unknown>;
	onState: (state: MediaState) => void;
	/** A path was lost, and is looked for anew. */
	onRestart?: () => void;
}

/** Gets the parameters of a track as soon as they are known, before the transport is connected. */
export type Announce = (media: TrackMedia) => void;

export class Endpoint {
	readonly id: string;
	readonly node: { id: string; region: string };
	readonly #options: EndpointOptions;
	readonly #transports = new Map<Direction, types.Transport>();
	readonly #restarts = new Map<Direction, { timer: ReturnType<typeof setTimeout>; tries: number }>();
	/** From restarts that the room has answered: whether they helped. */
	readonly #verdicts = new Set<ReturnType<typeof setTimeout>>();
	/** Of the transport that is opened with the first track: those who only watch never need it, the others not at once. */
	readonly #sending: TransportParameters | undefined;
	#closed = false;

	constructor(event: EventOf<"endpoint">, options: EndpointOptions) {
		this.id = event.endpoint;
		this.node = event.node;
		this.#options = options;
		this.#sending = event.send;
		if (event.recv) this.#open("recv", event.recv);
	}

	get closed(): boolean {
		return this.#closed;
	}

	get send(): types.Transport | undefined {
		return this.#transports.get("send");
	}

	get recv(): types.Transport | undefined {
		return this.#transports.get("recv");
	}

	get sendCodecs(): types.RtpCodecCapability[] {
		return this.#options.device.device.sendRtpCapabilities.codecs ?? [];
	}

	/** `new` while nothing is sent or received: a transport connects with its first track. */
	get state(): MediaState {
		const states = [...this.#transports.values()].map((transport) => transport.connectionState);
		if (this.#closed || states.some((state) => state === "failed" || state === "disconnected")) return "disconnected";
		// The second transport connects with its first track, which is no reason to call the first one unsure.
		if (states.includes("connected")) return "connected";
		return states.includes("connecting") ? "connecting" : "new";
	}

	produce(options: types.ProducerOptions, id: string, announce: Announce): Promise<types.Producer> {
		const transport = this.#sender();
		if (!transport) return Promise.reject(new Error("no right to publish"));
		return transport.produce({ ...options, appData: { id, announce } });
	}

	produceData(options: types.DataProducerOptions, id: string, announce: Announce): Promise<types.DataProducer> {
		const transport = this.#sender();
		if (!transport) return Promise.reject(new Error("no right to publish"));
		return transport.produceData({ ...options, appData: { id, announce } });
	}

	/** All tracks of a batch are given to one tick, which mediasoup-client makes one negotiation of. */
	consume(
		parameters: Extract<ConsumerParameters, { kind: "audio" | "video" }>,
		streamId: string,
	): Promise<types.Consumer> {
		if (!this.recv) return Promise.reject(new Error("no right to subscribe"));
		const { id, track, kind, rtpParameters } = parameters;
		return this.recv.consume({
			id,
			producerId: track,
			kind,
			rtpParameters: rtpParameters as types.RtpParameters,
			streamId,
		});
	}

	consumeData(parameters: Extract<ConsumerParameters, { kind: "data" }>): Promise<types.DataConsumer> {
		if (!this.recv) return Promise.reject(new Error("no right to subscribe"));
		const { id, track, sctpStreamParameters, label, protocol } = parameters;
		return this.recv.consumeData({ id, dataProducerId: track, sctpStreamParameters, label, protocol });
	}

	/** The room's answer to `restartIce`. */
	async onIce({ direction, iceParameters }: EventOf<"ice">): Promise<void> {
		const transport = this.#transports.get(direction);
		// Only now: a connection that is told of others would restart ICE by itself with the next track, on its side alone.
		await transport?.updateIceServers({ iceServers: this.#options.iceServers() });
		await transport?.restartIce({ iceParameters });
	}

	/**
	 * Paths that do not work any more are looked for anew without waiting. `anew`: the network is another one, so those that
	 * seem to work do not either, which the browser finds out some seconds later. Where they do, they are used until then.
	 */
	check(anew = false): void {
		for (const [direction, transport] of this.#transports) {
			if (anew && transport.connectionState === "connected") this.#ask(direction);
			else if (transport.connectionState === "disconnected" || transport.connectionState === "failed") {
				clearTimeout(this.#restarts.get(direction)?.timer);
				this.#restarts.delete(direction);
				this.#restart(direction, 0);
			}
		}
	}

	close(): void {
		if (this.#closed) return;
		this.#closed = true;
		for (const { timer } of this.#restarts.values()) clearTimeout(timer);
		for (const timer of this.#verdicts) clearTimeout(timer);
		for (const transport of this.#transports.values()) transport.close();
	}

	#sender(): types.Transport | undefined {
		if (!this.send && this.#sending && !this.#closed) this.#open("send", this.#sending);
		return this.send;
	}

	#open(direction: Direction, parameters: TransportParameters): void {
		const { device, iceServers, iceTransportPolicy } = this.#options;
		const options: types.TransportOptions = {
			id: parameters.id,
			iceParameters: parameters.iceParameters,
			iceCandidates: parameters.iceCandidates,
			dtlsParameters: parameters.dtlsParameters,
			sctpParameters: parameters.sctpParameters as types.SctpParameters | undefined,
			iceServers: iceServers(),
			iceTransportPolicy,
			additionalSettings: device.certificate && { certificates: [device.certificate] },
		};
		const transport =
			direction === "send" ? device.device.createSendTransport(options) : device.device.createRecvTransport(options);
		this.#transports.set(direction, transport);

		transport.on("connect", ({ dtlsParameters }, done, failed) => {
			// The node has known the certificate since the join, and connected its side with it.
			if (device.certificate) done();
			else this.#connect(direction, dtlsParameters as DtlsParameters).then(done, failed);
		});
		transport.on("produce", ({ kind, rtpParameters, appData }, done) => {
			const { id, announce } = appData as { id: string; announce: Announce };
			// Nobody waits for the room here: sending begins while it learns of the track.
			done({ id });
			announce({ kind, rtpParameters: rtpParameters as Extract<TrackMedia, { kind: "audio" }>["rtpParameters"] });
		});
		transport.on("producedata", ({ sctpStreamParameters, label = "", protocol = "", appData }, done) => {
			const { id, announce } = appData as { id: string; announce: Announce };
			done({ id });
			announce({
				kind: "data",
				sctpStreamParameters: { ...sctpStreamParameters, streamId: sctpStreamParameters.streamId ?? 0 },
				label,
				protocol,
			});
		});
		transport.on("connectionstatechange", (state) => {
			if (this.#closed) return;
			if (state === "disconnected") this.#restart(direction, DISCONNECTED_MS);
			else if (state === "failed") this.#restart(direction, 0);
			else if (state === "connected") {
				clearTimeout(this.#restarts.get(direction)?.timer);
				this.#restarts.delete(direction);
			}
			this.#options.onState(this.state);
		});
	}

	async #connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
		await this.#options.request("connectTransport", { endpoint: this.id, direction, dtlsParameters });
	}

	/** RFC 8445 section 9: new credentials on both sides, the same DTLS association. */
	#restart(direction: Direction, afterMs: number): void {
		const before = this.#restarts.get(direction);
		clearTimeout(before?.timer);
		const tries = before?.tries ?? 0;
		const wait = tries === 0 ? afterMs : Math.min(RESTART_MS * 2 ** (tries - 1), RESTART_MOST_MS);
		const timer = setTimeout(() => {
			const state = this.#transports.get(direction)?.connectionState;
			if (this.#closed || state === "connected" || state === "closed") return;
			this.#ask(direction);
			// Again if that does not help; `connected` ends it.
			this.#restart(direction, 0);
		}, wait);
		this.#restarts.set(direction, { timer, tries: tries + 1 });
	}

	#ask(direction: Direction): void {
		this.#options.onRestart?.();
		this.#options.request("restartIce", { endpoint: this.id, direction }).then(
			() => this.#judge(direction),
			() => {},
		);
	}

	/** The room was reached, and the node told: if that did not help in time, another node may. */
	#judge(direction: Direction): void {
		if (this.#closed) return;
		const timer = setTimeout(() => {
			this.#verdicts.delete(timer);
			const state = this.#transports.get(direction)?.connectionState;
			if (this.#closed || state === "connected" || state === "closed") return;
			this.#options.request("mediaLost", { endpoint: this.id }).catch(() => {});
		}, LOST_MS);
		this.#verdicts.add(timer);
	}
}
