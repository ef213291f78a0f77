/** Who is in the room knows what is recorded: nobody is without being told, and whoever began it sees what becomes of it. */
import type { RecordingInfo } from "../../shared/recordings.ts";
import type { Core } from "./core.ts";
import { stateOf } from "./recordings.ts";
import type { Recorded } from "./state.ts";

/** Those that are not over yet. */
export function recordingInfos(core: Core): RecordingInfo[] {
	const infos: RecordingInfo[] = [];
	for (const row of core.recordings.values()) if (!row.over) infos.push(infoOf(row));
	return infos;
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
	const { id, participant, layout, sources, effects, createdAt, error, files } = row;
	const stored = files.reduce((count, { state }) => count + (state === "stored" ? 1 : 0), 0);
	const counts = { written: files.length, stored };
	return { id, participant, layout, sources, effects, createdAt, error, ...counts, state: stateOf(row) };
}
