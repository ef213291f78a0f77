/** A media side whose client speaks ORTC parameters (mediasoup-client's): one transport to send on, one to receive on. */
import type { RtpCapabilities, WebRtcTransport } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { DtlsParameters, IceParameters } from "../../shared/media.ts";
import { dtlsParametersIn, rtpCapabilitiesIn, transportOut } from "./convert.ts";
import { Endpoint, type Open, type Opened } from "./endpoint.ts";
import type { Home } from "./home.ts";
import { type EndpointLimits, limitBitrate, lowerOf } from "./limits.ts";
import type { Receiver } from "./subscriptions.ts";
import type { Inlet } from "./tracks.ts";

type Direction = "send" | "recv";

export class OrtcEndpoint extends Endpoint {
	readonly opened: Promise<Opened>;
	readonly prepared: Promise<void>;
	readonly holds = false;
	readonly #transports: Partial<Record<Direction, WebRtcTransport>> = {};
	#rtpCapabilities: RtpCapabilities | undefined;
	#dtlsParameters: DtlsParameters | undefined;
	readonly #preparing: Promise<unknown>[] = [];
	readonly #made: Partial<Record<Direction, Promise<WebRtcTransport>>> = {};

	constructor(open: Open, home: Promise<Home>, limits: EndpointLimits) {
		super(open, home);
		this.equip(open);
		this.opened = this.#open(open, lowerOf(limits, open.limits));
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

	override get capabilities(): RtpCapabilities | undefined {
		return this.#rtpCapabilities;
	}

	/** What a subscription needs of this endpoint. */
	async receiver(): Promise<Receiver> {
		const [transport, home] = await Promise.all([this.transport("recv"), this.home]);
		return { transport, home, rtpCapabilities: this.#rtpCapabilities };
	}

	/** What a published track needs of it. */
	async sender(): Promise<Inlet> {
		const [transport, home] = await Promise.all([this.transport("send"), this.home]);
		return { transport, home };
	}

	/** Those there are now. */
	transports(): WebRtcTransport[] {
		return Object.values(this.#transports);
	}

	async transport(direction: Direction): Promise<WebRtcTransport> {
		await this.home;
		// Not for the other one: what is received is set up while the sending side is still being made.
		const transport = await this.#made[direction];
		if (!transport || this.closed) throw new SwitchyardError("stale_endpoint", `it has no ${direction} transport`);
		return transport;
	}

	async connect(direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
		const transport = await this.transport(direction);
		await transport.connect({ dtlsParameters: dtlsParametersIn(dtlsParameters) });
	}

	async restartIce(direction: Direction): Promise<IceParameters> {
		return (await this.transport(direction)).restartIce();
	}

	async #open(open: Open, limits: EndpointLimits): Promise<Opened> {
		const home = await this.home;
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
		if (this.closed) {
			transport.close();
			throw new SwitchyardError("stale_endpoint", "closed meanwhile");
		}
		this.#transports[direction] = transport;
		this.watch(transport);
		this.#preparing.push(limitBitrate(transport, direction, limits));
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
			if (!this.closed) this.onUnusable(error);
		});
	}
}
