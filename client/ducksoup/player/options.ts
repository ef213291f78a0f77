/** What a page gives to `render`, taken apart: what is sent, what devices are asked for, what stays here. */
import type { PlayerEvent } from "./events.ts";

export interface EmbedOptions {
	/** Is emptied, and gets an element for each track that comes. Tracks are then no events. */
	mountEl?: HTMLElement | null;
	callback?: ((event: PlayerEvent) => void) | null;
	/** `stats` events, each second from the start on. */
	stats?: boolean;
}

export interface PeerOptions {
	signalingUrl: string;
	interactionName: string;
	userId: string;
	/** In seconds. */
	duration: number;
	namespace?: string;
	size?: number;
	audioOnly?: boolean;
	videoFormat?: "H264" | "VP8";
	recordingMode?: string;
	width?: number;
	height?: number;
	framerate?: number;
	/** Another spelling of the former. */
	frameRate?: number;
	audioFx?: string;
	videoFx?: string;
	gpu?: boolean;
	overlay?: boolean;
	/** Over the constraints that devices are asked for with. */
	audio?: MediaTrackConstraints;
	video?: MediaTrackConstraints;
	/** What the server's log gets from here: 0 nothing, 1 (unless given) figures of the media, 2 also states. */
	logLevel?: number;
}

/** The payload of `join`. */
export interface JoinOptions {
	interactionName: string;
	userId: string;
	duration: number;
	namespace?: string;
	size?: number;
	audioOnly?: true;
	videoFormat?: "H264" | "VP8";
	recordingMode?: string;
	width?: number;
	height?: number;
	framerate?: number;
	audioFx?: string;
	videoFx?: string;
	gpu?: boolean;
	overlay?: boolean;
}

export interface Settings {
	signalingUrl: string;
	join: JoinOptions;
	constraints: MediaStreamConstraints;
	logLevel: number;
}

const LOG_LEVEL = 1;
const VIDEO = { width: 800, height: 600, framerate: 25 };

/** Throws where neither an element nor a callback is given. */
export function parseEmbedOptions(given: unknown): EmbedOptions {
	const { mountEl, callback, stats } = record(given);
	const element = typeof mountEl === "object" && mountEl !== null && "append" in mountEl;
	if (!element && typeof callback !== "function") throw new Error("invalid embedOptions");
	return {
		mountEl: element ? (mountEl as HTMLElement) : undefined,
		callback: typeof callback === "function" ? (callback as EmbedOptions["callback"]) : undefined,
		stats: stats === true,
	};
}

/** Throws where what must be there is not. What has another type than its own counts as not given. */
export function parsePeerOptions(given: unknown): Settings {
	const options = record(given);
	const interactionName = text(options.interactionName);
	const userId = text(options.userId);
	const duration = number(options.duration);
	const signalingUrl = text(options.signalingUrl);
	if (!interactionName || !userId || duration === undefined || !signalingUrl) throw new Error("invalid peerOptions");
	const join: JoinOptions = present({
		interactionName,
		userId,
		duration,
		namespace: text(options.namespace),
		size: number(options.size),
		audioOnly: boolean(options.audioOnly) || undefined,
		videoFormat: format(options.videoFormat),
		recordingMode: text(options.recordingMode),
		width: number(options.width),
		height: number(options.height),
		framerate: number(options.framerate) ?? number(options.frameRate),
		audioFx: text(options.audioFx),
		videoFx: text(options.videoFx),
		gpu: boolean(options.gpu),
		overlay: boolean(options.overlay),
	});
	return {
		signalingUrl,
		join,
		constraints: constraintsFor(join, record(options.audio), record(options.video)),
		logLevel: number(options.logLevel) ?? LOG_LEVEL,
	};
}

/** Sound as it is, but for the echo of others; alone there is nobody whose echo it could be. */
function constraintsFor(join: JoinOptions, audio: object, video: object): MediaStreamConstraints {
	return {
		audio: {
			sampleSize: 16,
			channelCount: 1,
			autoGainControl: false,
			noiseSuppression: false,
			echoCancellation: join.size !== 1,
			// Not among the constraints that TypeScript knows.
			...({ latency: { ideal: 0.003 } } as MediaTrackConstraints),
			...audio,
		},
		video: !join.audioOnly && {
			width: { ideal: join.width || VIDEO.width },
			height: { ideal: join.height || VIDEO.height },
			frameRate: { ideal: join.framerate || VIDEO.framerate },
			facingMode: { ideal: "user" },
			...video,
		},
	};
}

function record(value: unknown): Record<string, unknown> {
	return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | undefined {
	if (typeof value === "number" || value instanceof URL) return String(value);
	return typeof value === "string" && value !== "" ? value : undefined;
}

/** Pages take numbers from forms and addresses, where they are text; servers want them whole. */
function number(value: unknown): number | undefined {
	const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
	return typeof found === "number" && Number.isFinite(found) ? Math.round(found) : undefined;
}

function boolean(value: unknown): boolean | undefined {
	if (value === "true" || value === "false") return value === "true";
	return typeof value === "boolean" ? value : undefined;
}

function format(value: unknown): "H264" | "VP8" | undefined {
	return value === "H264" || value === "VP8" ? value : undefined;
}

/** Without the keys that have no value. */
function present<T extends object>(all: T): T {
	return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as T;
}
