/** Who is in a room, and the tracks they have. */
import type { Kind, Layer, Quality, Rights, Score, Size, Source, VideoCodec } from "./words.ts";

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
