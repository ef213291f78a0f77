import type { ChannelOptions, DataChannel } from "./channels.ts";
import type { EffectControl, Effects } from "./effects.ts";
import type {
	LocalParticipant,
	LocalTrack,
	Participant,
	Publication,
	RemoteParticipant,
	RemoteTrack,
} from "./participants.ts";
import type { Recording, RecordingDetails, RecordingOptions } from "./recordings.ts";
import type { RoomStats } from "./statistics.ts";
import type { CloseReason, LeaveReason, MediaState, RoomState, Score, SubscribeDefault, Topology } from "./words.ts";

export interface RoomEvents {
	stateChanged: [state: RoomState];
	mediaStateChanged: [state: MediaState];
	/** Another media node serves this participant, or none for now. */
	nodeChanged: [node: Node | undefined];
	/** Why there is no media now. The room goes on looking: `nodeChanged` tells when it has found a node. */
	mediaUnavailable: [reason: { code: string; message: string }];
	/** `code` is the WebSocket's close code. */
	closed: [closed: { reason: CloseReason; code: number }];
	participantJoined: [participant: RemoteParticipant];
	/** Name, metadata, or state (`away` and back). */
	participantUpdated: [participant: RemoteParticipant];
	participantLeft: [participant: RemoteParticipant, reason: LeaveReason];
	trackPublished: [publication: Publication, participant: RemoteParticipant];
	trackUnpublished: [publication: Publication, participant: RemoteParticipant];
	trackSubscribed: [track: RemoteTrack, participant: RemoteParticipant];
	trackUnsubscribed: [track: RemoteTrack, participant: RemoteParticipant];
	/** Also of a local track: by `mute()`, or by a moderator. */
	trackMuted: [track: Publication | LocalTrack, participant: Participant];
	trackUnmuted: [track: Publication | LocalTrack, participant: Participant];
	/** A local track is being sent. */
	localTrackPublished: [track: LocalTrack];
	/** A local track ended: stopped here, unplugged, or its screen share ended by the browser. */
	localTrackUnpublished: [track: LocalTrack];
	/** Loudest first; empty when nobody speaks. */
	speakersChanged: [speakers: SpeakerInfo[], dominant: Participant | undefined];
	qualityChanged: [participant: Participant, score: Score];
	presenceChanged: [participant: RemoteParticipant];
	message: [message: ReceivedMessage];
	roomUpdated: [metadata: unknown];
	/** Media goes by a node from now on, or directly. Whoever looks need not see more of it than a key frame. */
	topologyChanged: [topology: Topology];
	/** This participant is in another room now, by a moderator's wish. */
	moved: [room: string];
	/** Whether effects on what this participant sends run: `dry` is without them for now, `failed` for good. */
	effectsChanged: [state: "live" | "dry" | "failed", reason: { code: string; message: string } | undefined];
	/** A recording began, has another state, or failed. */
	recordingChanged: [recording: Recording];
	/** Somebody opened a data channel. */
	channel: [channel: DataChannel, participant: RemoteParticipant];
}

/** A media node. */
export interface Node {
	id: string;
	region: string;
}

export interface SpeakerInfo {
	participant: Participant;
	track: Publication | LocalTrack | undefined;
	/** dBov, -127 (silence) to 0. */
	volume: number;
}

export interface ReceivedMessage {
	/** The participant, or its id when it has left already. */
	from: RemoteParticipant | string;
	topic?: string;
	payload: unknown;
}

export interface Room {
	readonly name: string;
	readonly metadata: unknown;
	readonly me: LocalParticipant;
	/** The others, by id. */
	readonly participants: ReadonlyMap<string, RemoteParticipant>;
	readonly state: RoomState;
	readonly mediaState: MediaState;
	readonly topology: Topology;
	/** What is recorded now, by id: those that are not over. */
	readonly recordings: ReadonlyMap<string, Recording>;
	/** The node that carries this participant's media; none in a mesh. */
	readonly node: Node | undefined;

	/** Returns what ends it. */
	on<E extends keyof RoomEvents>(event: E, listener: (...args: RoomEvents[E]) => void): () => void;

	/** To all others, or to some. Resolves when the room has it on its way. */
	send(payload: unknown, options?: { to?: string[]; topic?: string }): Promise<void>;
	/** State of which only the latest matters (hand raised, typing). */
	setPresence(value: unknown): Promise<void>;
	/** Own name and metadata. */
	update(change: { name?: string; metadata?: unknown }): Promise<void>;
	/** Moderators. */
	updateRoom(metadata: unknown): Promise<void>;
	/** Moderators. Only its owner can unmute it. */
	mute(participant: string, track: string): Promise<void>;
	/** Moderators. */
	remove(participant: string, reason?: string): Promise<void>;
	/** Moderators. */
	move(participant: string, room: string): Promise<void>;
	/**
	 * What is done to what this participant sends, or another (moderators): GStreamer elements as text. Without audio and
	 * video, nothing any more. `effectsChanged` tells what becomes of it.
	 */
	setEffects(effects: Effects): Promise<void>;
	/** Sets a property of an effect that has a name. */
	controlEffect(control: EffectControl): Promise<void>;
	/** Those with the right to record, and moderators. Resolves with its id; `recordingChanged` tells what becomes of it. */
	startRecording(options?: RecordingOptions): Promise<string>;
	/** Its files are completed then. */
	stopRecording(id: string): Promise<void>;
	/** All that the room remembers, oldest first, with their files; with an id that one alone, if it is there. */
	listRecordings(id?: string): Promise<RecordingDetails[]>;
	/** A file of it, by its place in `files`, once it is `stored` and where the edge keeps recordings. */
	readRecording(id: string, file?: number): Promise<Blob>;
	/** Which tracks are received without asking for each. */
	setSubscribeDefault(value: SubscribeDefault): Promise<void>;
	/** To everyone who subscribes, one way, over SCTP. What is sent before it is open waits. */
	openChannel(label: string, options?: ChannelOptions): DataChannel;
	stats(): Promise<RoomStats>;
	/** Stops every local track and leaves. */
	leave(): Promise<void>;
}
