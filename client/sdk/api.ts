/**
 * The public types, all of them, and nothing else: they import nothing, so that the built declarations are usable
 * without this repository. docs/sdk.md tells them in sentences.
 */

// ---------------------------------------------------------------- words

/** What a track shows or sounds. A microphone is `audio`. */
export type Source = "audio" | "camera" | "screen" | "screenAudio" | "data";
export type Kind = "audio" | "video" | "data";
/** A spatial (and temporal) layer; 0 is the lowest. */
export interface Layer {
	spatial: number;
	temporal?: number;
}
/** Device pixels. */
export interface Size {
	width: number;
	height: number;
}
/** 0 (nothing arrives) to 10 (perfect). */
export type Score = number;
export type Quality = "auto" | "low" | "medium" | "high";
export type VideoCodec = "vp8" | "vp9" | "h264" | "av1";
/** `mesh`: people send each other their media directly. */
export type Topology = "sfu" | "mesh";
export type SubscribeDefault = "all" | "none";
export type RoomState = "connected" | "reconnecting" | "closed";
export type MediaState = "new" | "connecting" | "connected" | "disconnected";
export type LeaveReason = "left" | "timeout" | "replaced" | "removed" | "moved" | "roomClosed";
/** Why a room is closed for this client. `lost`: it did not come back in time. `unauthorized`: the token is void. */
export type CloseReason =
	| "left"
	| "replaced"
	| "removed"
	| "roomClosed"
	| "resumedElsewhere"
	| "unauthorized"
	| "lost"
	| "refused";

export interface Rights {
	publish: Source[];
	subscribe: boolean;
	/** Messages to others. */
	send: boolean;
	moderate: boolean;
	/** Own effects; absent: no. */
	effects?: boolean;
	/** Recordings of anybody; absent: no. */
	record?: boolean;
}

// ---------------------------------------------------------------- errors

/** Codes of the service (shared/errors.ts) … */
export type ServiceErrorCode =
	| "bad_json"
	| "bad_request"
	| "unknown_type"
	| "unauthorized"
	| "forbidden"
	| "origin_not_allowed"
	| "not_found"
	| "not_joined"
	| "already_joined"
	| "conflict"
	| "room_full"
	| "too_many_tracks"
	| "stale_endpoint"
	| "session_gone"
	| "too_large"
	| "unsupported"
	| "upgrade_required"
	| "rate_limited"
	| "internal"
	| "node_failed"
	| "no_node";
/** … and those of this side. */
export type ClientErrorCode =
	/** The `signal` given to `connect` was aborted. */
	| "aborted"
	/** The room is closed, or was before an answer came. */
	| "closed"
	/** The service could not be reached. */
	| "unreachable"
	/** More requests wait for an answer than may. */
	| "busy"
	/** This browser, or this participant, has no such ability. */
	| "not_supported"
	/** The user or the browser refused the device. */
	| "permission_denied"
	| "device_not_found"
	/** The device is in use by something else, or failed. */
	| "device_failed"
	/** The track ended or was stopped. */
	| "track_ended";
export type SwitchyardErrorCode = ServiceErrorCode | ClientErrorCode;

// ---------------------------------------------------------------- connecting

export interface ConnectOptions {
	/** Where the edge is: `https://edge.example`. A path before `/v1` is kept. */
	url: string;
	room: string;
	/** A participant token, or what fetches one: called again when an old one will not do, with the room it is for. */
	token: string | ((room: string) => string | Promise<string>);
	name?: string;
	metadata?: unknown;
	presence?: unknown;
	/** Which tracks are received without asking for each; `all` by default. */
	subscribe?: SubscribeDefault;
	/** One picture and one sound of all that would be received, from a participant `~mix`: for a weak line or machine. */
	mixed?: boolean;
	/** Ask for video in the size of the elements it is attached to; true by default. */
	adaptive?: boolean;
	iceTransportPolicy?: "all" | "relay";
	/** False: signaling only, no audio, video or data channels. True by default where there is WebRTC. */
	media?: boolean;
	/** False: media goes by a node only, so that nobody learns of this participant's address. True by default. */
	mesh?: boolean;
	/** Gives up connecting. Once connected it has no effect. */
	signal?: AbortSignal;
	/** For runtimes without a global one. */
	WebSocket?: new (
		url: string,
		protocols: string[],
	) => WebSocket;
}

export interface LocalTracksOptions {
	/** The microphone; true by default. */
	audio?: boolean | MediaTrackConstraints;
	/** The camera; true by default. */
	camera?: boolean | MediaTrackConstraints;
}
/** By source, ready for `me.publish(track, { source })`. */
export interface CapturedTracks {
	audio?: MediaStreamTrack;
	camera?: MediaStreamTrack;
}

// ---------------------------------------------------------------- room

/** `element property=value name=NAME ! element …` (docs/effects.md). */
export interface Effects {
	/** Moderators; absent: of this participant. */
	participant?: string;
	audio?: string;
	video?: string;
	/** What the altered video is encoded as; VP8 unless given. */
	codec?: "H264" | "VP8";
	framerate?: number;
	/** The stream's time is written over the video. */
	overlay?: boolean;
	hardware?: boolean;
}

export interface EffectControl {
	participant?: string;
	/** The effect's. */
	name: string;
	property: string;
	value: number | boolean | string;
	/** In steps over this time, ms. */
	duration?: number;
}

export type RecordingState = "waiting" | "recording" | "finishing" | "ended" | "failed";

/** What everybody in the room knows of it. */
export interface Recording {
	id: string;
	/** Whose media; absent where it is everybody's, in a layout. */
	participant?: string;
	layout?: "grid";
	/** `waiting`: nothing to record yet. `finishing`: stopped, and files are being completed. `failed`: it has none. */
	state: RecordingState;
	sources: Exclude<Source, "data">[];
	/** After effects; otherwise as received. */
	effects: boolean;
	/** ms since 1970. */
	createdAt: number;
	/** So many files are complete; `stored`: so many of them have arrived where recordings are kept. */
	written: number;
	stored: number;
	/** The latest failure. */
	error?: { code: string; message: string };
}

export interface RecordedFile {
	path: string;
	/** Counts the pieces of a recording: another begins when its media comes anew. */
	part: number;
	bytes: number;
	/** Hexadecimal. */
	sha256: string;
	durationMs: number;
	/** When the first of it came, by its node's clock, ms since 1970. */
	startedAt?: number;
	/** `stored`: it has arrived where recordings are kept. */
	state: "written" | "stored";
}

export interface RecordingDetails extends Omit<Recording, "written" | "stored"> {
	files: RecordedFile[];
	split: boolean;
	container: "mp4" | "mkv" | "ogg";
	stoppedAt?: number;
}

/** Without a participant and a layout: of oneself (docs/recording.md). */
export interface RecordingOptions {
	/** To ask again safely; made unless given. */
	id?: string;
	participant?: string;
	/** Everybody in one picture with mixed sound. */
	layout?: "grid";
	sources?: Exclude<Source, "data">[];
	/** Only these. */
	tracks?: string[];
	effects?: boolean;
	/** A file for each track. */
	split?: boolean;
	container?: "mp4" | "mkv" | "ogg";
}

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

// ---------------------------------------------------------------- participants

export interface Participant {
	readonly id: string;
	readonly name: string | undefined;
	readonly metadata: unknown;
	readonly presence: unknown;
	/** Connection quality as its node sees it. */
	readonly quality: Score | undefined;
	readonly speaking: boolean;
	/** dBov, -127 (silence) to 0. */
	readonly audioLevel: number;
}

export interface RemoteParticipant extends Participant {
	/** `away`: its connection dropped and may come back. */
	readonly state: "joined" | "away";
	readonly joinedAt: Date;
	/** By id. */
	readonly tracks: ReadonlyMap<string, Publication>;
	/** The first of that source. */
	track(source: Source): Publication | undefined;
}

export interface LocalParticipant extends Participant {
	readonly rights: Rights;
	/** By id. */
	readonly tracks: ReadonlyMap<string, LocalTrack>;
	track(source: Source): LocalTrack | undefined;
	/** Opens the microphone and publishes it; unmutes it when it is published already. */
	enableMicrophone(constraints?: MediaTrackConstraints): Promise<LocalTrack>;
	enableCamera(constraints?: MediaTrackConstraints): Promise<LocalTrack>;
	/** The screen, and its sound where the browser gives it. */
	shareScreen(options?: DisplayMediaStreamOptions): Promise<LocalTrack[]>;
	/** Resolves when the media node receives it. Before there is a media side it waits. */
	publish(track: MediaStreamTrack, options: PublishOptions): Promise<LocalTrack>;
}

/** W3C WebRTC, and the Scalable Video Coding extension of it. */
export interface Encoding extends RTCRtpEncodingParameters {
	scalabilityMode?: string;
}

export interface PublishOptions {
	source: Exclude<Source, "data">;
	/** Several sizes at once, so that each receiver gets what it can use; true by default for a camera. */
	simulcast?: boolean;
	codec?: VideoCodec;
	/** Instead of the defaults, lowest layer first. */
	encodings?: Encoding[];
	/** A scalability mode such as `L3T3_KEY`: one stream with layers. Needs vp9 or av1; instead of simulcast. */
	svc?: string;
	metadata?: unknown;
	muted?: boolean;
}

// ---------------------------------------------------------------- tracks

export interface LocalTrack {
	readonly id: string;
	readonly source: Exclude<Source, "data">;
	readonly kind: "audio" | "video";
	readonly metadata: unknown;
	/** Changes with `replace` and `switchDevice`. */
	readonly mediaStreamTrack: MediaStreamTrack;
	readonly muted: boolean;
	/** The others can have it. False while it waits for a media side, and after `stop`. */
	readonly published: boolean;
	readonly stopped: boolean;
	/** Sends nothing from now on; the device stays open. */
	mute(): Promise<void>;
	unmute(): Promise<void>;
	/** Another track in its place; nobody notices but by what they see. The earlier one is stopped. */
	replace(track: MediaStreamTrack): Promise<void>;
	switchDevice(deviceId: string): Promise<void>;
	/** Unpublishes, and stops the device. */
	stop(): void;
	/** Shows it here, mirrored never, muted always. */
	attach<E extends HTMLMediaElement = HTMLMediaElement>(element?: E): E;
	detach(element?: HTMLMediaElement): void;
}

/** A track as everybody knows of it. */
export interface Publication {
	readonly id: string;
	readonly source: Source;
	readonly kind: Kind;
	readonly muted: boolean;
	readonly metadata: unknown;
	readonly label: string | undefined;
	/** Sizes of its layers, lowest first, when there are several. */
	readonly layers: readonly Size[] | undefined;
	readonly participant: RemoteParticipant;
	/** Wanted here: by the default, or by a choice of its own. */
	readonly subscribed: boolean;
	/** There while it is received. */
	readonly track: RemoteTrack | undefined;
	subscribe(): Promise<void>;
	unsubscribe(): Promise<void>;
}

export interface RemoteTrack {
	readonly id: string;
	readonly source: Source;
	readonly kind: "audio" | "video";
	/** Changes when the media side moves to another node; attached elements follow by themselves. */
	readonly mediaStreamTrack: MediaStreamTrack;
	readonly participant: RemoteParticipant;
	readonly publication: Publication;
	readonly muted: boolean;
	readonly paused: boolean;
	/** What is received now; null when nothing is. Undefined when it has no layers. */
	readonly currentLayer: Layer | null | undefined;
	/** Shows it in an element, made when none is given. Its size on screen is what is asked for (see `adaptive`). */
	attach<E extends HTMLMediaElement = HTMLMediaElement>(element?: E): E;
	/** From one element or from all; returns those. */
	detach(element?: HTMLMediaElement): HTMLMediaElement[];
	/** The most to receive. `auto`: whatever the elements call for. */
	setQuality(quality: Quality | Layer): void;
	/** Receives nothing, and keeps the subscription. */
	pause(): void;
	resume(): void;
	/** 1 to 255: which track gets bandwidth first. */
	setPriority(priority: number): void;
	requestKeyFrame(): Promise<void>;
}

// ---------------------------------------------------------------- data channels

export interface ChannelOptions {
	ordered?: boolean;
	maxRetransmits?: number;
	/** ms */
	maxPacketLifeTime?: number;
	protocol?: string;
}

export interface ChannelEvents {
	message: [data: string | ArrayBuffer];
	open: [];
	close: [];
}

export interface DataChannel {
	readonly id: string;
	readonly label: string;
	readonly protocol: string;
	readonly state: "connecting" | "open" | "closed";
	/** False for a channel that somebody else opened: they are one way. */
	readonly writable: boolean;
	send(data: string | ArrayBuffer | ArrayBufferView<ArrayBuffer> | Blob): void;
	onmessage: ((data: string | ArrayBuffer) => void) | undefined;
	on<E extends keyof ChannelEvents>(event: E, listener: (...args: ChannelEvents[E]) => void): () => void;
	close(): void;
}

// ---------------------------------------------------------------- statistics

export interface RoomStats {
	/** Of the sending side, else the receiving one. s */
	rtt: number | undefined;
	/** Bits per second. */
	availableOutgoingBitrate: number | undefined;
	/** Since the last call; bits per second. */
	outgoingBitrate: number;
	incomingBitrate: number;
	tracks: TrackStats[];
	/** One each way to the node, and one for both ways to each participant that is connected to directly. */
	connections: ConnectionStats[];
}

/** The path that ICE chose. */
export interface ConnectionStats {
	/** At the other end; undefined for a node. */
	participant: string | undefined;
	/** Of a connection to a node. */
	direction?: "send" | "recv";
	/** s */
	rtt?: number;
	/** Candidate types: `host`, `srflx`, `prflx`, or `relay` when a TURN server is in between. */
	local?: string;
	remote?: string;
	/** `udp`, `tcp` */
	protocol?: string;
}

export interface TrackStats {
	direction: "send" | "recv";
	/** Track id. */
	track: string;
	participant: string;
	source: Source;
	kind: "audio" | "video";
	/** Bits per second since the last call; 0 at the first. */
	bitrate: number;
	framesPerSecond?: number;
	width?: number;
	height?: number;
	/** All since the start. For a sent track: what the node reports. */
	packetsLost?: number;
	/** s */
	jitter?: number;
	/** `VP8`, `opus` */
	codec?: string;
	/** Received: the layer the node sends. Sent: how many layers are active, as the highest. */
	layer?: Layer;
}
