/** Keeps the grid as the room is: a tile for each person, one more for each shared screen. */
import type { LocalTrack, Participant, Publication, Quality, RemoteParticipant, Room } from "../sdk/index.ts";
import type { Grid } from "./grid.ts";
import { Tile } from "./tile.ts";

export class People {
	readonly #room: Room;
	readonly #grid: Grid;
	/** By participant, and by participant and track for screens. */
	readonly #tiles = new Map<string, Tile>();
	#quality: Quality = "auto";

	constructor(room: Room, grid: Grid) {
		this.#room = room;
		this.#grid = grid;
		const own = this.#add(room.me.id, room.me, true, false);
		own.muted = true;
		for (const participant of room.participants.values()) this.#join(participant);
		room.on("participantJoined", (participant) => this.#join(participant));
		room.on("participantUpdated", (participant) => {
			const tile = this.#tiles.get(participant.id);
			tile?.rename(participant, false);
			if (tile) tile.away = participant.state === "away";
		});
		room.on("participantLeft", (participant) => {
			for (const key of [...this.#tiles.keys()]) {
				if (key === participant.id || key.startsWith(`${participant.id}/`)) this.#remove(key);
			}
		});
		room.on("trackPublished", (publication, participant) => this.#update(participant, publication));
		room.on("trackUnpublished", (publication, participant) => {
			if (publication.source === "screen") this.#remove(`${participant.id}/${publication.id}`);
			else this.#refresh(participant);
		});
		room.on("trackSubscribed", (track, participant) => this.#update(participant, track.publication));
		room.on("trackUnsubscribed", (_, participant) => this.#refresh(participant));
		const onMute = (_: Publication | LocalTrack, participant: Participant) => {
			if (participant.id === room.me.id) this.refreshOwn();
			else this.#refresh(participant as RemoteParticipant);
		};
		room.on("trackMuted", onMute);
		room.on("trackUnmuted", onMute);
		room.on("localTrackPublished", () => this.refreshOwn());
		room.on("localTrackUnpublished", () => this.refreshOwn());
		room.on("qualityChanged", ({ id }, score) => {
			const tile = this.#tiles.get(id);
			if (tile) tile.connection = score;
		});
		room.on("speakersChanged", (speakers) => {
			const loud = new Set(speakers.map(({ participant }) => participant.id));
			for (const [key, tile] of this.#tiles) tile.speaking = loud.has(key);
		});
	}

	/** For every tile, also of those who come. */
	set quality(quality: Quality) {
		this.#quality = quality;
		for (const tile of this.#tiles.values()) tile.quality = quality;
	}

	/** Own camera and screen, as they are now. */
	refreshOwn(): void {
		const { me } = this.#room;
		const tile = this.#tiles.get(me.id);
		if (!tile) return;
		tile.show(me.track("camera"));
		tile.muted = me.track("audio")?.muted ?? true;
		const screen = me.track("screen");
		const key = `${me.id}/screen`;
		if (screen && !this.#tiles.has(key)) this.#add(key, me, true, true).show(screen);
		else if (!screen && this.#tiles.has(key)) this.#remove(key);
	}

	#join(participant: RemoteParticipant): void {
		const tile = this.#add(participant.id, participant, false, false);
		tile.away = participant.state === "away";
		tile.connection = participant.quality;
		for (const publication of participant.tracks.values()) this.#update(participant, publication);
		this.#refresh(participant);
	}

	#update(participant: RemoteParticipant, publication: Publication): void {
		const { source, track } = publication;
		if (source === "screen") {
			const key = `${participant.id}/${publication.id}`;
			const tile = this.#tiles.get(key) ?? this.#add(key, participant, false, true);
			tile.show(track);
		} else if (source === "audio" || source === "screenAudio") {
			if (track) this.#tiles.get(participant.id)?.play(track);
		}
		this.#refresh(participant);
	}

	#refresh(participant: RemoteParticipant): void {
		const tile = this.#tiles.get(participant.id);
		tile?.show(participant.track("camera")?.track);
		if (tile) tile.muted = participant.track("audio")?.muted ?? true;
	}

	#add(key: string, participant: Pick<Participant, "id" | "name">, own: boolean, screen: boolean): Tile {
		if (this.#tiles.has(key)) this.#remove(key);
		const tile = new Tile(participant, { own, screen });
		tile.quality = this.#quality;
		this.#tiles.set(key, tile);
		this.#grid.add(tile);
		return tile;
	}

	#remove(key: string): void {
		const tile = this.#tiles.get(key);
		if (!tile) return;
		this.#tiles.delete(key);
		this.#grid.remove(tile);
	}
}
