/** The tracks published in one room on this node, by their ids. */
import type { Producer } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorBody } from "./errors.ts";
import type { RoomContext } from "./room-media.ts";
import { isData, PublishedTrack } from "./tracks.ts";

type Publish = Extract<LinkCommand, { type: "publish" }>;

export class RoomTracks {
	readonly #room: RoomContext;
	readonly #tracks = new Map<string, PublishedTrack>();

	constructor(room: RoomContext) {
		this.#room = room;
	}

	get size(): number {
		return this.#tracks.size;
	}

	get(id: string): PublishedTrack | undefined {
		return this.#tracks.get(id);
	}

	publish(command: Publish, endpoint: Endpoint | undefined): void {
		const { track: id, source, media, layers = [], muted, cause } = command;
		const { report } = this.#room;
		const fail = (error: unknown) =>
			report({ type: "failed", endpoint: command.endpoint, track: id, cause, error: errorBody(error) });
		if (!endpoint) return fail(new SwitchyardError("stale_endpoint"));
		let track = endpoint.tracks.get(id);
		if (!track) {
			// Published anew on another endpoint before the old one was closed: the newest counts.
			this.#tracks.get(id)?.close();
			const wish = { id, participant: endpoint.participant, source, media, layers, muted };
			track = this.#start(endpoint, wish);
		}
		track.ready.then(() => report({ type: "published", endpoint: endpoint.id, track: id, cause })).catch(fail);
	}

	unpublish(endpoint: Endpoint | undefined, id: string): void {
		const track = endpoint?.tracks.get(id);
		if (!endpoint || !track) return;
		this.#forget(endpoint, track);
		track.close();
	}

	/** The endpoint ends and closes its tracks itself. */
	forgetAllOf(endpoint: Endpoint): void {
		for (const track of endpoint.tracks.values())
			if (this.#tracks.get(track.id) === track) this.#tracks.delete(track.id);
	}

	#forget(endpoint: Endpoint, track: PublishedTrack): void {
		if (endpoint.tracks.get(track.id) === track) endpoint.tracks.delete(track.id);
		if (this.#tracks.get(track.id) === track) this.#tracks.delete(track.id);
	}

	#start(endpoint: Endpoint, wish: ConstructorParameters<typeof PublishedTrack>[0]): PublishedTrack {
		const { id } = wish;
		const track = new PublishedTrack(wish, endpoint.transport("send"));
		endpoint.tracks.set(id, track);
		this.#tracks.set(id, track);
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
				if (track.source === "audio") void this.#listenTo(producer);
			})
			.catch(() => this.#forget(endpoint, track));
		return track;
	}

	async #listenTo(producer: Producer): Promise<void> {
		try {
			await (await this.#room.home.get()).speakers.add(producer);
		} catch (error) {
			if (!producer.closed) this.#room.log.warn({ err: error }, "a track without audio levels");
		}
	}
}
