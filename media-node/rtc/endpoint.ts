/** A participant's media side: one transport to send on, one to receive on, its tracks and its subscriptions. */
import type { RtpCapabilities, WebRtcTransport } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { DtlsParameters, IceParameters } from "../../shared/media.ts";
import { dtlsParametersIn, rtpCapabilitiesIn, transportOut } from "./convert.ts";
import type { Home } from "./home.ts";
import type { Receiver, SubscribedTrack } from "./subscriptions.ts";
import type { Inlet, RoomTrack } from "./tracks.ts";

type Open = Extract<LinkCommand, { type: "open" }>;
type Direction = "send" | "recv";
type MediaState = "connected" | "disconnected";

export interface EndpointLimits {
	maxIncomingBitrate: number;
	initialOutgoingBitrate: number;
}

export class Endpoint {
	readonly id: string;
	readonly participant: string;
	readonly tracks = new Map<string, RoomTrack>();
	readonly subscriptions = new Map<string, SubscribedTrack>();
	/** Resolves when its transports are there; rejects when they could not be made. */
	readonly opened: Promise<Extract<LinkReport, { type: "opened" }>>;
	/** Resolves when they know their peer's certificate and limits as well; nothing needs to wait for it. */
	readonly prepared: Promise<void>;
	onMediaState: (state: MediaState) => void = () => {};
	/** The certificate that its client told of cannot be connected to. */
	onUnusable: (error: unknown) => void = () => {};
	readonly #transports: Partial<Record<Direction, WebRtcTransport>> = {};
	#rtpCapabilities: RtpCapabilities | undefined;
	#dtlsParameters: DtlsParameters | undefined;
	/** Where it lives: a router, and the server whose port its transports share. */
	readonly #home: Promise<Home>;
	readonly #preparing: Promise<unknown>[] = [];
	readonly #made: Partial<Record<Direction, Promise<WebRtcTransport>>> = {};
	#mediaState: MediaState | undefined;
	#closed = false;

	constructor(open: Open, home: Promise<Home>, limits: EndpointLimits) {
		this.id = open.endpoint;
		this.participant = open.participant;
		this.#home = home;
		this.equip(open);
		this.opened = this.#open(open, limits);
		this.prepared = this.opened.then(() => Promise.all(this.#preparing)).then(() => {});
		this.prepared.catch(() => {});
	}

	/** What its client can do, known from the beginning or, opened ahead of its join, with that. */
	equip({ rtpCapabilities, dtlsParameters }: Pick<Open, "rtpCapabilities" | "dtlsParameters">): void {
		if (rtpCapabilities) this.#rtpCapabilities = rtpCapabilitiesIn(rtpCapabilities);
		if (!dtlsParameters || this.#dtlsParameters) return;
		this.#dtlsParameters = dtlsParameters;
		for (const transport of Object.values(this.#transports)) this.#connectAhead(transport, dtlsParameters);
	}

	get closed(): boolean {
		return this.#closed;
	}

	/** Undefined until the client's first connection. */
	get mediaState(): MediaState | undefined {
		return this.#mediaState;
	}

	/** What a subscription needs of this endpoint. */
	async receiver(): Promise<Receiver> {
		const [transport, home] = await Promise.all([this.transport("recv"), this.#home]);
		return { transport, home, rtpCapabilities: this.#rtpCapabilities };
	}

	/** What a published track needs of it. */
	async sender(): Promise<Inlet> {
		const [transport, home] = await Promise.all([this.transport("send"), this.#home]);
		return { transport, home };
	}

	/** It lives on this router. */
	async livesOn(home: Home): Promise<boolean> {
		return this.#home.then((it) => it === home).catch(() => false);
	}

	/** Those there are now. */
	transports(): WebRtcTransport[] {
		return Object.values(this.#transports);
	}

	async transport(direction: Direction): Promise<WebRtcTransport> {
		await this.#home;
		// Not for the other one: what is received is set up while the sending side is still being made.
		const transport = await this.#made[direction];
		if (!transport || this.#closed) throw new SwitchyardError("stale_endpoint", `it has no ${direction} transport`);
		return transport;
	}

	async connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
		const transport = await this.transport(direction);
		await transport.connect({ dtlsParameters: dtlsParametersIn(dtlsParameters) });
	}

	async restartIce(direction: Direction): Promise<IceParameters> {
		return (await this.transport(direction)).restartIce();
	}

	close(): void {
		this.#closed = true;
		// First, since all that is on a transport ends with it, in one message to the worker.
		for (const transport of Object.values(this.#transports)) transport.close();
		for (const track of this.tracks.values()) track.close();
		for (const subscription of this.subscriptions.values()) subscription.close();
	}

	async #open(open: Open, limits: EndpointLimits): Promise<Extract<LinkReport, { type: "opened" }>> {
		const home = await this.#home;
		if (open.recv) this.#made.recv = this.#makeTransport("recv", open, home, limits);
		if (open.send) this.#made.send = this.#makeTransport("send", open, home, limits);
		const [send, recv] = await Promise.all([this.#made.send, this.#made.recv]);
		return {
			type: "opened",
			endpoint: this.id,
			send: send && transportOut(send),
			recv: recv && transportOut(recv),
		};
	}

	async #makeTransport(
		direction: Direction,
		{ data }: Open,
		{ router, media }: Home,
		limits: EndpointLimits,
	): Promise<WebRtcTransport> {
		const transport = await router.createWebRtcTransport({
			webRtcServer: media.server,
			enableUdp: true,
			enableTcp: true,
			preferUdp: true,
			enableSctp: data,
			initialAvailableOutgoingBitrate: limits.initialOutgoingBitrate,
			appData: { endpoint: this.id, direction },
		});
		if (this.#closed) {
			transport.close();
			throw new SwitchyardError("stale_endpoint", "closed meanwhile");
		}
		this.#transports[direction] = transport;
		transport.on("icestatechange", () => this.#watch());
		transport.on("dtlsstatechange", () => this.#watch());
		if (direction === "send") this.#preparing.push(transport.setMaxIncomingBitrate(limits.maxIncomingBitrate));
		for (const promise of this.#preparing) promise.catch(() => {});
		if (this.#dtlsParameters) this.#connectAhead(transport, this.#dtlsParameters);
		return transport;
	}

	/**
	 * Known beforehand, the fingerprint spares the client a round trip: its handshake finds the transport ready. The
	 * worker does it before anything that is asked of it later, so nothing waits for its answer.
	 */
	#connectAhead(transport: WebRtcTransport, dtlsParameters: DtlsParameters): void {
		transport.connect({ dtlsParameters: dtlsParametersIn(dtlsParameters) }).catch((error: unknown) => {
			if (!this.#closed) this.onUnusable(error);
		});
	}

	/** A client may use one of the two alone, so what was never used says nothing. */
	#watch(): void {
		if (this.#closed) return;
		const used = Object.values(this.#transports).filter(({ iceState }) => iceState !== "new");
		const lost = used.some(
			({ iceState, dtlsState }) => iceState === "disconnected" || dtlsState === "failed" || dtlsState === "closed",
		);
		const up = used.length > 0 && used.every(({ dtlsState }) => dtlsState === "connected");
		const state = lost ? "disconnected" : up ? "connected" : undefined;
		if (!state || state === this.#mediaState) return;
		this.#mediaState = state;
		this.onMediaState(state);
	}
}
