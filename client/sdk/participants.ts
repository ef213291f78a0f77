/** The others, and their tracks, as the application sees them: views on the state, and what arrives of their media. */
import type { Kind, LeaveReason, Publication, RemoteParticipant, RemoteTrack, Size, Source } from "./api.ts";
import type { RemoteTrackImpl } from "./remote-track.ts";
import type { ParticipantState } from "./state.ts";
import type { TrackInfo } from "./wire.ts";

/** Silence, dBov. */
export const SILENCE = -127;

/** What the node says of a participant, and the state does not hold. */
export class Signs {
	quality: number | undefined;
	speaking = false;
	audioLevel = SILENCE;
}

export interface PublicationPort {
	wants(track: string): boolean;
	choose(track: string, choice: { on: boolean }): Promise<void>;
}

export class RemoteParticipantImpl extends Signs implements RemoteParticipant {
	readonly model: ParticipantState;
	readonly tracks = new Map<string, PublicationImpl>();
	left: LeaveReason | undefined;

	constructor(model: ParticipantState) {
		super();
		this.model = model;
	}

	get id(): string {
		return this.model.id;
	}
	get name(): string | undefined {
		return this.model.name;
	}
	get metadata(): unknown {
		return this.model.metadata;
	}
	get presence(): unknown {
		return this.model.presence;
	}
	get state(): "joined" | "away" {
		return this.model.state;
	}
	get joinedAt(): Date {
		return new Date(this.model.joinedAt);
	}

	track(source: Source): Publication | undefined {
		for (const publication of this.tracks.values()) if (publication.source === source) return publication;
		return undefined;
	}
}

export class PublicationImpl implements Publication {
	readonly participant: RemoteParticipantImpl;
	readonly #info: TrackInfo;
	readonly #port: PublicationPort;
	received: RemoteTrackImpl | undefined;

	constructor(participant: RemoteParticipantImpl, info: TrackInfo, port: PublicationPort) {
		this.participant = participant;
		this.#info = info;
		this.#port = port;
	}

	get id(): string {
		return this.#info.id;
	}
	get source(): Source {
		return this.#info.source;
	}
	get kind(): Kind {
		return this.#info.kind;
	}
	get muted(): boolean {
		return this.#info.muted;
	}
	get metadata(): unknown {
		return this.#info.metadata;
	}
	get label(): string | undefined {
		return this.#info.label;
	}
	get layers(): readonly Size[] | undefined {
		return this.#info.layers;
	}
	get subscribed(): boolean {
		return this.#port.wants(this.id);
	}
	get track(): RemoteTrack | undefined {
		return this.received;
	}

	subscribe(): Promise<void> {
		return this.#port.choose(this.id, { on: true });
	}
	unsubscribe(): Promise<void> {
		return this.#port.choose(this.id, { on: false });
	}
}
