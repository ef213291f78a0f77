/** Who is in the room knows what is recorded: nobody is without being told, and whoever began it sees what becomes of it. */
import type { RecordingInfo } from "../../shared/recordings.ts";
import { recordEvent } from "../events/record.ts";
import type { Core } from "./core.ts";
import { recordingView, stateOf } from "./recording-views.ts";
import type { Recorded } from "./state.ts";

/** Those that are not over yet. */
export function recordingInfos(core: Core): RecordingInfo[] {
	return [...core.recordings.values()].filter(({ over }) => !over).map(infoOf);
}

/** After an event of the platform: tells each state that is another than was told last. */
export function tellRecordings(core: Core): void {
	if (!core.recordings.dirty) return;
	for (const row of core.recordings.values()) {
		const info = infoOf(row);
		const told = [info.state, info.written, info.stored, info.error?.code].join(" ");
		if (row.told === told) continue;
		row.told = told;
		core.recordings.touch(row.id);
		core.emit({ type: "recordingChanged", recording: info });
	}
}

function infoOf(row: Recorded): RecordingInfo {
	const { id, participant, layout, sources, effects, createdAt, error, files: written, stored = 0 } = row;
	return { id, participant, layout, sources, effects, createdAt, error, written, stored, state: stateOf(row) };
}

/** Tells the dialect that asked for it; and back ends, once all is written. */
export function changed(core: Core, row: Recorded): void {
	core.recordings.touch(row.id);
	const state = stateOf(row);
	if ((state === "ended" || state === "failed") && !row.over) {
		row.over = true;
		recordEvent(core, { type: "recording.ended", details: detailsOf(row, { files: row.files }) });
	}
	if (row.dialect === undefined) return;
	const dialect = core.dialect(row.dialect);
	if (dialect.recorded) dialect.recorded(core, recordingView(core, row));
}

/** What events for back ends say of it. */
export function detailsOf({ id, participant }: Recorded, more: Record<string, string | number>) {
	return { recording: id, ...(participant !== undefined && { participant }), ...more };
}
