/** What the callback of a page is told. */
import type { DuckSoupError } from "./error.ts";
import type { StatsPayload } from "./statistics.ts";
import type { ErrorKind, Files, Joined, Other } from "./wire.ts";

export type PlayerEvent =
	| { kind: "joined"; payload: Joined }
	| { kind: "local-stream"; payload: MediaStream }
	| { kind: "other_joined" | "other_left"; payload: Other }
	| { kind: "track"; payload: RTCTrackEvent }
	/** With the seconds that remain. */
	| { kind: "start"; payload: number }
	| { kind: "ending" | "end" | "closed"; payload?: null }
	| { kind: "files"; payload: Files }
	| { kind: "stats"; payload: StatsPayload }
	/** The server ends it. */
	| { kind: ErrorKind; payload?: unknown }
	/** Something failed here. */
	| { kind: "error"; payload: DuckSoupError };
