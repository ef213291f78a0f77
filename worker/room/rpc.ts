/** What the rest of the edge may ask of a Room object, and what it must tell it about a socket. */
import type { EffectControl, EffectsWish } from "../../shared/effects.ts";
import type { ErrorBody } from "../../shared/errors.ts";
import type { PartReport, RecordedFile, Recording, RecordingPart, RecordingsQuery } from "../../shared/recordings.ts";
import type { Participant, ParticipantEffects, Room, RoomSettings } from "../../shared/rest.ts";
import type { ParticipantClaims } from "../../shared/tokens.ts";
import type { KnownIceServers } from "../ice/ice-servers.ts";
import type { RecordingsPage } from "./recording-pages.ts";
import type { RecordingWish } from "./recordings.ts";

/** Errors cross an RPC as values: a thrown class does not survive it. */
export type Result<T> = { ok: true; value: T } | { ok: false; error: ErrorBody };

/** What to tell beside the rest. `bitrates`: nodes are asked what they receive. */
export interface Details {
	bitrates?: boolean;
}

export interface RoomRpc {
	/** Creates the room, or returns the one that is there unchanged. */
	create(input: {
		name: string;
		metadata?: unknown;
		settings?: RoomSettings;
	}): Promise<{ room: Room; created: boolean }>;
	/** `not_found` when the room does not exist, here and below. */
	describe(details?: Details): Promise<Result<Room>>;
	/** Everyone is closed with `roomClosed`, nodes are released, storage is emptied. */
	destroy(): Promise<Result<null>>;
	listParticipants(
		page: { limit: number; cursor?: string } & Details,
	): Promise<Result<{ items: Participant[]; next?: string }>>;
	getParticipant(id: string, details?: Details): Promise<Result<Participant>>;
	muteParticipant(id: string, tracks?: string[]): Promise<Result<Participant>>;
	removeParticipant(id: string, reason?: string): Promise<Result<null>>;
	getEffects(id: string): Promise<Result<ParticipantEffects>>;
	/** Undefined: none any more. */
	setEffects(id: string, wish: EffectsWish | undefined): Promise<Result<ParticipantEffects>>;
	/** `not_found` when it has no effect of that name. */
	controlEffect(id: string, control: EffectControl): Promise<Result<null>>;
	/** `isNew`: none of that id was there. */
	startRecording(wish: RecordingWish): Promise<Result<{ recording: Recording; isNew: boolean }>>;
	stopRecording(id: string): Promise<Result<Recording>>;
	listRecordings(query: RecordingsQuery): Promise<Result<RecordingsPage>>;
	/** `reader`: a participant; `unauthorized` when it was removed since. */
	getRecording(id: string, reader?: ParticipantClaims): Promise<Result<Recording>>;
	/** `forbidden`: the node was not asked for that. A room that is gone says nothing against it. */
	checkRecordingPart(part: RecordingPart, node: string, paths: string[]): Promise<Result<null>>;
	/** A node has completed the files of a part, or there are none. */
	recordingWritten(report: PartReport): Promise<void>;
	/** A file has arrived where recordings are kept; told also when the room is gone. */
	recordingStored(part: RecordingPart, file: RecordedFile): Promise<void>;
	/** Fleet has a node again, after it had none for this room. */
	nodeAvailable(): Promise<void>;
	/** A question for a dialect, from its part of the API; undefined is no answer. */
	consult(dialect: string, question: unknown): Promise<unknown>;
	/** `token` lets the participant into the other room. */
	moveParticipant(id: string, to: { room: string; token: string }): Promise<Result<null>>;
}

/** Header that carries a `Grant` or `LinkGrant`, as `encodeURIComponent(JSON)`. The Worker deletes it from what comes in. */
export const GRANT_HEADER = "x-switchyard-grant";

/** A client's socket: verified by the Worker, so the Room only reads it, or by the dialect with the first frame. */
export interface Grant {
	kind: "client";
	room: string;
	/** What it speaks. */
	dialect: string;
	/** Nobody's where the dialect proves them later. */
	claims: ParticipantClaims;
	/** Of the session token, or made now for a participant token. */
	session: string;
	/** Signed by the edge, to come back with. */
	sessionToken: string;
	/** True when the token was a session token. */
	returning: boolean;
	/** Where nodes and clients reach this edge. */
	origin: string;
	/** Where the client is, for placement. */
	place: Place;
	/** What it is told to find its way with, as far as that was known at once. Where the dialect tells of it. */
	ice?: KnownIceServers;
	/** The origin of the page that it is in, where the dialect has a use for it. */
	page?: string;
	/** Which of its streams the socket is for, where the dialect has several. */
	stream?: string;
	/** Its IP address, where the dialect tells back ends of it. */
	address?: string;
}

/** A node's socket to the room, with an assignment (jti set) or coming back (jti absent). */
export interface LinkGrant {
	kind: "link";
	room: string;
	node: string;
	epoch: number;
	jti?: string;
}

/** From the edge's request data (`request.cf`); absent where the platform does not know. */
export interface Place {
	/** Forced by the token or a back end. */
	region?: string;
	continent?: string;
	country?: string;
	latitude?: number;
	longitude?: number;
}
