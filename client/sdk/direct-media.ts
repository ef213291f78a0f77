/**
 * Media that goes directly between participants, and how this side turns to it and back as the room says: make before
 * break, with the media side that a node has for this participant (docs/topology.md).
 */
import type { MediaState } from "./api.ts";
import type { MediaSides } from "./media-sides.ts";
import { Mesh } from "./mesh/mesh.ts";
import type { Publisher } from "./publisher.ts";
import type { Receiver } from "./receiver.ts";
import type { Roster } from "./roster.ts";
import type { RoomStateModel } from "./state.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { EventOf, Signal } from "./wire.ts";

export interface DirectPort {
	model: RoomStateModel;
	roster: Roster;
	publisher: Publisher;
	receiver: Receiver;
	sides: MediaSides;
	subscriptions: Subscriptions;
	configuration(): RTCConfiguration;
	signal(to: string, signal: Signal): Promise<unknown>;
	/** Everything comes directly, and this media side is needed no more. */
	ready(endpoint: string): void;
	/** A path to a participant was lost, and is looked for anew. */
	pathLost(): void;
	/** There is no way to a participant who is there: a node is needed. */
	failed(): void;
	/** The connection to the room is there. */
	connected(): boolean;
	stateChanged(): void;
}

export class DirectMedia {
	readonly #port: DirectPort;
	readonly #mesh: Mesh;
	/** The media side of which the room was told that it is needed no more. */
	#unneeded: string | undefined;

	constructor(port: DirectPort) {
		const { model, roster, publisher, receiver, subscriptions } = port;
		this.#port = port;
		this.#mesh = new Mesh({
			join: () => model.participants.get(roster.me.id)?.join ?? 0,
			configuration: port.configuration,
			pathLost: port.pathLost,
			signal: port.signal,
			tracks: () => [...roster.me.tracks.values()].filter(({ published, stopped }) => published && !stopped),
			channels: () => [...publisher.channels.values()].filter(({ direct }) => direct),
			wants: (track) => subscriptions.receives(track),
			received: (track, media, from) => receiver.directly(track, media, from),
			channel: (channel, from) => receiver.channelDirectly(channel, from),
			stateChanged: () => {
				port.stateChanged();
				this.tellReady();
			},
			failed: (participant) => {
				// Somebody away cannot answer, and neither can this side while its own connection is lost.
				if (!port.connected() || roster.participants.get(participant)?.state !== "joined") return;
				if (model.topology === "mesh") port.failed();
			},
		});
	}

	/** Something goes directly, or is about to. */
	get active(): boolean {
		return this.#mesh.active;
	}

	get state(): MediaState {
		return this.#mesh.state;
	}

	get peers(): Mesh["peers"] {
		return this.#mesh.peers;
	}

	/** Tracks or wishes have changed. */
	sync(): void {
		this.#mesh.sync();
	}

	signalled(event: EventOf<"signal">): void {
		this.#mesh.signalled(event);
	}

	/** A node carries everything for this side. */
	done(): void {
		this.#mesh.done();
	}

	check(anew: boolean): void {
		this.#mesh.check(anew);
	}

	/** Has media go as the room says now, with those who are there. */
	turn(): void {
		const { model, roster, publisher, receiver } = this.#port;
		const direct = model.topology === "mesh";
		if (!direct) this.#unneeded = undefined;
		publisher.setDirect(direct);
		receiver.preferDirect(direct);
		const others = new Map(model.participants);
		others.delete(roster.me.id);
		this.#mesh.follow(direct, others);
		this.#mesh.sync();
		// It was about to turn to mesh, and its media side has carried everything all the time.
		if (!direct && this.#mesh.active && this.#carriesAll()) this.#mesh.done();
		this.tellReady();
	}

	/** Tells the room, once, when everything comes directly and its node is needed no more. */
	tellReady(): void {
		const { model, roster, receiver, sides, subscriptions } = this.#port;
		const endpoint = sides.current?.id;
		if (model.topology !== "mesh" || endpoint === undefined || this.#unneeded === endpoint) return;
		if (!this.#mesh.peers.every(([, { connected }]) => connected)) return;
		for (const { id, kind, muted, participant } of roster.publications.values()) {
			const expected = kind !== "data" && !muted && subscriptions.receives(id) && participant.model.mesh;
			if (expected && !receiver.isDirect(id)) return;
		}
		this.#unneeded = endpoint;
		this.#port.ready(endpoint);
	}

	/** The room may have forgotten what it was told, and is told again. */
	tellAgain(): void {
		this.#unneeded = undefined;
	}

	/** Nothing goes directly any more. */
	end(): void {
		this.close();
		this.#port.publisher.setDirect(false);
		this.#port.receiver.preferDirect(false);
		this.#unneeded = undefined;
	}

	close(): void {
		this.#mesh.close();
	}

	/** A media side there was before the room turned back to it. */
	#carriesAll(): boolean {
		const { sides } = this.#port;
		return sides.current !== undefined && !sides.bridging;
	}
}
