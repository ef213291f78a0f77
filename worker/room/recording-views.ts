/** What the room remembers of recordings, as it is told. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { RecordedFile, Recording } from "../../shared/recordings.ts";
import type { Core } from "./core.ts";
import type { Recorded, RecordedPart } from "./state.ts";

/** Recordings that a room remembers; the oldest that are over are forgotten. */
export const MOST_RECORDINGS = 1_000;

/** All that the room remembers, with all their files: for what stays within it (recording-pages.ts has the others). */
export function recordingsOf(core: Core): Recording[] {
	const files = Map.groupBy(core.recordingFiles.values(), ({ recording }) => recording);
	return [...core.recordings.values()].map((row) => {
		return recordingView(
			core,
			row,
			(files.get(row.id) ?? []).map(({ file }) => file),
		);
	});
}

/** One of them, or `not_found`. */
export function recordingOf(core: Core, id: string): Recording {
	const row = core.recordings.get(id);
	if (!row) throw new SwitchyardError("not_found", `no recording ${id} here`);
	return recordingView(core, row);
}

/** As REST and the native protocol tell it. */
export function recordingView(core: Core, row: Recorded, files = filesOf(core, row)): Recording {
	const { id, participant, layout, sources, tracks, effects, split, container, path, createdAt, stoppedAt, error } =
		row;
	const sorted = files.toSorted(compareFiles);
	return {
		...{
			id,
			participant,
			layout,
			state: stateOf(row),
			files: sorted,
			sources,
			tracks,
			effects,
			split,
			container,
			path,
		},
		...{ createdAt, stoppedAt, error },
	};
}

type Placed = Pick<RecordedFile, "part" | "path">;

/** By parts, and by name within each. */
export function compareFiles(a: Placed, b: Placed): number {
	return a.part - b.part || (a.path < b.path ? -1 : Number(a.path > b.path));
}

/** What a recording's parts make of it. */
export function stateOf({ stoppedAt, parts, files }: Recorded): Recording["state"] {
	if (stoppedAt === undefined) return parts.some(({ state }) => state === "started") ? "recording" : "waiting";
	if (!parts.every(isOver)) return "finishing";
	return files > 0 ? "ended" : "failed";
}

/** In the order in which they were told of. */
export function filesOf(core: Core, { id }: Recorded): RecordedFile[] {
	return [...core.recordingFiles.values()].flatMap(({ recording, file }) => (recording === id ? [file] : []));
}

/** Its key among the room's files. */
export function fileKey(recording: string, { path }: RecordedFile): string {
	return `${recording} ${path}`;
}

/** Nothing more comes of this part. */
export function isOver({ state }: RecordedPart): boolean {
	return state === "done" || state === "failed";
}
