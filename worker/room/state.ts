/** What a Room object remembers. Everything here but the marked fields is in storage too. */

import type { EffectsState, EffectsWish } from "../../shared/effects.ts";
import type { ErrorBody } from "../../shared/errors.ts";
import type { EventDetails } from "../../shared/events.ts";
import type { BitrateLimits, Cause } from "../../shared/link.ts";
import type { DtlsParameters, RtpCapabilities, TrackInfo, TransportParameters } from "../../shared/media.ts";
import type { SubscribeDefault, SubscriptionChange, Topology } from "../../shared/native.ts";
import type { Container, Layout, RecordedFile, RecordedSource } from "../../shared/recordings.ts";
import type { RoomSettings } from "../../shared/rest.ts";
import type { Description, SdpSettings, Section } from "../../shared/sdp.ts";
import type { Rights } from "../../shared/tokens.ts";
import type { RoomEvent } from "./outbox.ts";
import type { Place } from "./rpc.ts";

export interface RoomRecord {
	name: string;
	metadata?: unknown;
	settings: RoomSettings;
	createdAt: number;
	/** Where nodes dial this edge, as last seen by a client. */
	origin: string;
	/** Of the latest assignment. Only grows, over rooms that have the same name one after the other too. */
	epoch: number;
	/** Source of endpoint ids and join numbers. Only grows. */
	serial: number;
	/** Who spoke, latest first; kept where `lastN` is set. */
	spoke?: string[];
	/** Whose cameras are shown to those who did not ask for one. */
	shown?: string[];
	/** Differences between the room and its nodes that were mended so far. */
	mended?: number;
	/** Number of the latest event that back ends are told. */
	eventSeq?: number;
	/** When they are told next who is there. */
	liveAt?: number;
	/** In the directory of rooms. */
	listed: boolean;
	emptySince?: number;
	/** It ends when fewer than two have been in it for this long, ms. */
	aloneMs?: number;
	/** When that will be, unless somebody comes. */
	endsAt?: number;
	/** The one in force; absent is `sfu`. */
	topology?: Topology;
	/** What the dialect whose API made the room keeps of it. The rules do not read it. */
	own?: unknown;
	/** When that dialect is to look after the room, ms, and its name. */
	due?: { at: number; dialect: string };
	/** When it turns to mesh unless more people come, ms. */
	meshAt?: number;
	/** By then everybody receives directly what endpoints still carry, or it is given up, ms. */
	directBy?: number;
}

/** What a member can do with media; absent for one that only signals. */
export interface MediaOffer {
	/** Absent while its client is yet to say: nothing is sent to it until then. */
	rtpCapabilities?: RtpCapabilities;
	dtlsParameters?: DtlsParameters;
	data: boolean;
	/** What it receives begins paused: its client says when it is ready for each. */
	beginsPaused?: true;
	/** What it receives is mixed. */
	mixed?: true;
	/** Its client speaks SDP: what it can receive is known to its node alone. */
	sdp?: SdpSettings;
	limits?: BitrateLimits;
}

export interface Member {
	id: string;
	join: number;
	session: string;
	dialect: string;
	/** Who it is, where its id is another at each join: kept out when it is removed for good. */
	identity?: string;
	name?: string;
	metadata?: unknown;
	rights: Rights;
	client?: string;
	place: Place;
	joinedAt: number;
	state: "joined" | "away";
	awayUntil?: number;
	subscribe: SubscribeDefault;
	media?: MediaOffer;
	/** It can send and receive directly. */
	mesh?: true;
	/** It receives what it sends as well. */
	mirror?: true;
	/** It receives everything directly, and needs its endpoint no more. */
	direct?: true;
	/** What its SDP connections consist of, by name: another node goes on with them. */
	connections?: Record<string, Section[]>;
	/** Its client's offers that no node has answered yet. */
	descriptions?: { connection: string; description: Description; cause: Cause }[];
	/** Its media side. */
	endpoint?: string;
	/** The one it is moving to, until that is open. */
	next?: string;
	/** What is done to what it sends, with the latest values of its controls. */
	effects?: EffectsWish;
	/** What the node of that endpoint told of them last. */
	effectsState?: { endpoint: string; state: EffectsState; error?: ErrorBody };
	/** Nodes that its media did not reach, and until when it is placed on others, ms. */
	avoid?: Record<string, number>;
	/** What its dialect tells back ends of it, with each of its events. */
	details?: EventDetails;
	/** What its dialect keeps of it. The rules do not read it. */
	own?: unknown;
	/** When its dialect is to look after it, ms. */
	dueAt?: number;
	/** Choices that differ from the default, by track. */
	subscriptions: Record<string, Omit<SubscriptionChange, "track">>;
}

/** What a dialect knew of a member whose socket dropped. */
export interface Kept {
	until: number;
	own: unknown;
}

/** What waits for a member that is away: an event, or a frame of a dialect that makes its own for each. */
export type Mail = RoomEvent | { type: "frame"; text: string };

/** What only memory holds of a member; lost without harm. */
export interface MemberMemory {
	presence?: unknown;
	/** Answers to the latest requests, by id: a request sent again after a lost answer gets the same one. */
	answers: Map<number, string>;
	/** Highest request id seen. */
	lastRequest: number;
	/** Number of the latest event that it was told of with others. */
	heard?: number;
	/** Keys of its mailbox. */
	mail?: string[];
}

/** A node was asked to take a track: for which request, and when, ms. */
export interface Asked {
	cause: Cause;
	at: number;
}

export interface Track {
	participant: string;
	/** The endpoint it is published on; behind the member's own while its media moves. Empty: none, it goes directly. */
	endpoint: string;
	info: TrackInfo;
	/** The node has confirmed it, and the others know of it. */
	live: boolean;
	/** The endpoint it is being published on while the one above still carries it. */
	next?: { endpoint: string; info: TrackInfo; asked: Asked };
	/** Its node has yet to say that it has it. */
	asked?: Asked;
	/**
	 * How its publisher sends it, where that is media: the MIME type, what each spatial layer is called, lowest first, and
	 * the stream and track ids that receivers know it by (RFC 8830).
	 */
	coding?: { mimeType: string; layers: string[]; msid?: string };
	/** Published as its client's description has it: what of that makes it this track. */
	sent?: string;
	/** What each node's receivers want of it, by epoch; absent: all. */
	demand: Record<string, number>;
	/** What its publisher was told of that. */
	demanded: number;
	/** Nodes that get it from another one, by their epochs; and by which flow, once that is there. */
	pipes: Record<string, { from: number; flowing: boolean; pipe?: string }>;
}

export interface Endpoint {
	id: string;
	participant: string;
	/** Opened ahead for a client that has not joined yet. */
	ahead?: true;
	/** Its member has another by now; it goes on until then, ms. */
	until?: number;
	/** `waiting` for a node, `opening` on one, `open`. */
	state: "waiting" | "opening" | "open";
	/** The assignment it is on; 0 while waiting. */
	epoch: number;
	openedAt?: number;
	send?: TransportParameters;
	recv?: TransportParameters;
}

export interface Assignment {
	epoch: number;
	jti: string;
	/** Known when Fleet has answered. */
	node?: string;
	region?: string;
	/** Whose place it was asked for. */
	near: Place;
	/** Whom it serves: see areaOf. */
	areas: string[];
	/** Takes nobody more of the room for now. */
	full?: boolean;
	/** Stops then, ms: people are moved away before. */
	draining?: number;
	/** From then on those are moved too whose clients have to begin anew, ms. */
	disturbAt?: number;
	/** `asked`: no link yet. `linked`: its socket is here. `detached`: the socket dropped and may come back. */
	state: "asked" | "linked" | "detached";
	/** A node came since Fleet was asked: if it says that there is none, it is asked again at once. */
	again?: true;
	/** Linked for the first time, and its first report not yet in: there is nothing to reconcile. */
	fresh?: boolean;
	/** When `asked` or `detached` ends in a new assignment. */
	deadline?: number;
}

/** A recording, with what has become of it. */
export interface Recorded {
	id: string;
	/** Absent: everybody, in a layout. */
	participant?: string;
	layout?: Layout;
	/** The assignment whose node puts everybody into one picture. */
	at?: number;
	/** Tracks that have a place in it. */
	places?: string[];
	/** Who asked for it, and is told. */
	dialect?: string;
	sources: RecordedSource[];
	/** Only these. */
	tracks?: string[];
	effects: boolean;
	split: boolean;
	container: Container;
	path: string;
	createdAt: number;
	stoppedAt?: number;
	/** Number of its latest part. */
	lastPart: number;
	parts: RecordedPart[];
	/** How many. */
	files: number;
	/** Of the latest failure, and how many there were since it was last written. */
	error?: ErrorBody;
	failures?: number;
	/** Another part is not begun before this time, and looked after then, ms. */
	beginAt?: number;
	/** Back ends were told that it is over. */
	over?: true;
	/** How many of its files have arrived where recordings are kept. */
	stored?: number;
	/** What members were told of it last. */
	told?: string;
}

/** What one node writes of a recording without a break. */
export interface RecordedPart {
	part: number;
	epoch: number;
	node: string;
	/** Absent: of several. */
	endpoint?: string;
	/** While they are recorded. */
	tracks: string[];
	/** `finishing`: nothing more comes to it, and its files are not known to be complete yet. */
	state: "asked" | "started" | "finishing" | "done" | "failed";
	/** Of one that is finishing: something was written. */
	begun?: true;
	/** When that is not waited for any longer, ms. */
	due?: number;
}

/** A file of a recording. Each has a row of its own: there may be many. */
export interface KeptFile {
	recording: string;
	file: RecordedFile;
}
