/** The wire of DuckSoup (docs/ducksoup.md): frames in both directions, join options with their defaults, figures. */
import * as z from "zod";
import { IceCandidateInit, MAX_SDP_BYTES } from "./sdp.ts";

// ---------------------------------------------------------------- figures

/** From the opening of a socket to its first message, ms. */
export const FIRST_MESSAGE_MS = 10_000;
/** From the creation of an interaction until all expected tracks are there, ms. */
export const READY_MS = 15_000;
/** The end is announced so long before, ms; but not before the interaction has run for the second figure. */
export const NOTICE_MS = 15_000;
export const NOTICE_AFTER_MS = 1_000;
/** Longest ramp of an effect's property, ms. */
export const MOST_RAMP_MS = 5_000;
/** How often the statistics feed says something, ms. */
export const STATISTICS_MS = 900;

const DURATION = { fallback: 30, most: 1_200 };
const SIZE = { fallback: 2, most: 8 };
const WIDTH = { fallback: 800, most: 7_680 };
const HEIGHT = { fallback: 600, most: 7_680 };
const FRAMERATE = { fallback: 25, most: 60 };
const MOST_NAME = 50;
const MOST_FX = 4_096;

/** Rooms of interactions begin so. */
export const DUCKSOUP_ROOM_PREFIX = "ducksoup:";

// ---------------------------------------------------------------- client → server

/** What every frame of a client is: its payload is text, and JSON in most kinds. */
export const DucksoupFrame = z.object({
	kind: z.string().min(1).max(256),
	/** Missing for what is empty, `0` or `false`. */
	payload: z.string().nullish(),
});
export type DucksoupFrame = z.infer<typeof DucksoupFrame>;

/** Names and ids as they are used everywhere. Two that clean to the same are the same. */
export function clean(name: string): string {
	const kept = name.replace(/[^A-Za-z0-9_-]/g, "");
	return kept.length > MOST_NAME ? kept.slice(0, MOST_NAME - 1) : kept;
}

const NUMERIC = /^\s*[+-]?\d+(\.\d+)?\s*$/;

/** Pages pass on what they find in an address: a number may be its digits. */
const lenientNumber = z.union([z.number(), z.string().regex(NUMERIC).transform(Number).pipe(z.number())]).nullish();

interface Bounds {
	fallback: number;
	most: number;
}

function bounded(value: number | null | undefined, { fallback, most }: Bounds): number {
	const whole = Math.trunc(value ?? 0);
	return whole < 1 ? fallback : Math.min(whole, most);
}

function whole(bounds: Bounds) {
	return lenientNumber.transform((value) => bounded(value, bounds));
}

const name = z.union([z.string(), z.number().transform(String)]).transform(clean);
const needed = name.refine((cleaned) => cleaned !== "", "nothing is left of it");
const flag = z
	.union([
		z.boolean(),
		z
			.string()
			.toLowerCase()
			.pipe(z.enum(["true", "false"]))
			.transform((text) => text === "true"),
	])
	.nullish()
	.transform((value) => value ?? false);
const fx = z
	.string()
	.max(MOST_FX)
	.nullish()
	.transform((text) => text?.trim() ?? "");

/** Of both vocabularies; `muxed` is `forced`, and so is what is not known. */
export const RECORDING_MODES = [
	...["muxed", "forced", "free", "reenc", "split", "none", "rtpbin_only", "direct", "bypass", "passthrough"],
] as const;
export type RecordingMode =
	| "muxed"
	| "forced"
	| "free"
	| "reenc"
	| "split"
	| "none"
	| "rtpbin_only"
	| "direct"
	| "bypass"
	| "passthrough";

export const VideoFormat = z.enum(["H264", "VP8"]);
export type VideoFormat = z.infer<typeof VideoFormat>;

export const JoinOptions = z
	.object({
		interactionName: needed,
		userId: needed,
		namespace: name.nullish().transform((cleaned) => cleaned || "default"),
		duration: whole(DURATION),
		size: whole(SIZE),
		audioOnly: flag,
		videoFormat: z
			.string()
			.nullish()
			.transform((format): VideoFormat => (format === "VP8" ? "VP8" : "H264")),
		recordingMode: z
			.string()
			.nullish()
			.transform(
				(mode): RecordingMode => (RECORDING_MODES.find((known) => known === mode) as RecordingMode) ?? "muxed",
			),
		width: whole(WIDTH),
		height: whole(HEIGHT),
		framerate: lenientNumber,
		/** As older documents spell it. */
		frameRate: lenientNumber,
		audioFx: fx,
		videoFx: fx,
		gpu: flag,
		overlay: flag,
	})
	.transform(({ framerate, frameRate, ...options }) => ({
		...options,
		framerate: bounded(framerate ?? frameRate, FRAMERATE),
	}));
export type JoinOptions = z.infer<typeof JoinOptions>;

export const ClientAnswer = z.object({ type: z.literal("answer"), sdp: z.string().max(MAX_SDP_BYTES) });
export const ClientCandidate = IceCandidateInit;

const named = z.string().min(1).max(128);

export const Control = z.object({
	name: named,
	property: named,
	value: z.number(),
	/** Of a ramp, ms. */
	duration: z
		.number()
		.nullish()
		.transform((ms) => Math.min(MOST_RAMP_MS, Math.max(0, Math.round(ms ?? 0)))),
	userId: z.string().max(1_024).nullish(),
});
export type Control = z.infer<typeof Control>;

export const PolyControl = z.object({
	name: named,
	property: named,
	kind: z.enum(["float", "double", "int", "uint64", "string"]),
	value: z.string().max(1_024),
});
export type PolyControl = z.infer<typeof PolyControl>;

// ---------------------------------------------------------------- server → client

export type JoinedContext = "new_interaction" | "existing-interaction" | "reconnection";
export type JoinError = "error-join" | "error-duplicate" | "error-full" | "error-aborted" | "error-peer-connection";

export interface DucksoupIceServer {
	urls: string[];
	username?: string;
	credential?: string;
	credentialType: "password";
}

/** Paths of the recordings of each user, or null for who has none. */
export type DucksoupFiles = Record<string, string[] | null>;

/** Payloads by kind. Descriptions are JSON in a text; everything else is plain. */
export interface DucksoupEvents {
	joined: { context: JoinedContext; iceServers: DucksoupIceServer[] };
	other_joined: { userId: string; streamId: string };
	other_left: { userId: string; streamId: string };
	offer: string;
	start: number;
	ending: null;
	files: DucksoupFiles;
	end: null;
	"error-join": null;
	"error-duplicate": null;
	"error-full": null;
	"error-aborted": null;
	"error-peer-connection": null;
}

// ---------------------------------------------------------------- statistics, audio check

/** Of one track, kbit/s. The misspelt key is the original's. */
export interface TrackRates {
	From: string;
	Kind: "audio" | "video";
	IntputKbs: number;
	OutputKbs: number;
	TargetKbs: number;
}
/** By `<origin>#<namespace>#<name>`, then by track. */
export type InteractionRates = Record<string, Record<string, TrackRates>>;

/** What the microphone's check found. */
export const AudioTest = z.object({
	namespace: name.refine((cleaned) => cleaned !== ""),
	interaction: name.refine((cleaned) => cleaned !== ""),
	data: z.object({
		noiseLevels: z.number(),
		volumeLevels: z.number(),
		passed: z.boolean(),
		timestamp: z.string().max(64),
	}),
});
export type AudioTest = z.infer<typeof AudioTest>;
