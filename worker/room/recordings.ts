/** What is asked for: recordings begin and end by the wish of people and of back ends. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { Recording, RecordingCreate } from "../../shared/recordings.ts";
import type { Source } from "../../shared/tokens.ts";
import type { Core } from "./core.ts";
import { keep } from "./recording-keeping.ts";
import { halt } from "./recording-parts.ts";
import { fileKey, filesOf, MOST_RECORDINGS, recordingView } from "./recording-views.ts";
import type { Recorded } from "./state.ts";

/** `tracks`: only these. `split`: a file for each. `dialect`: who is told of its states; by default the participant's. */
export type RecordingWish = Pick<RecordingCreate, "participant" | "layout" | "effects" | "container" | "tracks"> & {
	id: string;
	/** Data is not recorded. */
	sources: readonly Source[];
	/** By default one that nothing had before: `recordings/<room>/<id>-<time>`. */
	path?: string;
	split?: boolean;
	dialect?: string;
};

/** Begins a recording, now or as soon as there is something to record. With an id that is known, nothing is changed. */
export function startRecording(core: Core, wish: RecordingWish): Recording {
	const there = core.recordings.get(wish.id);
	if (there) return recordingView(core, there);
	if (core.topologySetting === "mesh") throw new SwitchyardError("unsupported", "no node carries the media of a mesh");
	const createdAt = Date.now();
	const { id, participant, layout, sources, tracks, effects, container, split = false } = wish;
	const { path = `recordings/${core.room.name}/${id}-${createdAt}` } = wish;
	if ([...core.recordings.values()].some((it) => it.path === path)) {
		throw new SwitchyardError("conflict", "path: another recording's");
	}
	forgetOldest(core);
	const row: Recorded = {
		...{
			id,
			participant,
			layout,
			sources: sources.filter((it) => it !== "data"),
			tracks,
			effects,
			container,
			path,
			split,
		},
		dialect: wish.dialect ?? (participant === undefined ? undefined : core.members.get(participant)?.dialect),
		createdAt,
		lastPart: 0,
		parts: [],
		files: 0,
	};
	core.recordings.set(id, row);
	keep(core, row, (id) => core.tracksOf(id));
	return recordingView(core, row);
}

/** Ends a recording; its files are completed, and told of when they are. Stopped twice, it is the same. */
export function stopRecording(core: Core, id: string): Recording {
	const row = core.recordings.get(id);
	if (!row) throw new SwitchyardError("not_found", `no recording ${id} here`);
	if (row.stoppedAt === undefined) halt(core, row);
	return recordingView(core, row);
}

/** A node is needed, even by two people who could do without. */
export function recordsAnybody(core: Core): boolean {
	for (const { stoppedAt } of core.recordings.values()) if (stoppedAt === undefined) return true;
	return false;
}

function forgetOldest(core: Core): void {
	for (const [id, row] of core.recordings.entries()) {
		if (core.recordings.size < MOST_RECORDINGS) return;
		if (!row.over) continue;
		for (const file of filesOf(core, row)) core.recordingFiles.delete(fileKey(id, file));
		core.recordings.delete(id);
	}
	if (core.recordings.size >= MOST_RECORDINGS) {
		throw new SwitchyardError("conflict", `${MOST_RECORDINGS} recordings are not over yet`);
	}
}
