/** Keeps the grid as the room is: a tile for each person, one more for each shared screen. */
import type { Participant, Quality, RemoteParticipant, Room } from "../sdk/index.ts";
import type { Grid } from "./grid.ts";
import { Tile } from "./tile.ts";

interface Person {
	tile: Tile;
	/** By track. */
	screens: Map<string, Tile>;
}

export class People {
	readonly #room: Room;
	readonly #grid: Grid;
	readonly #people = new Map<string, Person>();
	#quality: Quality = "auto";

	constructor(room: Room, grid: Grid) {
		this.#room = room;
		this.#grid = grid;
		this.#people.set(room.me.id, { tile: this.#add(room.me, { own: true, screen: false }), screens: new Map() });
		this.refreshOwn();
		for (const participant of room.participants.values()) this.#join(participant);

		room.on("participantJoined", (participant) => this.#join(participant));
		room.on("participantUpdated", (participant) => this.#refresh(participant));
		room.on("participantLeft", ({ id }) => this.#leave(id));
		room.on("trackPublished", (_, participant) => this.#refresh(participant));
		room.on("trackUnpublished", (_, participant) => this.#refresh(participant));
		room.on("trackSubscribed", (_, participant) => this.#refresh(participant));
		room.on("trackUnsubscribed", (_, participant) => this.#refresh(participant));
		const onMute = (_: unknown, { id }: Participant) => {
			const participant = room.participants.get(id);
			if (participant) this.#refresh(participant);
			else this.refreshOwn();
		};
		room.on("trackMuted", onMute);
		room.on("trackUnmuted", onMute);
		room.on("localTrackPublished", () => this.refreshOwn());
		room.on("localTrackUnpublished", () => this.refreshOwn());
		room.on("qualityChanged", ({ id }, score) => {
			const person = this.#people.get(id);
			if (person) person.tile.connection = score;
		});
		room.on("speakersChanged", (speakers) => {
			const loud = new Set(speakers.map(({ participant }) => participant.id));
			for (const [id, { tile }] of this.#people) tile.speaking = loud.has(id);
		});
		room.on("moved", () => this.refreshOwn());
	}

	get quality(): Quality {
		return this.#quality;
	}

	/** For every tile, also of those who come. */
	set quality(quality: Quality) {
		this.#quality = quality;
		for (const { tile, screens } of this.#people.values()) {
			for (const one of [tile, ...screens.values()]) one.quality = quality;
		}
	}

	/** Own camera and screen, as they are now. */
	refreshOwn(): void {
		const { me } = this.#room;
		const person = this.#people.get(me.id);
		if (!person) return;
		person.tile.rename(me);
		person.tile.show(me.track("camera"));
		person.tile.muted = me.track("audio")?.muted ?? true;
		person.tile.connection = me.quality;
		const screen = me.track("screen");
		this.#keepScreens(person, me, true, screen ? [screen.id] : []);
		if (screen) person.screens.get(screen.id)?.show(screen);
	}

	#join(participant: RemoteParticipant): void {
		this.#leave(participant.id);
		const tile = this.#add(participant, { own: false, screen: false });
		this.#people.set(participant.id, { tile, screens: new Map() });
		this.#refresh(participant);
	}

	#leave(id: string): void {
		const person = this.#people.get(id);
		if (!person) return;
		this.#people.delete(id);
		for (const tile of [person.tile, ...person.screens.values()]) this.#grid.remove(tile);
	}

	#refresh(participant: RemoteParticipant): void {
		const person = this.#people.get(participant.id);
		if (!person) return;
		const { tile, screens } = person;
		tile.rename(participant);
		tile.away = participant.state === "away";
		tile.connection = participant.quality;
		tile.muted = participant.track("audio")?.muted ?? true;
		tile.show(participant.track("camera")?.track);
		const shared = [...participant.tracks.values()].filter(({ source }) => source === "screen");
		this.#keepScreens(
			person,
			participant,
			false,
			shared.map(({ id }) => id),
		);
		for (const { id, track } of shared) screens.get(id)?.show(track);
	}

	#keepScreens({ screens }: Person, whose: Participant, own: boolean, ids: readonly string[]): void {
		for (const [id, tile] of screens) {
			if (ids.includes(id)) continue;
			screens.delete(id);
			this.#grid.remove(tile);
		}
		for (const id of ids) if (!screens.has(id)) screens.set(id, this.#add(whose, { own, screen: true }));
	}

	#add(participant: Participant, kind: { own: boolean; screen: boolean }): Tile {
		const tile = new Tile(participant, kind);
		tile.quality = this.#quality;
		this.#grid.add(tile);
		return tile;
	}
}
