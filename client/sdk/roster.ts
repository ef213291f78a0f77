/** Who is in the room and what they publish, as objects that the application holds: the state's changes are put on them. */
import type { Participant, RoomEvents } from "./api.ts";
import type { Emitter } from "./emitter.ts";
import type { LocalParticipantImpl } from "./local-participant.ts";
import type { LocalTrackImpl } from "./local-track.ts";
import { PublicationImpl, RemoteParticipantImpl, SILENCE, type Signs } from "./participants.ts";
import type { Change } from "./state.ts";
import type { VolatileFrame } from "./wire.ts";

type NewsOf<T extends VolatileFrame["type"]> = Extract<VolatileFrame, { type: T }>;

export interface RosterPort {
	/** A track is wanted by its choice, or the default. */
	wants(track: string): boolean;
	choose(track: string, on: boolean): Promise<void>;
	published(publication: PublicationImpl): void;
	unpublished(publication: PublicationImpl): void;
	/** A moderator muted an own track. */
	mutedByOther(track: string): void;
}

export class Roster {
	readonly me: LocalParticipantImpl;
	/** The others, by id. */
	readonly participants = new Map<string, RemoteParticipantImpl>();
	/** Theirs, by track. */
	readonly publications = new Map<string, PublicationImpl>();
	readonly #emitter: Emitter<RoomEvents>;
	readonly #port: RosterPort;

	constructor(me: LocalParticipantImpl, emitter: Emitter<RoomEvents>, port: RosterPort) {
		this.me = me;
		this.#emitter = emitter;
		this.#port = port;
	}

	/** This participant, or another. */
	get(id: string): (Participant & Signs) | undefined {
		return id === this.me.id ? this.me : this.participants.get(id);
	}

	/** Puts one change of the state on its object, and tells it. */
	change(change: Change): void {
		if (change.type === "roomUpdated") {
			this.#emitter.emit("roomUpdated", change.metadata);
			return;
		}
		if (change.type === "topologyChanged") {
			this.#emitter.emit("topologyChanged", change.topology);
			return;
		}
		if (change.type === "recordingChanged") {
			this.#emitter.emit("recordingChanged", change.recording);
			return;
		}
		const { id } = change.participant;
		if (id === this.me.id) {
			this.#ownChange(change);
			return;
		}
		if (change.type === "participantJoined") {
			const joined = new RemoteParticipantImpl(change.participant);
			this.participants.set(id, joined);
			this.#emitter.emit("participantJoined", joined);
			return;
		}
		const participant = this.participants.get(id);
		if (!participant) return;
		switch (change.type) {
			case "participantUpdated":
				this.#emitter.emit("participantUpdated", participant);
				return;
			case "participantLeft":
				this.participants.delete(id);
				this.#emitter.emit("participantLeft", participant, change.reason);
				return;
			case "presenceChanged":
				this.#emitter.emit("presenceChanged", participant);
				return;
			case "trackPublished": {
				const publication = new PublicationImpl(participant, change.track, {
					wants: (track) => this.#port.wants(track),
					choose: (track, choice) => this.#port.choose(track, choice.on),
				});
				participant.tracks.set(publication.id, publication);
				this.publications.set(publication.id, publication);
				this.#emitter.emit("trackPublished", publication, participant);
				this.#port.published(publication);
				return;
			}
			case "trackUnpublished": {
				const publication = participant.tracks.get(change.track.id);
				if (!publication) return;
				participant.tracks.delete(publication.id);
				this.publications.delete(publication.id);
				this.#port.unpublished(publication);
				this.#emitter.emit("trackUnpublished", publication, participant);
				return;
			}
			case "trackMuted": {
				const publication = participant.tracks.get(change.track.id);
				if (publication) this.tellMuted(publication, participant);
				return;
			}
			default:
				change satisfies never;
		}
	}

	speakers({ speakers, dominant }: NewsOf<"speakers">): void {
		for (const signs of [this.me, ...this.participants.values()] as Signs[]) {
			signs.speaking = false;
			signs.audioLevel = SILENCE;
		}
		const known = speakers.flatMap(({ participant: id, track, volume }) => {
			const participant = this.get(id);
			if (!participant) return [];
			participant.speaking = true;
			participant.audioLevel = Math.max(participant.audioLevel, volume);
			return [{ participant, track: this.publications.get(track) ?? this.me.tracks.get(track), volume }];
		});
		this.#emitter.emit("speakersChanged", known, dominant === undefined ? undefined : this.get(dominant));
	}

	quality({ quality }: NewsOf<"quality">): void {
		for (const [id, score] of Object.entries(quality)) {
			const participant = this.get(id);
			if (!participant || participant.quality === score) continue;
			participant.quality = score;
			this.#emitter.emit("qualityChanged", participant, score);
		}
	}

	layers({ layers }: NewsOf<"layers">): void {
		for (const [track, layer] of Object.entries(layers)) this.publications.get(track)?.received?.setLayer(layer);
	}

	tellMuted(track: PublicationImpl | LocalTrackImpl, participant: Participant): void {
		this.#emitter.emit(track.muted ? "trackMuted" : "trackUnmuted", track, participant);
	}

	/** What the room says of this participant itself, after it had forgotten what it said before. */
	#ownChange(change: Change): void {
		if (change.type === "trackMuted" || change.type === "trackPublished") {
			if (change.track.muted) this.#port.mutedByOther(change.track.id);
		} else if (change.type === "participantUpdated") {
			this.me.name = change.participant.name;
			this.me.metadata = change.participant.metadata;
		}
	}
}
