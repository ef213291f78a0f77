/** The wire of tribe's webrtcsignaling (docs/tribe.md): what its clients send, bounded here, its events and error codes. */
import * as z from "zod";
import { Json } from "./json.ts";

/** Error codes are numbers on the wire: `0x506` is 1286. */
export const TRIBE_ERROR = {
	system: 0x500,
	database: 0x501,
	json: 0x502,
	fieldMissing: 0x503,
	userExists: 0x504,
	userUnknown: 0x505,
	authFailed: 0x506,
	fileMissing: 0x507,
	encryption: 0x508,
	broker: 0x509,
	unknownAction: 0x510,
	notAuthenticated: 0x511,
	/** As the target of a message. */
	noSuchSocket: 0x512,
	roomEmpty: 0x513,
	regexp: 0x514,
	/** The next six and `janusSession` are of a media server that it had once, and not used. */
	janusCreateRoom: 0x515,
	janusJoin: 0x516,
	janusConfigure: 0x517,
	janusTrickle: 0x518,
	janusAttach: 0x519,
	janusStartRoom: 0x520,
	noUnitGroup: 0x521,
	notJoinable: 0x522,
	alreadyJoined: 0x523,
	roomFull: 0x524,
	/** To reconnect to. */
	socketGone: 0x525,
	janusSession: 0x526,
	session: 0x527,
	sdpDecode: 0x528,
	event: 0x529,
	network: 0x530,
	sdpEncode: 0x531,
	sdpNegotiated: 0x532,
} as const;
export type TribeErrorName = keyof typeof TRIBE_ERROR;

/** Where a client's own media goes, in place of another client. */
export const PUBLISHER = "publisher";
/** Connections of a room. */
export const ROOM_SIZE = 8;

/** Absent and `null` are the same to it, and nothing else is asked of these texts. */
function text(most: number, otherwise = "") {
	return z
		.string()
		.max(most)
		.nullish()
		.transform((value) => value ?? otherwise);
}

function whole(otherwise: number) {
	return z
		.number()
		.int()
		.nullish()
		.transform((value) => value ?? otherwise);
}

const SocketId = z.string().min(1).max(128);
/** bit/s; 0 is none, as if it were not there. */
const Bitrate = z
	.number()
	.int()
	.min(0)
	.max(1_000_000_000)
	.nullish()
	.transform((value) => value || undefined);

export const Session = z.object({ socketId: z.string(), userId: z.string() });
export type Session = z.infer<typeof Session>;

const Description = z.object({ type: z.enum(["offer", "answer", "pranswer"]), sdp: z.string() });

export const Candidate = z
	.object({
		candidate: z.string().max(1_024).nullish(),
		sdpMid: z.string().max(64).nullish(),
		sdpMLineIndex: z.number().int().min(0).max(1_024).nullish(),
		/** The end of candidates, whatever else it says. */
		completed: z.boolean().nullish(),
	})
	.refine(({ candidate, completed }) => completed || typeof candidate === "string", { path: ["candidate"] });
export type Candidate = z.infer<typeof Candidate>;

/** What clients ask, by action. */
export const ACTIONS = {
	join: z.object({
		roomId: z.string().min(1).max(256),
		bearer: z.string().min(1),
		platform: text(64),
		deviceName: text(256),
		networkType: text(64),
		version: text(256),
		appVersion: text(64),
		/** Degrees; 90 is upright. */
		orientation: whole(90),
		camera: text(64, "front"),
		maxVideoBitrate: Bitrate,
		maxAudioBitrate: Bitrate,
	}),
	/** `bearer` is not the original's: where it is asked for, only the same user takes a session over. */
	reconnect: z.object({ socketId: SocketId, bearer: z.string().optional() }),
	exchangeCandidate: z.object({ to: SocketId, candidate: Candidate }),
	exchangeSdp: z.object({ to: SocketId, sdp: Description }),
	sendMessage: z.object({ to: SocketId, message: Json.refine((message) => message !== undefined) }),
	orientationChange: z.object({ orientation: whole(90), camera: text(64, "front") }),
	eventFreeze: z.unknown(),
	eventCpu: z.object({ cpuUsed: z.number() }),
	eventNetworkChange: z.object({ networkType: z.string().max(64) }),
} as const;
export type Action = keyof typeof ACTIONS;
export type DataOf<A extends Action> = z.infer<(typeof ACTIONS)[A]>;

/** What a session begins with. */
export type JoinData = Omit<DataOf<"join">, "bearer">;

/** A request, before its action is looked at. */
export const Request = z.object({ a: z.string().max(64), d: z.unknown().optional() });
export type Request = z.infer<typeof Request>;

/** Constraints of getUserMedia; numbers are texts. */
export interface MediaConfiguration {
	audio: true;
	video: Record<"width" | "height" | "frameRate", { min: string; max: string }>;
}

/** What clients are told, by name. */
export interface Events {
	eventExchangeSdp: { from: Session; sdp: { type: string; sdp: string } };
	eventExchangeCandidate: {
		from: Session;
		candidate: { candidate: string; sdpMid?: string | null; sdpMLineIndex?: number | null };
	};
	eventUserMediaConfiguration: MediaConfiguration;
	eventLeave: { roomId: string; roomSize: number } & Session;
	eventOrientationChange: { from: Session; platform: string; orientation: number; camera: string };
	eventMessage: { from: Session; message: unknown };
	eventWebrtcUp: { from: Session };
	eventSetLocalAudioVideoMode: { from: Session; audio: boolean; video: boolean };
	eventSetRemoteAudioVideoMode: { from: Session; audio: boolean; video: boolean };
	eventSetBitrate: { from: Session; bitrate: number };
}

/** What a successful `join` and `reconnect` answer. */
export interface Joined extends Session {
	roomSize: number;
	userMediaConfiguration: MediaConfiguration;
	sessions: Session[];
}
export interface Reconnected {
	roomSize: number;
}

/** One connection of a room, as `/state` tells of it. */
export const ConnectionState = z.object({
	socketId: z.string(),
	dateCreation: z.string(),
	userId: z.string(),
	ip: z.string(),
	state: z.string(),
	exit: z.boolean(),
	maxVideoBitrate: z.number(),
	maxAudioBitrate: z.number(),
	/** By whose media they carry. */
	listeners: z.record(z.string(), z.object({ state: z.string() })),
	publisher: z.object({ state: z.string() }).nullable(),
});
export type ConnectionState = z.infer<typeof ConnectionState>;
