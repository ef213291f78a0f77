/**
 * Room ↔ node, on the node's socket to `/v1/rooms/{room}/link`. Each frame is a JSON array, handled in order.
 *
 * A command carries all the context its answer needs, and answers repeat it: the room keeps no promise that a lost
 * memory would leave hanging. Commands are idempotent by the ids they name.
 */
import * as z from "zod";
import { EffectControl, EffectsState, EffectsWish } from "./effects.ts";
import { ErrorBody } from "./errors.ts";
import { EndpointId, ParticipantId, RoomName, TrackId } from "./ids.ts";
import {
	ConsumerParameters,
	Demand,
	DtlsParameters,
	IceParameters,
	Layer,
	PeerParameters,
	RtpCapabilities,
	Score,
	Size,
	Speaker,
	TrackMedia,
	TrackSettings,
	TransportParameters,
} from "./media.ts";
import { Container, Layout, RecordingId, RecordingPath } from "./recordings.ts";
import { ConnectionName, ConnectionState, Description, SdpSettings, Section } from "./sdp.ts";
import { StatisticsReport } from "./statistics.ts";
import { Source } from "./tokens.ts";

/** Subprotocol of the socket; the assignment, or the link's own token when coming back, follows as `bearer.<token>` in Authorization. */
export const LINK_SUBPROTOCOL = "switchyard.link.v1";

/** Of an assignment: what nodes of a room are known by among each other. */
const Epoch = z.number().int();
/** Tells one flow of a track between two nodes from the next. */
const PipeId = z.string().max(64);
const RecordingPartNumber = z.number().int().positive();
const Direction = z.enum(["send", "recv"]);
/** Whose request caused a command; given back with the answer. */
export const Cause = z.object({ participant: ParticipantId, request: z.number().int() });
export type Cause = z.infer<typeof Cause>;

export const Subscription = TrackSettings.extend({ track: TrackId });
export type Subscription = z.infer<typeof Subscription>;

const bitrate = z.number().int().positive().max(1e12);
/** Bits per second that a participant may send and be sent. A node has limits of its own: the lower ones hold. */
export const BitrateLimits = z.object({
	maxIncomingBitrate: bitrate.optional(),
	maxOutgoingBitrate: bitrate.optional(),
});
export type BitrateLimits = z.infer<typeof BitrateLimits>;

/** Room → node. */
export const LinkCommand = z.discriminatedUnion("type", [
	/** First command on a link: keep `token` to dial again after a lost socket. */
	z.object({ type: z.literal("attach"), room: RoomName, epoch: z.number().int(), token: z.string() }),
	z.object({
		type: z.literal("open"),
		endpoint: EndpointId,
		participant: ParticipantId,
		/** What it can receive; absent: it receives nothing. */
		rtpCapabilities: RtpCapabilities.optional(),
		dtlsParameters: DtlsParameters.optional(),
		send: z.boolean(),
		recv: z.boolean(),
		data: z.boolean(),
		limits: BitrateLimits.optional(),
		/** It gets one picture and one sound of all it is to receive (shared/mix.ts). */
		mixed: z.boolean().optional(),
		/** Its client speaks SDP: the node makes connections as they are described. */
		sdp: SdpSettings.optional(),
		/** Connections that the client has with another node; they are offered anew at once, on this one. */
		connections: z.record(ConnectionName, z.array(Section).max(1_000)).optional(),
	}),
	/**
	 * A client's offer, answered by `description`; or its answer, followed by `agreed`. Of a connection that is not
	 * there yet, an offer makes it.
	 */
	z.object({
		type: z.literal("description"),
		endpoint: EndpointId,
		connection: ConnectionName,
		description: Description,
		cause: Cause,
	}),
	/** Offer a connection anew, with other ICE credentials when `restart` is set (RFC 8445 section 9). */
	z.object({
		type: z.literal("renegotiate"),
		endpoint: EndpointId,
		connection: ConnectionName,
		restart: z.boolean(),
	}),
	/** Close one of an endpoint's connections. */
	z.object({ type: z.literal("disconnect"), endpoint: EndpointId, connection: ConnectionName }),
	/** Most that goes through an SDP endpoint, bit/s; null lifts the bound. */
	z.object({
		type: z.literal("limit"),
		endpoint: EndpointId,
		incoming: z.number().int().positive().nullable().optional(),
		outgoing: z.number().int().positive().nullable().optional(),
	}),
	/** A text for the client, on one of the settings' channels. */
	z.object({
		type: z.literal("text"),
		endpoint: EndpointId,
		channel: z.string().max(128),
		text: z.string().max(65_536),
	}),
	/** What the client of an endpoint can do, for one that was opened ahead of the client's join. */
	z.object({
		type: z.literal("equip"),
		endpoint: EndpointId,
		rtpCapabilities: RtpCapabilities.optional(),
		dtlsParameters: DtlsParameters.optional(),
		mixed: z.boolean().optional(),
	}),
	/** What is done to what an endpoint sends, from now on; without chains: nothing any more. */
	z.object({ type: z.literal("effects"), endpoint: EndpointId, ...EffectsWish.shape }),
	z.object({ type: z.literal("control"), endpoint: EndpointId, ...EffectControl.shape }),
	z.object({ type: z.literal("close"), endpoint: EndpointId }),
	z.object({
		type: z.literal("connect"),
		endpoint: EndpointId,
		direction: Direction,
		dtlsParameters: DtlsParameters,
		cause: Cause,
	}),
	z.object({ type: z.literal("restartIce"), endpoint: EndpointId, direction: Direction, cause: Cause }),
	z.object({
		type: z.literal("publish"),
		endpoint: EndpointId,
		track: TrackId,
		source: Source,
		media: TrackMedia,
		layers: z.array(Size).max(8).optional(),
		muted: z.boolean(),
		cause: Cause,
	}),
	z.object({ type: z.literal("unpublish"), endpoint: EndpointId, track: TrackId }),
	/** Published here or received from another node. */
	z.object({ type: z.literal("mute"), track: TrackId, muted: z.boolean() }),
	z.object({ type: z.literal("subscribe"), endpoint: EndpointId, tracks: z.array(Subscription) }),
	z.object({ type: z.literal("unsubscribe"), endpoint: EndpointId, tracks: z.array(TrackId) }),
	/** Settings of existing subscriptions. */
	z.object({ type: z.literal("tune"), endpoint: EndpointId, tracks: z.array(Subscription) }),
	z.object({ type: z.literal("keyFrame"), endpoint: EndpointId, track: TrackId }),
	/** Get a port ready towards another node of the room, known by its epoch; answered by `peerReady`. */
	z.object({ type: z.literal("peer"), peer: Epoch }),
	/** Where the other node's port is. */
	z.object({ type: z.literal("connectPeer"), peer: Epoch, transport: PeerParameters }),
	/** The other node is gone, and whatever came from there. */
	z.object({ type: z.literal("forgetPeer"), peer: Epoch }),
	/** Send a track to another node; answered by `piped` or `pipeFailed`. */
	z.object({ type: z.literal("pipe"), track: TrackId, to: Epoch }),
	z.object({ type: z.literal("unpipe"), track: TrackId, to: Epoch }),
	/** Take a track that another node sends. It replaces whatever this node had under its id. */
	z.object({
		type: z.literal("receive"),
		track: TrackId,
		from: Epoch,
		/** Of the `piped` report. */
		pipe: PipeId,
		participant: ParticipantId,
		source: Source,
		media: TrackMedia,
		layers: z.array(Size).max(8).optional(),
		muted: z.boolean(),
		/** An encoder of the node it is published on makes it, and is to hear what its receivers have bandwidth for. */
		encoded: z.boolean().optional(),
	}),
	/** What receivers on another node have bandwidth for, of a track that an encoder here makes, bit/s. */
	z.object({
		type: z.literal("bandwidth"),
		track: TrackId,
		from: Epoch,
		bitrate: z.number().int().positive(),
	}),
	/** A received track is not wanted here any more. */
	z.object({ type: z.literal("drop"), track: TrackId }),
	/** Report every subscription of the endpoint again. */
	z.object({ type: z.literal("describe"), endpoint: EndpointId }),
	/** What arrives of the tracks published there; answered by `bitrates`. */
	z.object({ type: z.literal("measure") }),
	/** Write tracks of an endpoint to files, until `stopRecord` or until the endpoint or the room is gone from there. */
	z.object({
		type: z.literal("record"),
		recording: RecordingId,
		part: RecordingPartNumber,
		/** Absent: of several endpoints, put together. */
		endpoint: EndpointId.optional(),
		layout: Layout.optional(),
		tracks: z.array(TrackId).min(1).max(64),
		/** After effects; otherwise as received. */
		effects: z.boolean(),
		path: RecordingPath,
		container: Container,
		/** A file for each track. */
		split: z.boolean(),
		/** Repeated with all that is told of it over HTTP: by then another room may have the name. */
		epoch: Epoch.optional(),
	}),
	z.object({ type: z.literal("stopRecord"), recording: RecordingId, part: RecordingPartNumber }),
]);
export type LinkCommand = z.infer<typeof LinkCommand>;
export const LinkCommands = z.array(LinkCommand);

/** Node → room. */
export const LinkReport = z.discriminatedUnion("type", [
	/** First report on a link: what the node still serves of this room, empty on a new assignment. */
	z.object({
		type: z.literal("attached"),
		endpoints: z.array(
			z.object({
				endpoint: EndpointId,
				tracks: z.array(TrackId),
				subscriptions: z.array(TrackId),
			}),
		),
		/** Tracks it has from other nodes. */
		received: z.array(z.object({ track: TrackId, from: Epoch, pipe: PipeId })).default([]),
		/** Tracks it sends to other nodes. */
		pipes: z.array(z.object({ track: TrackId, to: Epoch, pipe: PipeId })).default([]),
		/** What it records. */
		recordings: z
			.array(z.object({ recording: RecordingId, part: RecordingPartNumber, started: z.boolean().default(false) }))
			.default([]),
	}),
	z.object({
		type: z.literal("opened"),
		endpoint: EndpointId,
		send: TransportParameters.optional(),
		recv: TransportParameters.optional(),
	}),
	/** The node's answer to an offer, with its cause; or an offer of its own, after which nothing else is offered. */
	z.object({
		type: z.literal("description"),
		endpoint: EndpointId,
		connection: ConnectionName,
		description: Description,
		...ConnectionState.shape,
		cause: Cause.optional(),
	}),
	/** The client's answer was applied: both sides agree. */
	z.object({
		type: z.literal("agreed"),
		endpoint: EndpointId,
		connection: ConnectionName,
		...ConnectionState.shape,
		cause: Cause,
	}),
	/** More is known of a connection's sections. */
	z.object({
		type: z.literal("sections"),
		endpoint: EndpointId,
		connection: ConnectionName,
		sections: ConnectionState.shape.sections,
	}),
	/** One of several connections: its transport is connected, or lost its path. */
	z.object({
		type: z.literal("connection"),
		endpoint: EndpointId,
		connection: ConnectionName,
		state: z.enum(["connected", "disconnected", "closed"]),
	}),
	/** A text from the client, on one of the settings' channels; the channel has opened when `text` is absent. */
	z.object({
		type: z.literal("text"),
		endpoint: EndpointId,
		channel: z.string().max(128),
		text: z.string().max(65_536).optional(),
	}),
	z.object({ type: z.literal("connected"), endpoint: EndpointId, direction: Direction, cause: Cause }),
	z.object({
		type: z.literal("ice"),
		endpoint: EndpointId,
		direction: Direction,
		iceParameters: IceParameters,
		cause: Cause,
	}),
	z.object({ type: z.literal("published"), endpoint: EndpointId, track: TrackId, cause: Cause }),
	/** A command of a client's request failed. */
	z.object({
		type: z.literal("failed"),
		endpoint: EndpointId,
		track: TrackId.optional(),
		cause: Cause,
		error: ErrorBody,
	}),
	z.object({ type: z.literal("subscribed"), endpoint: EndpointId, consumers: z.array(ConsumerParameters) }),
	z.object({ type: z.literal("subscriptionFailed"), endpoint: EndpointId, track: TrackId, error: ErrorBody }),
	/** Subscriptions that ended since their track did or a consumer closed. */
	z.object({ type: z.literal("unsubscribed"), endpoint: EndpointId, tracks: z.array(TrackId) }),
	/** The endpoint ended without being asked to: its media worker died, or it could not be opened. */
	z.object({ type: z.literal("closed"), endpoint: EndpointId, error: ErrorBody }),
	/** The participant's own transports: all connected, or one lost its path (ICE consent, RFC 7675). */
	z.object({ type: z.literal("media"), endpoint: EndpointId, state: z.enum(["connected", "disconnected"]) }),
	/** A published track ended on the node (transport gone). */
	z.object({ type: z.literal("trackEnded"), endpoint: EndpointId, track: TrackId }),
	z.object({ type: z.literal("peerReady"), peer: Epoch, transport: PeerParameters }),
	/** It is to connect to another port than it was connected to: the other node has lost that one. */
	z.object({ type: z.literal("peerStale"), peer: Epoch }),
	/** A track is on its way to another node, in these parameters. */
	z.object({
		type: z.literal("piped"),
		track: TrackId,
		to: Epoch,
		pipe: PipeId,
		media: TrackMedia,
		encoded: z.boolean().optional(),
	}),
	/** What the weakest receiver of an encoded track of another node has bandwidth for, bit/s; repeated while it has receivers. */
	z.object({ type: z.literal("bandwidth"), track: TrackId, bitrate: z.number().int().positive() }),
	z.object({ type: z.literal("pipeFailed"), track: TrackId, to: Epoch, error: ErrorBody }),
	/** Media goes to another node of the room, and nothing comes back from it. Repeated for as long as that lasts. */
	z.object({ type: z.literal("pipeLost"), peer: Epoch }),
	/** A media worker died, and all that the node had of the room: its pipes too, before its endpoints are told of as `closed`. */
	z.object({ type: z.literal("reset") }),
	z.object({ type: z.literal("speakers"), speakers: z.array(Speaker), dominant: ParticipantId.optional() }),
	z.object({ type: z.literal("layers"), endpoint: EndpointId, layers: z.record(TrackId, Layer.nullable()) }),
	/** The node's operator ends the room, for everybody in it; the node is let go of as when a room is deleted. */
	z.object({ type: z.literal("endRoom") }),
	/** Whether the node takes more people of the room; it does until it says otherwise. */
	z.object({ type: z.literal("capacity"), accepting: z.boolean() }),
	/** What the node's receivers want of tracks now, where that has changed; a track never told of is wanted whole. */
	z.object({ type: z.literal("demand"), demand: Demand }),
	z.object({ type: z.literal("quality"), quality: z.record(ParticipantId, Score) }),
	/** What becomes of an endpoint's effects. */
	z.object({
		type: z.literal("effects"),
		endpoint: EndpointId,
		state: EffectsState,
		error: ErrorBody.optional(),
	}),
	/** What goes through endpoints whose settings ask for that. */
	z.object({ type: z.literal("statistics"), statistics: StatisticsReport }),
	/** Bits per second that arrive of each track published there. Nothing arrives of those that are not in it. */
	z.object({ type: z.literal("bitrates"), bitrates: z.record(TrackId, z.number().int().min(0)) }),
	/**
	 * `started`: it is being written. `finishing`: nothing more is recorded of that part, and its files are told of when
	 * they are complete, over HTTP (shared/recordings.ts), since the link may be gone by then. `failed`: nothing came of it.
	 */
	z.object({
		type: z.literal("recording"),
		recording: RecordingId,
		part: RecordingPartNumber,
		state: z.enum(["started", "finishing", "failed"]),
		error: ErrorBody.optional(),
	}),
]);
export type LinkReport = z.infer<typeof LinkReport>;
/** As a node writes it: defaults may be left out. */
export type LinkReportInput = z.input<typeof LinkReport>;
export const LinkReports = z.array(LinkReport).max(10_000);
