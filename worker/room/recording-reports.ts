/** What nodes tell of recordings: over the link while they are being written, over HTTP when files are complete. */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { PartReport, RecordedFile, RecordingPart } from "../../shared/recordings.ts";
import { recordAfterwards, recordEvent } from "../events/record.ts";
import type { Core } from "./core.ts";
import { changed, detailsOf } from "./recording-news.ts";
import { end, finishing, lose, over, writing } from "./recording-parts.ts";
import { fileKey, filesOf, isOver } from "./recording-views.ts";
import type { Assignment, Recorded, RecordedPart } from "./state.ts";

/** Before a part that failed is tried again, ms: doubled each time up to the most. */
const RETRY_MS = { first: 1_000, most: 300_000 };

type Told = Extract<LinkReport, { type: "recording" }>;

/** Over the link, while a part is being written. */
export function onRecording(core: Core, epoch: number, told: Told): void {
	const row = core.recordings.get(told.recording);
	const part = row?.parts.find((it) => it.part === told.part);
	if (!row || !part || part.epoch !== epoch) return;
	switch (told.state) {
		case "started":
			return begun(core, row, part);
		case "finishing":
			if (isOver(part)) return;
			finishing(part, true);
			return changed(core, row);
		case "failed":
			// Of one that wrote something, its files are told of first.
			if (part.state !== "finishing" || !part.begun) return fail(core, row, part, told.error);
			row.error = told.error;
			return changed(core, row);
		default:
			told.state satisfies never;
	}
}

/** It is being written. */
function begun(core: Core, row: Recorded, part: RecordedPart): void {
	if (part.state === "finishing") {
		finishing(part, true);
		core.recordings.touch(row.id);
	}
	if (part.state !== "asked") return;
	part.state = "started";
	row.error = undefined;
	row.failures = undefined;
	// The new one is being written: those before it are not needed any more.
	for (const former of writing(row)) if (former.part < part.part) end(core, row, former);
	recordEvent(core, { type: "recording.started", details: detailsOf(row, { part: part.part }) });
	changed(core, row);
}

/** Over HTTP, when files are complete or there are none: the node may have lost sight of the room by then. */
export function onPartReport(core: Core, report: PartReport): void {
	const { part: number, files, error } = report;
	const { row, part } = found(core, report);
	if (!row) return;
	for (const file of files) keepFile(core, row, file);
	if (!part) return changed(core, row);
	if (error && files.length === 0) return fail(core, row, part, error);
	if (error) {
		row.error = error;
		recordEvent(core, { type: "recording.delayed", details: detailsOf(row, { part: number, ...error }) });
	}
	if (report.over) over(part, "done");
	changed(core, row);
}

/** One of its files has arrived where recordings are kept. */
export function onStored(core: Core, about: RecordingPart, file: RecordedFile): void {
	const { recording, part } = about;
	const { row, former } = found(core, about);
	if (former) return onStoredAfterwards(core, about, file);
	if (!row || core.recordingFiles.get(fileKey(recording, file))?.file.state === "stored") return;
	keepFile(core, row, { ...file, state: "stored" });
	recordEvent(core, { type: "recording.stored", details: detailsOf(row, { part, ...arrived(file) }) });
	changed(core, row);
}

/** The same of a room that is gone: back ends are told at least. */
export function onStoredAfterwards(core: Core, { room, recording, part }: RecordingPart, file: RecordedFile): void {
	recordAfterwards(core, room, "recording.stored", { recording, part, ...arrived(file) });
}

function arrived({ path, bytes, sha256, durationMs, startedAt }: RecordedFile) {
	return { path, bytes, sha256, durationMs, ...(startedAt !== undefined && { startedAt }) };
}

/** A node may only speak of what it was asked to record. Of what the room has forgotten it may, since it never overwrites. */
export function checkPart(core: Core, about: RecordingPart, node: string, paths: string[]): void {
	const { row, part } = found(core, about);
	if (!row) return;
	const asked = (part?.node ?? node) === node && about.part <= row.lastPart;
	if (!asked || paths.some((path) => !path.startsWith(row.path))) {
		throw new SwitchyardError("forbidden", "recording: not asked of this node");
	}
}

/** What a node speaks of. `former`: it was asked for by a room that had this one's name before. */
function found(
	core: Core,
	{ recording, part: number, epoch }: RecordingPart,
): { row?: Recorded; part?: RecordedPart; former?: true } {
	const row = core.recordings.get(recording);
	const part = row?.parts.find((it) => it.part === number);
	// A room's epochs are above the time when it was made.
	const former = epoch !== undefined && (epoch <= core.room.createdAt || (part && part.epoch !== epoch));
	return former ? { former } : { row, part };
}

/** A node that came back goes on with what the room asked of it, and with nothing else. */
export function reconcileRecordings(
	core: Core,
	{ epoch }: Assignment,
	served: readonly { recording: string; part: number; started: boolean }[],
): LinkCommand[] {
	const there = new Map(served.map(({ recording, part, started }) => [`${recording} ${part}`, started]));
	for (const row of core.recordings.values()) {
		for (const part of row.parts) {
			const key = `${row.id} ${part.part}`;
			if (part.epoch !== epoch || isOver(part)) continue;
			if (part.state === "finishing") {
				// It never heard of it, or nothing came: of what has begun it tells over HTTP.
				if (part.begun || there.has(key)) continue;
				over(part, "failed");
				changed(core, row);
				continue;
			}
			const started = there.get(key);
			there.delete(key);
			if (started === undefined) lose(core, row, part);
			else if (started) begun(core, row, part);
		}
	}
	return [...there.keys()].map((key) => {
		const [recording = "", part] = key.split(" ");
		return { type: "stopRecord", recording, part: Number(part) };
	});
}

function fail(core: Core, row: Recorded, part: RecordedPart, error: ErrorBody | undefined): void {
	if (isOver(part)) return;
	over(part, "failed");
	row.error = error;
	if (row.stoppedAt === undefined) {
		row.failures = (row.failures ?? 0) + 1;
		row.beginAt = Date.now() + Math.min(RETRY_MS.first * 2 ** (row.failures - 1), RETRY_MS.most);
	}
	const { code = "node_failed", message = "" } = error ?? {};
	console.error({ event: "recording failed", room: core.room.name, recording: row.id, part: part.part, code, message });
	recordEvent(core, { type: "recording.failed", details: detailsOf(row, { part: part.part, code, message }) });
	changed(core, row);
}

function keepFile(core: Core, row: Recorded, file: RecordedFile): void {
	const files = core.recordingFiles;
	const key = fileKey(row.id, file);
	const there = files.get(key);
	if (there?.file.state === "stored") return;
	if (!there) {
		// Its path was taken where it was to go, and it has another one now.
		const moved = filesOf(core, row).find(({ part, sha256, state }) => {
			return state === "written" && part === file.part && sha256 === file.sha256;
		});
		if (moved) files.delete(fileKey(row.id, moved));
		else row.files++;
	}
	if (file.state === "stored") row.stored = (row.stored ?? 0) + 1;
	files.set(key, { recording: row.id, file });
}
