/** Everybody this participant is connected to directly. */
import type { MediaState } from "../api.ts";
import type { LocalChannel } from "../channels.ts";
import type { LocalTrackImpl } from "../local-track.ts";
import type { ParticipantState } from "../state.ts";
import type { EventOf, Signal } from "../wire.ts";
import { Peer } from "./peer.ts";

export interface MeshPort {
	/** The number of this participant's join: who came later gives way. */
	join(): number;
	configuration(): RTCConfiguration;
	pathLost(): void;
	signal(to: string, signal: Signal): Promise<unknown>;
	tracks(): Iterable<LocalTrackImpl>;
	channels(): Iterable<LocalChannel>;
	wants(track: string): boolean;
	received(track: string, media: MediaStreamTrack | undefined, from: string): void;
	stateChanged(): void;
	/** No way to somebody who is there. */
	failed(participant: string): void;
	channel(channel: RTCDataChannel, from: string): void;
}

export class Mesh {
	readonly #port: MeshPort;
	readonly #peers = new Map<string, { join: number; peer: Peer }>();

	constructor(port: MeshPort) {
		this.#port = port;
	}

	/** Something goes directly, or is about to. */
	get active(): boolean {
		return this.#peers.size > 0;
	}

	get state(): MediaState {
		const states = [...this.#peers.values()].map(({ peer }) => peer.connection.connectionState);
		if (states.length === 0) return "new";
		if (states.every((state) => state === "connected")) return "connected";
		return states.some((state) => state === "failed" || state === "disconnected") ? "disconnected" : "connecting";
	}

	get peers(): [participant: string, peer: Peer][] {
		return [...this.#peers].map(([id, { peer }]) => [id, peer]);
	}

	/** Connects to those who are there; ends what is left of others. Without `wanted` nobody new is connected to. */
	follow(wanted: boolean, participants: ReadonlyMap<string, ParticipantState>): void {
		for (const [id, { join, peer }] of [...this.#peers]) {
			const there = participants.get(id);
			if (there?.join !== join || !there.mesh || (wanted && !peer.keep())) this.#end(id);
		}
		if (!wanted) return;
		for (const { id, join, mesh } of participants.values()) if (mesh && !this.#peers.has(id)) this.#add(id, join);
	}

	signalled({ from, join, signal }: EventOf<"signal">): void {
		const known = this.#peers.get(from);
		if (known?.join !== join) return;
		if (known.peer.isOther(signal)) {
			this.#end(from);
			this.#add(from, join);
		}
		this.#peers.get(from)?.peer.receive(signal);
	}

	/** Tracks or wishes have changed. */
	sync(): void {
		for (const { peer } of this.#peers.values()) peer.sync();
	}

	/** A node carries everything for this side. */
	done(): void {
		for (const { peer } of [...this.#peers.values()]) peer.done();
	}

	check(anew: boolean): void {
		for (const { peer } of this.#peers.values()) peer.check(anew);
	}

	close(): void {
		for (const id of [...this.#peers.keys()]) this.#end(id);
	}

	#add(id: string, join: number): void {
		const port = this.#port;
		const current = () => this.#peers.get(id)?.peer === peer;
		const peer: Peer = new Peer(port.join() > join, {
			configuration: () => port.configuration(),
			pathLost: () => port.pathLost(),
			// Refused when it has left meanwhile: its peer is closed by that.
			signal: (signal) => void port.signal(id, signal).catch(() => {}),
			tracks: () => port.tracks(),
			channels: () => port.channels(),
			wants: (track) => port.wants(track),
			received: (track, media) => port.received(track, media, id),
			stateChanged: () => current() && port.stateChanged(),
			failed: () => current() && port.failed(id),
			finished: () => current() && this.#end(id),
			channel: (channel) => port.channel(channel, id),
		});
		this.#peers.set(id, { join, peer });
		port.stateChanged();
	}

	#end(id: string): void {
		const known = this.#peers.get(id);
		if (!known) return;
		this.#peers.delete(id);
		known.peer.close();
		this.#port.stateChanged();
	}
}
