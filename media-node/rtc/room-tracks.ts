/** The tracks published in one room on this node, by their ids. */
import type { Producer } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorBody } from "./errors.ts";
import type { RoomContext } from "./room-media.ts";
import { LINGER_MS, OVERLAP_MS } from "./subscriptions.ts";
import { type Inlet, isData, RoomTrack, type TrackWish } from "./tracks.ts";

type Publish = Extract<LinkCommand, { type: "publish" }>;
type Receive = Extract<LinkCommand, { type: "receive" }>;

export class RoomTracks {
	readonly #room: RoomContext;
	/** Of each track the latest source. */
	readonly #tracks = new Map<string, RoomTrack>();

	constructor(room: RoomContext) {
		this.#room = room;
	}

	get size(): number {
		return this.#tracks.size;
	}

	all(): IterableIterator<RoomTrack> {
		return this.#tracks.values();
	}

	get(id: string): RoomTrack | undefined {
		return this.#tracks.get(id);
	}

	/** As it is published here, whatever effects make of it. */
	original(id: string): RoomTrack | undefined {
		const track = this.#tracks.get(id);
		return track?.dry ?? track;
	}

	mute(id: string, muted: boolean): void {
		const track = this.#tracks.get(id);
		track?.setMuted(muted);
		track?.dry?.setMuted(muted);
	}

	/** From now on receivers get what comes from there in the place of what is published. */
	alter(dry: RoomTrack, inlet: Promise<Inlet>): RoomTrack | undefined {
		if (!this.#holds(dry)) return undefined;
		const { id, participant, source, muted } = dry;
		const wish: TrackWish = { id, participant, source, media: dry.media, layers: [], muted };
		const wet = new RoomTrack(wish, inlet, dry);
		this.#swap(wet);
		return wet;
	}

	/** Receivers get what is published again. */
	restore(dry: RoomTrack): void {
		if (this.#holds(dry) && this.#tracks.get(dry.id) !== dry) this.#swap(dry);
	}

	/** The one of this id is this, or what effects make of it. */
	#holds(dry: RoomTrack): boolean {
		const now = this.#tracks.get(dry.id);
		return now === dry || now?.dry === dry;
	}

	#swap(track: RoomTrack): void {
		const before = this.#tracks.get(track.id);
		this.#tracks.set(track.id, track);
		this.#room.follow(track);
		if (before?.dry) setTimeout(() => before.close(), LINGER_MS).unref();
	}

	publish(command: Publish, endpoint: Endpoint | undefined): void {
		const { track: id, source, media, layers = [], muted, cause } = command;
		const { report } = this.#room;
		const fail = (error: unknown) =>
			report({ type: "failed", endpoint: command.endpoint, track: id, cause, error: errorBody(error) });
		if (!endpoint) return fail(new SwitchyardError("stale_endpoint"));
		let track = endpoint.tracks.get(id);
		if (!track) {
			const wish = { id, participant: endpoint.participant, source, media, layers, muted };
			track = this.#publish(endpoint, wish);
		}
		track.ready.then(() => report({ type: "published", endpoint: endpoint.id, track: id, cause })).catch(fail);
	}

	/** Takes a track from another node. What was here under its id bridges the time until the new one flows. */
	receive(command: Receive): void {
		const { track: id, participant, source, media, layers = [], muted, from: epoch, pipe, encoded } = command;
		const there = this.#tracks.get(id);
		if (there?.from?.pipe === pipe && !there.closed) return;
		const wish = { id, participant, source, media, layers, muted, from: { epoch, pipe }, encoded };
		const track = this.#add(wish, this.#room.peers.get(epoch));
		const { bandwidth, report } = this.#room;
		if (track.encoded) bandwidth.relay(track, (bitrate) => report({ type: "bandwidth", track: id, bitrate }));
		track.onLost = () => this.#forgetReceived(track);
		track.ready.catch((error: unknown) => {
			if (!track.closed) this.#room.log.warn({ err: error, track: id }, "a track of another node cannot be received");
			this.#forgetReceived(track);
		});
	}

	/** A received track is not wanted here any more. */
	drop(id: string): void {
		const track = this.#tracks.get(id);
		if (track?.from === undefined) return;
		this.#tracks.delete(id);
		track.close();
	}

	/** Another node is gone, and what came from there. */
	forgetPeer(epoch: number): void {
		for (const track of this.#tracks.values()) if (track.from?.epoch === epoch) this.drop(track.id);
	}

	/** What comes from other nodes. */
	received(): { track: string; from: number; pipe: string }[] {
		return [...this.#tracks.values()].flatMap(({ id, from }) =>
			from === undefined ? [] : [{ track: id, from: from.epoch, pipe: from.pipe }],
		);
	}

	clear(): void {
		this.#tracks.clear();
	}

	#forgetReceived(track: RoomTrack): void {
		if (this.#tracks.get(track.id) === track) this.#tracks.delete(track.id);
	}

	/** A new source of a track; the one before is let go of once receivers had time to follow. */
	#add(wish: TrackWish, inlet: Promise<Inlet>): RoomTrack {
		const before = this.#tracks.get(wish.id);
		const track = new RoomTrack(wish, inlet);
		this.#tracks.set(wish.id, track);
		if (before?.from !== undefined) setTimeout(() => before.close(), OVERLAP_MS).unref();
		return track;
	}

	unpublish(endpoint: Endpoint | undefined, id: string): void {
		const track = endpoint?.tracks.get(id);
		if (!endpoint || !track) return;
		this.#forget(endpoint, track);
		track.close();
	}

	/** What effects made of it ends with it. */
	#drop(endpoint: Endpoint, track: RoomTrack): void {
		endpoint.effects?.remove(track);
		if (!this.#holds(track)) return;
		const now = this.#tracks.get(track.id);
		this.#tracks.delete(track.id);
		if (now !== track) now?.close();
	}

	/** The endpoint ends and closes its tracks itself. */
	forgetAllOf(endpoint: Endpoint): void {
		for (const track of endpoint.tracks.values()) this.#drop(endpoint, track);
	}

	#forget(endpoint: Endpoint, track: RoomTrack): void {
		if (endpoint.tracks.get(track.id) === track) endpoint.tracks.delete(track.id);
		this.#drop(endpoint, track);
	}

	#publish(endpoint: Endpoint, wish: TrackWish): RoomTrack {
		const { id } = wish;
		const sender = endpoint.sender();
		const track = this.#add(wish, sender);
		endpoint.tracks.set(id, track);
		endpoint.effects?.add(track);
		track.onLost = () => {
			// When a worker dies all of it goes in one turn: then the endpoint's end is the news, not each track's.
			queueMicrotask(() => {
				if (endpoint.closed || endpoint.tracks.get(id) !== track) return;
				this.#forget(endpoint, track);
				this.#room.report({ type: "trackEnded", endpoint: endpoint.id, track: id });
			});
		};
		track.ready
			.then((producer) => {
				if (isData(producer)) return;
				producer.on("score", () => this.#room.onScore());
				endpoint.produced(producer);
				if (track.source === "audio") void this.#listenTo(producer, sender);
			})
			.catch(() => this.#forget(endpoint, track));
		return track;
	}

	/** Each node listens to the voices that are published on it. */
	async #listenTo(producer: Producer, sender: Promise<Inlet>): Promise<void> {
		try {
			await (await sender).home.speakers.add(producer);
		} catch (error) {
			if (!producer.closed) this.#room.log.warn({ err: error }, "a track without audio levels");
		}
	}
}
