/** Where recordings are written and brought, from the node's environment (docs/recording.md). */
import { resolve } from "node:path";
import * as z from "zod";

export const RECORDING_ENVIRONMENT = {
	/** Where they are written; absent: this node records nothing. */
	RECORDINGS_DIR: z.string().min(1).optional(),
	/** Where finished files go: `edge` is its bucket, `local` leaves them in the folder. */
	RECORDINGS_STORE: z.enum(["edge", "local"]).default("edge"),
	/** With less room on its disk than this, MB, nothing is begun and what is being written ends. */
	RECORDINGS_MIN_FREE_MB: z.coerce.number().int().min(0).default(256),
};
const Environment = z.object(RECORDING_ENVIRONMENT);

export interface RecordingConfig {
	/** Absolute. */
	dir: string;
	store: "edge" | "local";
	minFreeBytes: number;
}

/** Undefined: nothing is recorded. */
export function recordingConfig(env: z.output<typeof Environment>): RecordingConfig | undefined {
	if (env.RECORDINGS_DIR === undefined) return undefined;
	const { RECORDINGS_DIR: dir, RECORDINGS_STORE: store, RECORDINGS_MIN_FREE_MB: free } = env;
	// It goes into the text of a pipeline.
	if (!/^[^"\\\p{Cc}]+$/u.test(dir))
		throw new Error("media node settings:\n  RECORDINGS_DIR: quotes or backslashes in it");
	return {
		dir: resolve(dir),
		store,
		minFreeBytes: free * 1_000_000,
	};
}
