/** Who is in the room knows what is recorded: nobody is without being told, and whoever began it sees what becomes of it. */
import type { RecordingInfo } from "../../shared/recordings.ts";
import type { Core } from "./core.ts";
import { stateOf } from "./recordings.ts";
import type { Recorded } from "./state.ts";

/** Those that are not over yet. */
export function recordingInfos(core: Core): RecordingInfo[] {
	const rows = [...core.recordings.values()].filter(({ over }) => !over);
	if (rows.length === 0) return [];
	const stored = storedOf(core);
	return rows.map((row) => infoOf(row, stored.get(row.id)));
}

/** After an event of the platform: tells each state that is another than was told last. */
export function tellRecordings(core: Core): void {
	if (!core.recordings.dirty && !core.recordingFiles.dirty) return;
	const stored = storedOf(core);
	for (const row of core.recordings.values()) {
		const info = infoOf(row, stored.get(row.id));
		const told = [info.state, info.written, info.stored, info.error?.code].join(" ");
		if (row.told === told) continue;
		row.told = told;
		core.recordings.touch(row.id);
		core.emit({ type: "recordingChanged", recording: info });
	}
}

/** How many files have arrived where recordings are kept, by recording. */
function storedOf(core: Core): Map<string, number> {
	const counts = new Map<string, number>();
	for (const { recording, file } of core.recordingFiles.values()) {
		if (file.state === "stored") counts.set(recording, (counts.get(recording) ?? 0) + 1);
	}
	return counts;
}

function infoOf(row: Recorded, stored = 0): RecordingInfo {
	const { id, participant, layout, sources, effects, createdAt, error, files: written } = row;
	return { id, participant, layout, sources, effects, createdAt, error, written, stored, state: stateOf(row) };
}
