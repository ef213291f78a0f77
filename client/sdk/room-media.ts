/**
 * All media of this participant: what is sent and received, by a node's media side or directly to the others, whichever
 * way the room has it go.
 */
import type { ConnectOptions, MediaState, Node, RoomEvents } from "./api.ts";
import type { MediaDevice } from "./device.ts";
import { DirectMedia } from "./direct-media.ts";
import type { Emitter } from "./emitter.ts";
import type { Endpoint } from "./endpoint.ts";
import { IceServerList } from "./ice-servers.ts";
import { MediaSides } from "./media-sides.ts";
import type { Publisher } from "./publisher.ts";
import { Receiver } from "./receiver.ts";
import type { Roster } from "./roster.ts";
import type { SignalConnection } from "./signal.ts";
import type { RoomStateModel } from "./state.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { EventOf, IceServers, Welcome } from "./wire.ts";

export interface RoomMediaParts {
	options: ConnectOptions;
	device: Promise<MediaDevice>;
	publisher: Publisher;
	roster: Roster;
	model: RoomStateModel;
	subscriptions: Subscriptions;
	emitter: Emitter<RoomEvents>;
	/** Made after this. */
	signal(): SignalConnection;
	/** The connection to the room is there. */
	connected(): boolean;
	stateChanged(state: MediaState): void;
	nodeChanged(node: Node | undefined): void;
}

export class RoomMedia {
	readonly publisher: Publisher;
	readonly receiver: Receiver;
	readonly #parts: RoomMediaParts;
	readonly #sides: MediaSides;
	readonly #direct: DirectMedia | undefined;
	readonly #ice: IceServerList;
	/** Ready before the first join. */
	#device: MediaDevice | undefined;

	constructor(parts: RoomMediaParts) {
		const { options, publisher, roster, model, subscriptions, emitter } = parts;
		this.#parts = parts;
		this.publisher = publisher;
		this.receiver = new Receiver({
			publication: (track) => roster.publications.get(track),
			join: (participant) => model.participants.get(participant)?.join ?? 0,
			trackPort: (track) => ({
				adaptive: options.adaptive ?? true,
				choose: (choice) => {
					const chosen = subscriptions.choose(track, choice);
					if (choice.paused !== undefined) this.sync();
					return chosen;
				},
				keyFrame: async () => void (await parts.signal().request("keyFrame", { track })),
			}),
			subscribed: (track) => emitter.emit("trackSubscribed", track, track.participant),
			unsubscribed: (track) => emitter.emit("trackUnsubscribed", track, track.participant),
			channel: (channel, publication) => emitter.emit("channel", channel, publication.participant),
			cameDirectly: () => this.#direct?.tellReady(),
		});
		this.#ice = new IceServerList(() => parts.signal().get("ice-servers"));
		this.#sides = new MediaSides(publisher, this.receiver, {
			request: (type, body) => parts.signal().request(type, body),
			stateChanged: (state) => parts.stateChanged(this.#direct?.active ? this.#bestState() : state),
			carried: () => this.#direct?.done(),
			pathLost: () => this.#ice.doubt(),
			nodeChanged: parts.nodeChanged,
		});
		if (options.mesh ?? true) this.#direct = this.#makeDirect();
	}

	/** It may go directly. */
	get meshes(): boolean {
		return this.#direct !== undefined;
	}

	/** The media side in force. */
	get side(): Endpoint | undefined {
		return this.#sides.current;
	}

	get peers(): DirectMedia["peers"] {
		return this.#direct?.peers ?? [];
	}

	/** What to join with. */
	async joinParameters(welcome: Welcome) {
		this.#device = await this.#parts.device;
		if (this.#parts.options.iceTransportPolicy === "relay") await this.#ice.requireRelays();
		return this.#device.joinParameters(welcome);
	}

	setIceServers(servers: IceServers): void {
		this.#ice.set(servers);
	}

	/** The network may be another one: `anew`, it was away. */
	check(anew: boolean): void {
		this.#sides.current?.check(anew);
		this.#direct?.check(anew);
	}

	// ------------------------------------------------------------ by a node

	/** The room hands over a media side. */
	open(event: EventOf<"endpoint">): void {
		const device = this.#device;
		const { iceTransportPolicy } = this.#parts.options;
		if (!device) return;
		const iceServers = () => this.#ice.servers;
		// The node before is about to go, and its TURN server with it.
		if (event.former !== undefined) this.#ice.doubt();
		this.#sides.open(event, { device, iceServers, iceTransportPolicy }, this.#direct?.active ?? false);
		this.#direct?.tellReady();
	}

	/** The room has lost a media side. True: nothing carries media now, nor is about to. */
	lost(endpoint: string): boolean {
		const direct = this.#direct;
		const isMesh = () => this.#parts.model.topology === "mesh";
		if (direct && (isMesh() || direct.active)) {
			this.#sides.leave(endpoint);
			this.#parts.stateChanged(this.#bestState());
			if (direct.active || isMesh()) return false;
		} else this.#sides.lost(endpoint);
		return !this.#sides.current;
	}

	restarted(event: EventOf<"ice">): void {
		this.#sides
			.get(event.endpoint)
			?.onIce(event)
			.catch(() => {});
	}

	unsubscribed({ endpoint, tracks }: EventOf<"unsubscribed">): void {
		if (endpoint === this.#sides.current?.id) for (const track of tracks) this.receiver.end(track);
	}

	// ------------------------------------------------------------ directly

	/** Has it go as the room says now. */
	turn(): void {
		this.#direct?.turn();
	}

	/** What goes directly may have changed. */
	sync(): void {
		this.#direct?.sync();
	}

	/** The room may have forgotten what it was told. */
	tellAgain(): void {
		this.#direct?.tellAgain();
	}

	signalled(event: EventOf<"signal">): void {
		this.#direct?.signalled(event);
	}

	// ------------------------------------------------------------ the end

	/** Nothing is carried any more, until the room has a way again. */
	end(): void {
		this.#direct?.end();
		this.#sides.moveTo(undefined);
	}

	/** This participant leaves. */
	leave(): void {
		this.#direct?.close();
		this.#sides.moveTo(undefined);
		this.publisher.stopAll();
	}

	/** After the end: for good. */
	close(): void {
		this.#ice.close();
		this.publisher.stopAll();
		for (const publication of this.#parts.roster.publications.values()) {
			this.receiver.end(publication.id, publication);
		}
	}

	#makeDirect(): DirectMedia {
		const { options, publisher, roster, model, subscriptions, signal, connected, stateChanged } = this.#parts;
		return new DirectMedia({
			...{ model, roster, subscriptions, publisher, connected },
			...{ receiver: this.receiver, sides: this.#sides },
			configuration: () => ({
				iceServers: this.#ice.servers,
				iceTransportPolicy: options.iceTransportPolicy,
			}),
			pathLost: () => this.#ice.doubt(),
			signal: (to, body) => signal().request("signal", { to, signal: body }),
			ready: (endpoint) =>
				void signal()
					.request("meshReady", { endpoint })
					.catch(() => {}),
			failed: () =>
				void signal()
					.request("meshFailed", {})
					.catch(() => {}),
			stateChanged: () => stateChanged(this.#bestState()),
		});
	}

	/** While media turns from one way to another, the better of the two. */
	#bestState(): MediaState {
		const states = [this.#sides.current?.state, this.#direct?.active ? this.#direct.state : undefined];
		const best = (["connected", "connecting", "disconnected"] as const).find((state) => states.includes(state));
		return best ?? "new";
	}
}
