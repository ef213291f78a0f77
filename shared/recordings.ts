/**
 * Recordings: what is asked for, what a room tells of them, and what nodes tell and hand over of their files
 * (docs/recording.md).
 */
import * as z from "zod";
import { ErrorBody } from "./errors.ts";
import { ParticipantId, RoomName, TrackId } from "./ids.ts";
import { Source } from "./tokens.ts";

export const RecordingId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, _ or -");
export type RecordingId = z.infer<typeof RecordingId>;

/** `mp4` holds H264; other video goes into `mkv` where `mp4` is asked for. `ogg` is for sound alone. */
export const Container = z.enum(["mp4", "mkv", "ogg"]);
export type Container = z.infer<typeof Container>;

/** Names joined by `/`, none of which begins with a dot. */
const pathOf = (longest: number, longestName: number) =>
	z
		.string()
		.max(longest)
		.regex(
			new RegExp(
				String.raw`^[^./\\\p{Cc}][^/\\\p{Cc}]{0,${longestName - 1}}(\/[^./\\\p{Cc}][^/\\\p{Cc}]{0,${longestName - 1}})*$`,
				"u",
			),
			`names joined by /, none longer than ${longestName} or beginning with a dot`,
		);

/** Below the folder or bucket of recordings, without extension. */
export const RecordingPath = pathOf(480, 220);
export type RecordingPath = z.infer<typeof RecordingPath>;

/** With all that is added to it: source, part, take and extension. */
const FilePath = pathOf(512, 252);

/** How several people are put together: `grid` gives each of them an equal share of the picture. */
export const Layout = z.enum(["grid"]);
export type Layout = z.infer<typeof Layout>;

/** Sources with media. */
export const RecordedSource = Source.exclude(["data"]);
export type RecordedSource = z.infer<typeof RecordedSource>;

/** `written`: finished on its node. `stored`: it has arrived where recordings are kept. */
export const RecordedFile = z.object({
	/** As `RecordingPath`, with extension. */
	path: FilePath,
	/** Counts the pieces of a recording: another begins when its media comes anew, or its recorder died. */
	part: z.number().int().positive(),
	bytes: z.number().int().min(0),
	/** Hexadecimal. */
	sha256: z.string().regex(/^[0-9a-f]{64}$/),
	durationMs: z.number().int().min(0),
	/** When the first of it came, by its node's clock, ms since 1970. */
	startedAt: z.number().int().optional(),
	state: z.enum(["written", "stored"]),
});
export type RecordedFile = z.infer<typeof RecordedFile>;

/**
 * `waiting`: there is nothing to record, or nobody who can. `finishing`: it was stopped, and files are being completed.
 * `ended`: they are all written. `failed`: it was stopped without any.
 */
export const RecordingState = z.enum(["waiting", "recording", "finishing", "ended", "failed"]);
export type RecordingState = z.infer<typeof RecordingState>;

export const Recording = z.object({
	id: RecordingId,
	/** Whose media; absent where it is everybody's, in a layout. */
	participant: ParticipantId.optional(),
	layout: Layout.optional(),
	state: RecordingState,
	files: z.array(RecordedFile),
	sources: z.array(RecordedSource),
	/** Only these of its tracks. */
	tracks: z.array(TrackId).optional(),
	/** After effects; otherwise as received. */
	effects: z.boolean(),
	/** A file for each track. */
	split: z.boolean(),
	container: Container,
	path: RecordingPath,
	/** ms since 1970. */
	createdAt: z.number().int(),
	stoppedAt: z.number().int().optional(),
	/** The latest failure. */
	error: ErrorBody.optional(),
});
export type Recording = z.infer<typeof Recording>;

/** A page of the list ends at so many bytes of JSON, with one file at least: sockets carry no frame of any size. */
export const RECORDINGS_PAGE_BYTES = 262_144;

/** What a page of the list is asked with; `next` of the page before is its `cursor`. */
export const RecordingsQuery = z.object({
	/** This one alone. */
	recording: RecordingId.optional(),
	limit: z.coerce.number().int().min(1).max(500).default(100),
	/** It may name a file. */
	cursor: z.string().max(4_096).optional(),
});
export type RecordingsQuery = z.infer<typeof RecordingsQuery>;

/** What everybody in the room is told of it. */
export const RecordingInfo = Recording.pick({
	id: true,
	participant: true,
	layout: true,
	state: true,
	sources: true,
	effects: true,
	createdAt: true,
	error: true,
}).extend({
	/** So many files are complete, and so many of them have arrived where recordings are kept. */
	written: z.number().int().min(0),
	stored: z.number().int().min(0),
});
export type RecordingInfo = z.infer<typeof RecordingInfo>;

export const RecordingCreate = z
	.object({
		/** Given: asking again returns the recording that is there, unchanged. Absent: an id is made. */
		id: RecordingId.optional(),
		/** Whose media; it is waited for when it is not there yet. */
		participant: ParticipantId.optional(),
		/** Or everybody's, in one picture with mixed sound. */
		layout: Layout.optional(),
		sources: z.array(RecordedSource).min(1).max(4).default(["audio", "camera", "screen", "screenAudio"]),
		tracks: z.array(TrackId).min(1).max(16).optional(),
		effects: z.boolean().default(false),
		split: z.boolean().default(false),
		container: Container.default("mp4"),
		/** `recordings/<room>/<id>-<time>` unless given. */
		path: RecordingPath.optional(),
	})
	.refine(({ participant, layout }) => (participant === undefined) !== (layout === undefined), {
		path: ["participant"],
		message: "either a participant, or a layout of everybody",
	})
	.refine(({ layout, split, tracks, container }) => !layout || !(split || tracks || container === "ogg"), {
		path: ["layout"],
		message: "is one picture of all, neither split nor of some tracks nor sound alone",
	});
export type RecordingCreate = z.infer<typeof RecordingCreate>;

// ------------------------------------------------------------ nodes, over HTTP with their own credential

/** How much of a file travels in one request, bytes; what object stores take as the least is 5 MiB. */
export const UPLOAD_PART_BYTES = 8_388_608;

/** Of which piece of which recording a node speaks. */
export const RecordingPart = z.object({
	room: RoomName,
	recording: RecordingId,
	part: z.number().int().positive(),
	/** Of the assignment that it was asked under; absent in what older nodes left. */
	epoch: z.number().int().optional(),
});
export type RecordingPart = z.infer<typeof RecordingPart>;

/** `POST /v1/recording-files/reports`: files of a part that are written, or why there are none. */
export const PartReport = RecordingPart.extend({
	files: z.array(RecordedFile).max(64),
	/** No more files of it will come. */
	over: z.boolean(),
	/** It failed; or, with files, these cannot be brought to where recordings are kept for now. */
	error: ErrorBody.optional(),
});
export type PartReport = z.infer<typeof PartReport>;

/** `POST /v1/recording-files/uploads`, and again to go on after a break. */
export const UploadBegin = RecordingPart.extend({ file: RecordedFile });
export type UploadBegin = z.infer<typeof UploadBegin>;
export const UploadBegun = z.discriminatedUnion("state", [
	/** It is there already. */
	z.object({ state: z.literal("stored") }),
	/** Parts are sent under this id, each `UPLOAD_PART_BYTES` long but the last. */
	z.object({ state: z.literal("open"), upload: z.string().max(2_048) }),
]);
export type UploadBegun = z.infer<typeof UploadBegun>;

/** `PUT /v1/recording-files/uploads/{part}?path=…&upload=…`, with the part and its `Content-Digest` (RFC 9530). */
export const UploadQuery = z.object({
	part: z.coerce.number().int().min(1).max(10_000),
	path: RecordedFile.shape.path,
	upload: z.string().max(2_048),
});
export const UploadedPart = z.object({ part: z.number().int().min(1).max(10_000), etag: z.string().max(256) });
export type UploadedPart = z.infer<typeof UploadedPart>;

/** `POST /v1/recording-files/uploads/complete`; answered when the object is there and has been checked. */
export const UploadComplete = UploadBegin.extend({
	upload: z.string().max(2_048),
	parts: z.array(UploadedPart).min(1).max(10_000),
});
export type UploadComplete = z.infer<typeof UploadComplete>;
