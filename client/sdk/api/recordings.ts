import type { Source } from "./words.ts";

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
