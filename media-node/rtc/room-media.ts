/**
 * A room's media on this node: the endpoints of its participants here and their tracks. It carries out the room's
 * commands and reports what comes of them; every command is the same when it comes twice.
 */
import type { EffectsWish } from "../../shared/effects.ts";
import { SwitchyardError } from "../../shared/errors.ts";
import type { Cause, LinkCommand, LinkReport, LinkReportInput } from "../../shared/link.ts";
import { isMixTrack } from "../../shared/mix.ts";
import { hardware, prepare } from "../effects/available.ts";
import { Bandwidth } from "../effects/bandwidth.ts";
import { ParticipantEffects } from "../effects/participant.ts";
import { type Log, log } from "../observability/logger.ts";
import type { Recordings } from "../recording/recordings.ts";
import { SdpEndpoint } from "../sdp/endpoint.ts";
import { bitratesOf } from "./bitrates.ts";
import { Demand } from "./demand.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorBody } from "./errors.ts";
import { type Home, RoomHome } from "./home.ts";
import type { EndpointLimits } from "./limits.ts";
import { OrtcEndpoint } from "./ortc-endpoint.ts";
import { PeerWatch } from "./peer-watch.ts";
import { type PeerLimits, Peers } from "./peers.ts";
import { Pipes } from "./pipes.ts";
import { RoomQuality } from "./quality.ts";
import { RoomRecordings } from "./room-recordings.ts";
import { RoomSubscriptions } from "./room-subscriptions.ts";
import { RoomTracks } from "./room-tracks.ts";
import { RoomStatistics } from "./statistics.ts";
import type { RoomTrack } from "./tracks.ts";
import type { Workers } from "./workers.ts";

/** What the parts of a room's media share. */
export interface RoomContext {
	readonly home: RoomHome;
	readonly peers: Peers;
	readonly tracks: RoomTracks;
	readonly log: Log;
	readonly report: (report: LinkReportInput) => void;
	readonly onScore: () => void;
	readonly onWants: () => void;
	/** A track has another source now: its receivers get it from there. */
	readonly follow: (track: RoomTrack) => void;
	readonly bandwidth: Bandwidth;
}

export type RoomLimits = EndpointLimits &
	PeerLimits & {
		/** How long the jitter buffers of effects wait for what is late, ms. */
		effectsLatencyMs: number;
	};

export class RoomMedia implements RoomContext {
	readonly endpoints = new Map<string, Endpoint>();
	readonly home: RoomHome;
	readonly peers: Peers;
	readonly tracks: RoomTracks;
	readonly log: Log;
	readonly report: (report: LinkReportInput) => void;
	readonly onScore: () => void;
	readonly onWants: () => void;
	readonly follow: (track: RoomTrack) => void;
	readonly bandwidth = new Bandwidth(this.endpoints);
	readonly #pipes: Pipes;
	readonly #peerWatch: PeerWatch;
	readonly #subscriptions: RoomSubscriptions;
	readonly #recordings: RoomRecordings;
	readonly #quality: RoomQuality;
	readonly #demand: Demand;
	readonly #statistics: RoomStatistics;
	readonly #limits: RoomLimits;
	#measuring: Promise<Record<string, number>> | undefined;
	#closed = false;

	constructor(
		room: string,
		workers: Workers,
		limits: RoomLimits,
		report: (report: LinkReportInput) => void,
		recordings?: Recordings,
	) {
		this.#limits = limits;
		this.report = (it) => this.#closed || report(it);
		this.log = log.child({ part: "media", room });
		this.home = new RoomHome(workers, {
			onSpeakers: (news) => this.report({ type: "speakers", ...news }),
			onLost: (home) => (home ? void this.#loseHome(home) : this.#lose()),
		});
		this.peers = new Peers(() => this.home.get(), limits);
		this.tracks = new RoomTracks(this);
		this.#pipes = new Pipes(this);
		this.#peerWatch = new PeerWatch(
			this.peers,
			(peer) => this.#pipes.carriedTo(peer),
			(peer) => this.report({ type: "pipeLost", peer }),
		);
		this.#subscriptions = new RoomSubscriptions(this);
		this.#recordings = new RoomRecordings(room, this, recordings);
		this.#recordings.onChange = () => this.#demand.check();
		this.#quality = new RoomQuality(this.endpoints, (quality) => this.report({ type: "quality", quality }));
		this.#demand = new Demand(
			this.endpoints,
			() => this.tracks.all(),
			(track) => this.#recordings.wants(track),
			(demand) => this.report({ type: "demand", demand }),
		);
		this.#statistics = new RoomStatistics(this.endpoints, (statistics) =>
			this.report({ type: "statistics", statistics }),
		);
		this.onWants = () => this.#demand.check();
		this.onScore = () => this.#quality.check();
		this.follow = (track) => {
			this.#subscriptions.follow(track, this.endpoints.values());
			this.#pipes.follow(track);
			this.#recordings.follow(track);
		};
	}

	/** Gets the router ready before the first endpoint asks for it. */
	prepare(): void {
		this.home.get().catch(() => {});
	}

	get consumers(): number {
		let count = 0;
		for (const endpoint of this.endpoints.values()) count += endpoint.subscriptions.size;
		return count;
	}

	/** A client still sends or receives here. */
	get inUse(): boolean {
		return [...this.endpoints.values()].some(({ mediaState }) => mediaState === "connected");
	}

	/** Bits per second that arrive of each track published here. */
	bitrates(): Promise<Record<string, number>> {
		this.#measuring ??= bitratesOf(this.tracks.all()).finally(() => {
			this.#measuring = undefined;
		});
		return this.#measuring;
	}

	/** What is served now, for a room that lost sight of it. */
	served(): Omit<Extract<LinkReport, { type: "attached" }>, "type"> {
		const endpoints = [...this.endpoints.values()].map(({ id, tracks, subscriptions, mix }) => ({
			endpoint: id,
			tracks: [...tracks.keys()],
			// The room knows of what is mixed, not of the mix.
			subscriptions: [...[...subscriptions.keys()].filter((track) => !isMixTrack(track)), ...(mix?.tracks ?? [])],
		}));
		const recordings = this.#recordings.served();
		return { endpoints, received: this.tracks.received(), pipes: this.#pipes.all(), recordings };
	}

	/** Reports what a new link does not know: whose connection stands, who speaks, and the consumers of some endpoints. */
	describe(subscribers: readonly string[]): void {
		for (const { id, mediaState } of this.endpoints.values()) {
			if (mediaState) this.report({ type: "media", endpoint: id, state: mediaState });
		}
		for (const endpoint of this.endpoints.values()) {
			if (endpoint instanceof SdpEndpoint) endpoint.repeat();
			endpoint.effects?.describe();
		}
		this.#demand.describe();
		this.home.repeatSpeakers();
		for (const id of subscribers) {
			const endpoint = this.endpoints.get(id);
			if (endpoint) void this.#subscriptions.describe(endpoint);
		}
	}

	execute(command: LinkCommand): void {
		if (this.#closed) return;
		this.#carryOut(command);
		this.#demand.check();
	}

	#carryOut(command: LinkCommand): void {
		switch (command.type) {
			case "attach":
				return;
			case "open":
				return this.#open(command);
			case "close":
				return this.#close(command.endpoint);
			case "peer":
				return this.#peer(command.peer);
			case "connectPeer":
				return this.#connectPeer(command);
			case "forgetPeer":
				this.tracks.forgetPeer(command.peer);
				this.#pipes.forgetPeer(command.peer);
				return this.peers.forget(command.peer);
			case "pipe":
				return this.#pipes.open(command.track, command.to);
			case "unpipe":
				return this.#pipes.close(command.track, command.to);
			case "bandwidth":
				return this.bandwidth.limit(command.track, command.from, command.bitrate);
			case "receive":
				return this.tracks.receive(command);
			case "drop":
				return this.tracks.drop(command.track);
			case "mute":
				this.tracks.mute(command.track, command.muted);
				for (const { mix } of this.endpoints.values()) mix?.refresh(command.track);
				return;
			case "record":
				return this.#recordings.record(command, this.endpoints.get(command.endpoint ?? "")?.tracks);
			case "stopRecord":
				return this.#recordings.stop(command);
			case "measure":
				void this.bitrates().then((bitrates) => this.report({ type: "bitrates", bitrates }));
				return;
		}
		const endpoint = this.endpoints.get(command.endpoint);
		switch (command.type) {
			case "connect":
				return this.#answer(command, async () => {
					const { direction, cause, dtlsParameters } = command;
					if (!(endpoint instanceof OrtcEndpoint)) throw new SwitchyardError("stale_endpoint");
					await endpoint.connect(direction, dtlsParameters);
					return { type: "connected", endpoint: endpoint.id, direction, cause };
				});
			case "equip":
				if (endpoint instanceof OrtcEndpoint) endpoint.equip(command);
				if (endpoint && command.mixed) this.#subscriptions.mix(endpoint);
				return;
			case "restartIce":
				return this.#answer(command, async () => {
					const { direction, cause } = command;
					if (!endpoint) throw new SwitchyardError("stale_endpoint");
					return {
						...{ type: "ice", endpoint: endpoint.id, direction, cause },
						iceParameters: await endpoint.restartIce(direction),
					};
				});
			case "publish":
				return this.tracks.publish(command, endpoint);
			case "unpublish":
				return this.tracks.unpublish(endpoint, command.track);
			case "subscribe":
				return this.#subscriptions.subscribe(command, endpoint);
			case "unsubscribe":
				for (const track of command.tracks) if (endpoint) this.#subscriptions.unsubscribe(endpoint, track);
				return;
			case "tune":
				for (const { track, ...settings } of command.tracks) {
					if (endpoint?.mix?.has(track)) endpoint.mix.tune(track, settings);
					else endpoint?.subscriptions.get(track)?.tune(settings);
				}
				return;
			case "keyFrame":
				endpoint?.subscriptions
					.get(command.track)
					?.requestKeyFrame()
					.catch((error: unknown) => this.log.warn({ err: error }, "no key frame"));
				return;
			case "description":
				if (endpoint instanceof SdpEndpoint) return endpoint.execute(command);
				return this.#answer(command, () => Promise.reject(new SwitchyardError("stale_endpoint")));
			case "renegotiate":
			case "disconnect":
			case "limit":
				if (endpoint instanceof SdpEndpoint) endpoint.execute(command);
				return;
			case "text":
				if (endpoint instanceof SdpEndpoint) endpoint.sendText(command.channel, command.text);
				return;
			case "effects":
				if (endpoint) this.#effectsOf(endpoint).set(wishOf(command));
				return;
			case "control":
				endpoint?.effects?.control(command);
				return;
			case "describe":
				if (endpoint) void this.#subscriptions.describe(endpoint);
				return;
			default:
				command satisfies never;
		}
	}

	/** Ends everything, and reports nothing of it. */
	close(): void {
		this.#recordings.close();
		this.#closed = true;
		this.#quality.close();
		this.#demand.close();
		this.#statistics.close();
		this.bandwidth.close();
		this.#peerWatch.close();
		for (const endpoint of this.endpoints.values()) endpoint.close();
		this.endpoints.clear();
		this.peers.close();
		this.home.close();
	}

	#lose(): void {
		this.peers.close();
		this.#pipes.clear();
		this.report({ type: "reset" });
		for (const endpoint of [...this.endpoints.values()]) this.#loseEndpoint(endpoint);
		this.tracks.clear();
	}

	async #loseHome(home: Home): Promise<void> {
		const all = [...this.endpoints.values()];
		const lost = await Promise.all(all.map((endpoint) => endpoint.livesOn(home)));
		for (const [i, endpoint] of all.entries()) if (lost[i]) this.#loseEndpoint(endpoint);
	}

	#loseEndpoint({ id }: Endpoint): void {
		this.#close(id);
		this.report({ type: "closed", endpoint: id, error: { code: "node_failed", message: "the media worker died" } });
	}

	#peer(peer: number): void {
		this.peers
			.describe(peer)
			.then((transport) => transport && this.report({ type: "peerReady", peer, transport }))
			.catch((error: unknown) => this.log.error({ err: error, peer }, "no port towards another node"));
	}

	#connectPeer({ peer, transport }: Extract<LinkCommand, { type: "connectPeer" }>): void {
		this.peers
			.connect(peer, transport)
			.then((fresh) => fresh || this.report({ type: "peerStale", peer }))
			.catch((error: unknown) => this.log.error({ err: error, peer, address: transport.address }, "no pipe"));
	}

	#open(command: Extract<LinkCommand, { type: "open" }>): void {
		const there = this.endpoints.get(command.endpoint);
		if (there) {
			there.opened.then(this.report).catch(() => {});
			return;
		}
		// The map has it at once, so that what follows in the same frame finds it.
		const endpoint = this.#make(command);
		const { id } = endpoint;
		this.endpoints.set(id, endpoint);
		if (command.mixed) this.#subscriptions.mix(endpoint);
		this.#statistics.check();
		endpoint.onMediaState = (state) => this.report({ type: "media", endpoint: id, state });
		const current = () => this.endpoints.get(id) === endpoint;
		const fail = (error: unknown) => {
			if (!current()) return;
			this.#close(id);
			this.report({ type: "closed", endpoint: id, error: errorBody(error) });
		};
		endpoint.onUnusable = fail;
		endpoint.opened
			.then((opened) => {
				if (current()) this.report(opened);
				return endpoint.prepared;
			})
			.catch(fail);
	}

	#make(command: Extract<LinkCommand, { type: "open" }>): Endpoint {
		const home = this.home.pick();
		if (!command.sdp) return new OrtcEndpoint(command, home, this.#limits);
		const endpoint: SdpEndpoint = new SdpEndpoint(command, command.sdp, home, this.#limits, {
			report: this.report,
			refused: ({ track }) => this.#subscriptions.refuse(endpoint, track),
		});
		return endpoint;
	}

	#effectsOf(endpoint: Endpoint): ParticipantEffects {
		const { id, participant } = endpoint;
		if (endpoint.effects) return endpoint.effects;
		const effects = new ParticipantEffects({
			alter: (dry, inlet) => this.tracks.alter(dry, inlet),
			restore: (dry) => this.tracks.restore(dry),
			bandwidth: this.bandwidth,
			report: (state, error) => this.report({ type: "effects", endpoint: id, state, error }),
			settings: async () => ({
				participant,
				latencyMs: this.#limits.effectsLatencyMs,
				hardware: await hardware(),
			}),
			log: this.log.child({ endpoint: id, participant }),
		});
		endpoint.effects = effects;
		// Its tracks may come only now.
		void prepare();
		for (const track of endpoint.tracks.values()) effects.add(track);
		return effects;
	}

	#close(id: string): void {
		const endpoint = this.endpoints.get(id);
		if (!endpoint) return;
		this.endpoints.delete(id);
		this.tracks.forgetAllOf(endpoint);
		this.#quality.forget(endpoint.participant);
		endpoint.close();
	}

	/** Runs a client's request and reports its outcome with its cause. */
	#answer({ endpoint, cause }: { endpoint: string; cause: Cause }, work: () => Promise<LinkReport>): void {
		work()
			.then(this.report)
			.catch((error: unknown) => this.report({ type: "failed", endpoint, cause, error: errorBody(error) }));
	}
}

function wishOf({ audio, video, options }: Extract<LinkCommand, { type: "effects" }>): EffectsWish {
	return { audio, video, options };
}
