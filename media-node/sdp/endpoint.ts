/** A media side whose client speaks SDP: its connections, each over a transport of its own. */
import type { Producer, Router, RtpCapabilities, WebRtcTransport } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, LinkReportInput } from "../../shared/link.ts";
import type { IceParameters } from "../../shared/media.ts";
import type { SdpSettings, Section } from "../../shared/sdp.ts";
import { Endpoint, type Open, type Opened } from "../rtc/endpoint.ts";
import { errorBody } from "../rtc/errors.ts";
import type { Home } from "../rtc/home.ts";
import { type EndpointLimits, lowerOf } from "../rtc/limits.ts";
import type { Receiver, SubscribedTrack } from "../rtc/subscriptions.ts";
import type { Inlet, RoomTrack } from "../rtc/tracks.ts";
import { Connection, type Outstanding } from "./connection.ts";
import { TextChannel } from "./text-channel.ts";

/** The connection that a client sends on, and the only one where there is one. */
const MAIN = "";

type Command<T extends LinkCommand["type"]> = Extract<LinkCommand, { type: T }>;

export interface SdpEndpointEvents {
	report(report: LinkReportInput): void;
	/** The client wants no part in a track that it was to receive. */
	refused(subscription: SubscribedTrack): void;
}

export class SdpEndpoint extends Endpoint {
	readonly opened: Promise<Opened>;
	readonly prepared: Promise<void>;
	readonly holds = true;
	readonly #settings: SdpSettings;
	readonly #limits: EndpointLimits;
	readonly #events: SdpEndpointEvents;
	readonly #maySend: boolean;
	readonly #connections = new Map<string, Connection>();
	readonly #transports = new Map<string, WebRtcTransport>();
	/** Of connections, as last told. */
	readonly #states = new Map<string, "connected" | "disconnected">();
	readonly #making = new Map<string, Promise<WebRtcTransport>>();
	readonly #channels = new Map<string, TextChannel>();
	#router: RtpCapabilities | undefined;

	constructor(
		open: Open,
		settings: SdpSettings,
		home: Promise<Home>,
		limits: EndpointLimits,
		events: SdpEndpointEvents,
	) {
		super(open, home);
		this.#settings = settings;
		this.#limits = limits;
		this.#events = events;
		this.#maySend = open.send;
		this.opened = this.#open(open.connections ?? {});
		this.prepared = this.opened.then(() => {});
		this.prepared.catch(() => {});
	}

	async receiver(published: RoomTrack): Promise<Receiver> {
		if (published.kind === "data") throw new SwitchyardError("unsupported", "no data tracks over SDP");
		const home = await this.#ready();
		const name = this.#nameFor(published.participant);
		const connection = this.#connection(name);
		const { mid, rtpCapabilities } = await connection.outlet(published.id, published.kind);
		if (this.#connections.get(name) !== connection) throw new SwitchyardError("stale_endpoint", "closed meanwhile");
		return { transport: await this.#transport(name), home, rtpCapabilities, mid };
	}

	async sender(): Promise<Inlet> {
		const home = await this.#ready();
		const transport = this.#transports.get(MAIN);
		if (!transport || this.closed) throw new SwitchyardError("stale_endpoint", "it has no connection to send on");
		return { transport, home };
	}

	override produced(producer: Producer): void {
		if ((producer.rtpParameters.encodings?.length ?? 0) < 2) return;
		let known = 0;
		producer.on("score", (scores) => {
			const heard = scores.filter(({ rid }) => rid !== undefined).length;
			if (heard <= known) return;
			known = heard;
			this.#learn(producer).catch(() => {});
		});
	}

	async #learn(producer: Producer): Promise<void> {
		const stats = await producer.getStats();
		const connection = this.#connections.get(MAIN);
		const { mid } = producer.rtpParameters;
		if (!connection || mid === undefined || this.closed) return;
		const layers = stats.flatMap(({ rid, ssrc, rtxSsrc }) =>
			rid ? [{ rid, ssrc, ...(rtxSsrc && { rtx: rtxSsrc }) }] : [],
		);
		connection.learn(mid, layers);
		this.#events.report({ type: "sections", endpoint: this.id, connection: MAIN, sections: connection.sections });
	}

	/** For a client that tells of it without a description. */
	async restartIce(): Promise<IceParameters> {
		const transport = this.#transports.get(MAIN);
		if (!transport || this.closed) throw new SwitchyardError("stale_endpoint");
		return transport.restartIce();
	}

	transports(): WebRtcTransport[] {
		return [...this.#transports.values()];
	}

	override changed(): void {
		for (const [name, connection] of this.#connections) this.#negotiate(name, connection);
	}

	override close(): void {
		super.close();
		for (const channel of this.#channels.values()) channel.close();
		for (const connection of this.#connections.values()) connection.close();
	}

	/** Tells again of what the room or the client may not have been told. */
	repeat(): void {
		for (const [connection, state] of this.#states) this.#tellState(connection, state);
		for (const [name, { outstanding }] of this.#connections) if (outstanding) this.#tell(name, outstanding);
	}

	#tell(connection: string, { description, state }: Outstanding): void {
		this.#events.report({ type: "description", endpoint: this.id, connection, description, ...state });
	}

	/** Carries out what concerns connections. */
	execute(command: Command<"description" | "renegotiate" | "disconnect" | "limit">): void {
		switch (command.type) {
			case "description":
				this.#describe(command);
				return;
			case "renegotiate": {
				const { connection: name, restart } = command;
				const connection = this.#connections.get(name);
				if (!connection) return;
				// Its client may have missed the offer that it has not answered.
				if (connection.outstanding && !restart) this.#tell(name, connection.outstanding);
				else this.#negotiate(name, connection, restart);
				return;
			}
			case "disconnect":
				this.#end(command.connection);
				return;
			case "limit":
				this.#limit(command);
				return;
			default:
				command satisfies never;
		}
	}

	async #open(connections: Record<string, Section[]>): Promise<Opened> {
		const home = await this.home;
		this.#router = home.router.rtpCapabilities;
		for (const [name, sections] of Object.entries(connections)) this.#connection(name, sections);
		if (this.#settings.invites.length > 0) this.#connection(MAIN);
		// What the same frame subscribes to is to be in the first offer.
		const subscribed = [...this.subscriptions.values()].map(({ ready }) => ready);
		if (this.#connections.size > 0) void Promise.allSettled(subscribed).then(() => this.changed());
		return { type: "opened", endpoint: this.id };
	}

	async #ready(): Promise<Home> {
		await this.opened;
		if (this.closed) throw new SwitchyardError("stale_endpoint");
		return this.home;
	}

	#nameFor(participant: string): string {
		return this.#settings.connections === "each" ? participant : MAIN;
	}

	#connection(name: string, sections?: Section[]): Connection {
		const there = this.#connections.get(name);
		if (there) return there;
		const router = this.#router;
		if (!router || this.closed) throw new SwitchyardError("stale_endpoint");
		const settings = this.#settings;
		const connection: Connection = new Connection(
			{
				settings,
				router,
				maySend: this.#maySend && name === MAIN,
				transport: (sctp) => this.#transport(name, sctp),
				subscriptions: () => this.#subscriptionsOf(name),
				refused: (subscription) => this.#events.refused(subscription),
				offer: (description, state) => {
					if (this.#connections.get(name) === connection) this.#tell(name, { description, state });
				},
			},
			{ clientFirst: name === MAIN, sections },
		);
		this.#connections.set(name, connection);
		return connection;
	}

	#end(name: string): void {
		this.#connections.get(name)?.close();
		this.#connections.delete(name);
		// Made for its first offer, it may be nobody's yet; made from now on, it is another connection's.
		this.#transports.get(name)?.close();
		this.#making.delete(name);
		this.#states.delete(name);
	}

	#subscriptionsOf(name: string): SubscribedTrack[] {
		return [...this.subscriptions.values()].filter(({ published }) => this.#nameFor(published.participant) === name);
	}

	#describe({ connection: name, description, cause }: Command<"description">): void {
		const { id } = this;
		const { report } = this.#events;
		this.#ready()
			.then(async () => {
				if (description.type === "answer" && !this.#connections.has(name)) throw new SwitchyardError("stale_endpoint");
				const connection = this.#connection(name);
				const { description: answer, state } = await connection.describe(description);
				if (this.#connections.get(name) !== connection) throw new SwitchyardError("stale_endpoint");
				if (answer)
					report({ type: "description", endpoint: id, connection: name, description: answer, ...state, cause });
				else report({ type: "agreed", endpoint: id, connection: name, ...state, cause });
				this.#negotiate(name, connection);
			})
			.catch((error: unknown) => report({ type: "failed", endpoint: id, cause, error: errorBody(error) }));
	}

	#negotiate(name: string, connection: Connection, restart = false): void {
		// Of one participant's tracks some are on their way still: it is told again when they are there, and offers once.
		const isBegun = name !== MAIN && this.#subscriptionsOf(name).some(({ parameters }) => !parameters);
		if (isBegun && !restart) return;
		const isCurrent = () => !this.closed && this.#connections.get(name) === connection;
		connection
			.negotiate(restart)
			.then(() => {
				// What it was for ended before it was offered: the room has not heard of it, and will not end it.
				const isForNothing = connection.sections.length === 0 && this.#subscriptionsOf(name).length === 0;
				if (name !== MAIN && isForNothing && isCurrent()) this.#end(name);
			})
			.catch((error: unknown) => {
				if (isCurrent()) this.onUnusable(error);
			});
	}

	#transport(name: string, sctp = false): Promise<WebRtcTransport> {
		const there = this.#making.get(name);
		if (there) return there;
		const isWanted = () => this.#making.get(name) === made;
		const made: Promise<WebRtcTransport> = this.#make(name, sctp, isWanted);
		this.#making.set(name, made);
		made.catch(() => isWanted() && this.#making.delete(name));
		return made;
	}

	async #make(name: string, sctp: boolean, isWanted: () => boolean): Promise<WebRtcTransport> {
		const { router, media } = await this.#ready();
		const transport = await router.createWebRtcTransport({
			webRtcServer: media.server,
			enableUdp: true,
			enableTcp: true,
			preferUdp: true,
			enableSctp: sctp || (name === MAIN && this.#settings.channels.length > 0),
			initialAvailableOutgoingBitrate: this.#settings.initialOutgoingBitrate ?? this.#limits.initialOutgoingBitrate,
			appData: { endpoint: this.id, connection: name },
		});
		if (this.closed || !isWanted()) {
			transport.close();
			throw new SwitchyardError("stale_endpoint", "closed meanwhile");
		}
		this.#transports.set(name, transport);
		transport.observer.once("close", () => {
			this.#transports.delete(name);
			this.#making.delete(name);
		});
		this.watch(transport);
		this.#tellStates(name, transport);
		if (name === MAIN && this.#settings.channels.length > 0) {
			transport.on("sctpstatechange", (state) => state === "connected" && this.#openChannels(router, transport));
		}
		this.#bound(name, transport);
		return transport;
	}

	/** A text for the client; one whose channel is not open is lost, as on a network. */
	sendText(channel: string, text: string): void {
		this.#channels.get(channel)?.send(text);
	}

	#openChannels(router: Router, transport: WebRtcTransport): void {
		const { id: endpoint } = this;
		const { report } = this.#events;
		for (const label of this.#settings.channels) {
			if (this.#channels.has(label)) continue;
			TextChannel.open(router, transport, label, (text) => report({ type: "text", endpoint, channel: label, text }))
				.then((channel) => {
					if (this.closed) return channel.close();
					this.#channels.set(label, channel);
					report({ type: "text", endpoint, channel: label });
				})
				.catch((error: unknown) => this.closed || this.onUnusable(error));
		}
	}

	/** Each of several connections is told of by itself. */
	#tellStates(name: string, transport: WebRtcTransport): void {
		const tell = () => {
			const { iceState, dtlsState } = transport;
			const lost = iceState === "disconnected" || dtlsState === "failed" || dtlsState === "closed";
			const state = lost ? "disconnected" : dtlsState === "connected" ? "connected" : undefined;
			if (!state || state === this.#states.get(name) || this.closed) return;
			this.#states.set(name, state);
			this.#tellState(name, state);
		};
		transport.on("icestatechange", tell);
		transport.on("dtlsstatechange", tell);
	}

	#tellState(connection: string, state: "connected" | "disconnected"): void {
		this.#events.report({ type: "connection", endpoint: this.id, connection, state });
	}

	#limit({ incoming, outgoing }: Command<"limit">): void {
		if (incoming !== undefined) this.#settings.maxIncomingBitrate = incoming ?? undefined;
		if (outgoing !== undefined) this.#settings.maxOutgoingBitrate = outgoing ?? undefined;
		for (const [name, transport] of this.#transports) this.#bound(name, transport);
	}

	#bound(name: string, transport: WebRtcTransport): void {
		const { maxIncomingBitrate, maxOutgoingBitrate } = lowerOf(this.#limits, this.#settings);
		const ignore = () => {};
		// 0 lifts a bound.
		if (name === MAIN) transport.setMaxIncomingBitrate(maxIncomingBitrate).catch(ignore);
		if (maxOutgoingBitrate !== undefined || transport.appData.bounded) {
			transport.appData.bounded = true;
			transport.setMaxOutgoingBitrate(maxOutgoingBitrate ?? 0).catch(ignore);
		}
	}
}
