/** Where recordings are written and brought, from the node's environment (docs/recording.md). */
import { resolve } from "node:path";
import * as z from "zod";

export const RECORDING_ENVIRONMENT = {
	/** Where they are written; absent: this node records nothing. */
	RECORDINGS_DIR: z.string().min(1).optional(),
	/** Where finished files go: `edge` is its bucket, `s3` one that speaks S3's API, `local` leaves them in the folder. */
	RECORDINGS_STORE: z.enum(["edge", "s3", "local"]).default("edge"),
	/** With less room on its disk than this, MB, nothing is begun and what is being written ends. */
	RECORDINGS_MIN_FREE_MB: z.coerce.number().int().min(0).default(256),
	/** Of `s3`. */
	RECORDINGS_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
	RECORDINGS_S3_BUCKET: z.string().min(1).optional(),
	RECORDINGS_S3_REGION: z.string().min(1).default("auto"),
	RECORDINGS_S3_ACCESS_KEY_ID: z.string().min(1).optional(),
	RECORDINGS_S3_SECRET_ACCESS_KEY: z.string().min(1).optional(),
};
const Environment = z.object(RECORDING_ENVIRONMENT);

export interface S3Config {
	endpoint?: string;
	bucket: string;
	region: string;
	credentials: { accessKeyId: string; secretAccessKey: string };
}

export interface RecordingConfig {
	/** Absolute. */
	dir: string;
	store: "edge" | "s3" | "local";
	minFreeBytes: number;
	s3?: S3Config;
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
		s3: store === "s3" ? s3Config(env) : undefined,
	};
}

function s3Config(env: z.output<typeof Environment>): S3Config {
	const { RECORDINGS_S3_ENDPOINT: endpoint, RECORDINGS_S3_BUCKET: bucket, RECORDINGS_S3_REGION: region } = env;
	const { RECORDINGS_S3_ACCESS_KEY_ID: accessKeyId, RECORDINGS_S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
	if (!bucket || !accessKeyId || !secretAccessKey) {
		throw new Error(
			"media node settings:\n  RECORDINGS_STORE: s3 needs RECORDINGS_S3_BUCKET, RECORDINGS_S3_ACCESS_KEY_ID and RECORDINGS_S3_SECRET_ACCESS_KEY",
		);
	}
	return { endpoint, bucket, region, credentials: { accessKeyId, secretAccessKey } };
}
