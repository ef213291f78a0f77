/**
 * What is known of the room: pure, without a socket or media. Events and whole states go in; what changed comes out,
 * in an order that can be told as it is (who left before who came).
 */
import type { LeaveReason } from "./api.ts";
import type { EventFrame, ParticipantInfo, RecordingInfo, Topology, TrackInfo, VolatileFrame, Whole } from "./wire.ts";

export interface ParticipantState extends Omit<ParticipantInfo, "tracks"> {
	tracks: Map<string, TrackInfo>;
}

export type Change =
	| { type: "participantJoined"; participant: ParticipantState }
	| { type: "participantUpdated"; participant: ParticipantState }
	| { type: "participantLeft"; participant: ParticipantState; reason: LeaveReason }
	| { type: "presenceChanged"; participant: ParticipantState }
	| { type: "trackPublished"; participant: ParticipantState; track: TrackInfo }
	| { type: "trackUnpublished"; participant: ParticipantState; track: TrackInfo }
	| { type: "trackMuted"; participant: ParticipantState; track: TrackInfo }
	| { type: "roomUpdated"; metadata: unknown }
	| { type: "topologyChanged"; topology: Topology }
	| { type: "recordingChanged"; recording: RecordingInfo };

export class RoomStateModel {
	name = "";
	metadata: unknown;
	topology: Topology = "sfu";
	/** Everybody, this participant too. */
	readonly participants = new Map<string, ParticipantState>();
	/** Those that are not over. */
	readonly recordings = new Map<string, RecordingInfo>();

	/** What an event changes. An event about somebody or something unknown changes nothing. */
	apply(event: EventFrame | VolatileFrame): Change[] {
		switch (event.type) {
			case "participantJoined":
				return this.#arrive(event.participant);
			case "participantUpdated": {
				const participant = this.participants.get(event.participant);
				if (!participant) return [];
				if (event.name !== undefined) participant.name = event.name;
				if (event.metadata !== undefined) participant.metadata = event.metadata;
				if (event.state !== undefined) participant.state = event.state;
				return [{ type: "participantUpdated", participant }];
			}
			case "participantLeft": {
				const participant = this.participants.get(event.participant);
				return participant ? this.#leave(participant, event.reason) : [];
			}
			case "trackPublished": {
				const participant = this.participants.get(event.participant);
				return participant ? this.#track(participant, event.track) : [];
			}
			case "trackUpdated": {
				const participant = this.participants.get(event.participant);
				const track = participant?.tracks.get(event.track);
				if (!participant || !track || track.muted === event.muted) return [];
				track.muted = event.muted;
				return [{ type: "trackMuted", participant, track }];
			}
			case "trackUnpublished": {
				const participant = this.participants.get(event.participant);
				const track = participant?.tracks.get(event.track);
				return participant && track ? this.#untrack(participant, track) : [];
			}
			case "roomUpdated":
				this.metadata = event.metadata;
				return [{ type: "roomUpdated", metadata: event.metadata }];
			case "topologyChanged":
				return this.#turn(event.topology);
			case "recordingChanged":
				return this.#record(event.recording);
			case "presence":
				return Object.entries(event.presence).flatMap(([id, presence]) => {
					const participant = this.participants.get(id);
					if (!participant) return [];
					participant.presence = presence;
					return [{ type: "presenceChanged", participant }];
				});
			default:
				return [];
		}
	}

	/** Puts a whole state in place of what was known; the differences are the changes. `gone`: why who is missing left. */
	replace(whole: Whole, gone: LeaveReason = "left"): Change[] {
		const changes: Change[] = [];
		const now = new Map(whole.participants.map((info) => [info.id, info]));
		for (const known of [...this.participants.values()]) {
			// Another join of the same identity is somebody new: what was known of the former is void.
			if (now.get(known.id)?.join !== known.join) changes.push(...this.#leave(known, gone));
		}
		for (const info of whole.participants) {
			const known = this.participants.get(info.id);
			changes.push(...(known ? this.#merge(known, info) : this.#arrive(info)));
		}
		this.name = whole.room.name;
		if (!same(this.metadata, whole.room.metadata)) {
			this.metadata = whole.room.metadata;
			changes.push({ type: "roomUpdated", metadata: this.metadata });
		}
		changes.push(...this.#turn(whole.room.topology), ...this.#recordAll(whole.recordings ?? []));
		return changes;
	}

	#recordAll(recordings: readonly RecordingInfo[]): Change[] {
		const there = new Set(recordings.map(({ id }) => id));
		// Over, one way or the other.
		const gone = [...this.recordings.values()].filter(({ id }) => !there.has(id));
		const now = [...gone.map((it) => ({ ...it, state: "ended" as const })), ...recordings];
		return now.flatMap((recording) => this.#record(recording));
	}

	#record(recording: RecordingInfo): Change[] {
		const { id, state } = recording;
		const isOver = state === "ended" || state === "failed";
		const known = this.recordings.get(id);
		if (isOver) this.recordings.delete(id);
		else this.recordings.set(id, recording);
		return same(known, recording) ? [] : [{ type: "recordingChanged", recording }];
	}

	#turn(topology: Topology): Change[] {
		if (this.topology === topology) return [];
		this.topology = topology;
		return [{ type: "topologyChanged", topology }];
	}

	#arrive(info: ParticipantInfo): Change[] {
		const former = this.participants.get(info.id);
		const changes = former ? this.#leave(former, "replaced") : [];
		const participant: ParticipantState = { ...info, tracks: new Map() };
		this.participants.set(info.id, participant);
		changes.push({ type: "participantJoined", participant });
		for (const track of info.tracks) changes.push(...this.#track(participant, track));
		return changes;
	}

	#leave(participant: ParticipantState, reason: LeaveReason): Change[] {
		const changes: Change[] = [];
		for (const track of [...participant.tracks.values()]) changes.push(...this.#untrack(participant, track));
		this.participants.delete(participant.id);
		changes.push({ type: "participantLeft", participant, reason });
		return changes;
	}

	#merge(participant: ParticipantState, info: ParticipantInfo): Change[] {
		const changes: Change[] = [];
		const { name, metadata, state, presence } = info;
		if (participant.name !== name || participant.state !== state || !same(participant.metadata, metadata)) {
			Object.assign(participant, { name, metadata, state });
			changes.push({ type: "participantUpdated", participant });
		}
		if (!same(participant.presence, presence)) {
			participant.presence = presence;
			changes.push({ type: "presenceChanged", participant });
		}
		const there = new Set(info.tracks.map((track) => track.id));
		for (const track of [...participant.tracks.values()]) {
			if (!there.has(track.id)) changes.push(...this.#untrack(participant, track));
		}
		for (const track of info.tracks) changes.push(...this.#track(participant, track));
		return changes;
	}

	/** New, or the same told again: after a media side was replaced its layers may differ. */
	#track(participant: ParticipantState, info: TrackInfo): Change[] {
		const known = participant.tracks.get(info.id);
		if (!known) {
			const track = { ...info };
			participant.tracks.set(track.id, track);
			return [{ type: "trackPublished", participant, track }];
		}
		const changed = known.muted !== info.muted;
		Object.assign(known, info);
		return changed ? [{ type: "trackMuted", participant, track: known }] : [];
	}

	#untrack(participant: ParticipantState, track: TrackInfo): Change[] {
		participant.tracks.delete(track.id);
		return [{ type: "trackUnpublished", participant, track }];
	}
}

/** Of JSON values, which come from one serializer: enough to tell whether an event is due. */
function same(a: unknown, b: unknown): boolean {
	return a === b || JSON.stringify(a) === JSON.stringify(b);
}
