/**
 * What is recorded of whom. A recording lasts until it is stopped, whatever becomes of the media meanwhile: each time
 * that begins anew (published again, moved to another node, its recorder dead) another part of it begins. The former
 * one goes on until the new one is being written, so that nothing is missed in between.
 */
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { PartReport, RecordedFile, Recording, RecordingCreate, RecordingPart } from "../../shared/recordings.ts";
import type { Source } from "../../shared/tokens.ts";
import { recordAfterwards, recordEvent } from "../events/record.ts";
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import { bringTo, isOn, prune } from "./pipes.ts";
import type { Assignment, Recorded, RecordedPart, Track } from "./state.ts";

/** Whoever publishes several tracks does it within this, ms: they are to be in one part. */
const SETTLE_MS = 300;
/** And several people, who share a picture, ms. */
const LAYOUT_MS = 1_000;
/** Tracks in one picture and its sound. */
const MOST_TRACKS = 32;
/** Before a part that failed is tried again, ms: doubled each time up to the most. */
const RETRY_MS = { first: 1_000, most: 300_000 };
/** Parts of one that it remembers when they are over. */
const MOST_PARTS = 100;
/** Then it is long enough: what a room remembers of one has an end. */
const LAST_PART = 5_000;
/**
 * How long a node may say nothing of a part that is to be finished, ms. One that never said that it began may not have
 * heard of it at all; others complete files, after they were away if need be.
 */
const FINISH_MS = { unbegun: 300_000, begun: 6 * 3_600_000 };
/** Recordings that a room remembers; the oldest that are over are forgotten. */
const MOST = 1_000;

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

function halt(core: Core, row: Recorded): void {
	row.stoppedAt = Date.now();
	row.beginAt = undefined;
	for (const part of writing(row)) end(core, row, part);
	if (row.layout) prune(core);
	changed(core, row);
}

/** The latest of all that the room remembers, oldest first. */
export function recordingsOf(core: Core, most = MOST): Recording[] {
	const files = Map.groupBy(core.recordingFiles.values(), ({ recording }) => recording);
	return [...core.recordings.values()].slice(-most).map((row) => {
		return recordingView(
			core,
			row,
			(files.get(row.id) ?? []).map(({ file }) => file),
		);
	});
}

export function recordingOf(core: Core, id: string): Recording {
	const row = core.recordings.get(id);
	if (!row) throw new SwitchyardError("not_found", `no recording ${id} here`);
	return recordingView(core, row);
}

/** A node is needed, even by two people who could do without. */
export function recordsAnybody(core: Core): boolean {
	for (const { stoppedAt } of core.recordings.values()) if (stoppedAt === undefined) return true;
	return false;
}

/** Looks what is to be recorded, and where, after every event that may have changed that. */
export function keepRecordings(core: Core): void {
	if (core.recordings.size === 0) return;
	const { tracks, endpoints, assignments, members, recordings } = core;
	const changed = [tracks, endpoints, assignments, members, recordings].some(({ dirty }) => dirty);
	if (!changed && (recordingsDueAt(core) ?? Number.POSITIVE_INFINITY) > Date.now()) return;
	const published = new Map<string, Track[]>();
	for (const track of tracks.values()) {
		const of = published.get(track.participant);
		if (of) of.push(track);
		else published.set(track.participant, [track]);
	}
	for (const row of [...recordings.values()]) {
		if (row.over) continue;
		giveUpParts(core, row);
		keep(core, row, (participant) => published.get(participant) ?? []);
	}
}

/** Looks up what somebody publishes. */
type TracksOf = (participant: string) => readonly Track[];

/** When to look again without any event. */
export function recordingsDueAt(core: Core): number | undefined {
	let earliest = Number.POSITIVE_INFINITY;
	for (const { beginAt, parts, over } of core.recordings.values()) {
		if (over) continue;
		if (beginAt !== undefined) earliest = Math.min(earliest, beginAt);
		for (const { state, due } of parts)
			if (state === "finishing" && due !== undefined) earliest = Math.min(earliest, due);
	}
	return earliest === Number.POSITIVE_INFINITY ? undefined : earliest;
}

function keep(core: Core, row: Recorded, tracksOf: TracksOf): void {
	if (row.stoppedAt !== undefined) return;
	for (const part of writing(row)) {
		const there = part.endpoint === undefined || core.endpoints.has(part.endpoint);
		if (!core.assignments.has(String(part.epoch)) || !there) lose(core, row, part);
	}
	const wanted = wantedOf(core, row, tracksOf);
	const current = writing(row).at(-1);
	// Nothing is there; or some of it is on its way from one node to another, and what is recorded goes on where it is.
	const idle = wanted === undefined || wanted.length === 0;
	if (idle || (current && fits(row, current, wanted))) {
		// There will be an event when that changes.
		if (row.beginAt !== undefined) postpone(core, row, undefined);
		if (current && wanted?.length === 0) end(core, row, current);
		return;
	}
	const now = Date.now();
	const all = !row.layout && row.sources.every((source) => wanted.some(({ info }) => info.source === source));
	if (!all && row.beginAt === undefined) postpone(core, row, now + (row.layout ? LAYOUT_MS : SETTLE_MS));
	if ((row.beginAt ?? 0) > now) return;
	begin(core, row, wanted);
}

/** Nothing of these is missing in a part; and where all have a place in one picture, none of them is gone. */
function fits({ layout, at }: Recorded, part: RecordedPart, wanted: readonly Track[]): boolean {
	const on = ({ endpoint }: Track) => (layout ? part.epoch === at : endpoint === part.endpoint);
	if (!wanted.every((track) => on(track) && part.tracks.includes(track.info.id))) return false;
	return !layout || wanted.length === 0 || wanted.length === part.tracks.length;
}

/**
 * Of everybody, on one node: the one in use, or that of most. Tracks of other nodes count when they have come there.
 * Undefined: a link is down; media goes on without it, and the node comes back or is given up.
 */
function wantedOfAll(core: Core, row: Recorded): Track[] | undefined {
	const isLinked = (epoch: number) => core.assignments.get(String(epoch))?.state === "linked";
	if (row.at !== undefined && core.assignments.has(String(row.at)) && !isLinked(row.at)) return undefined;
	const all: Track[] = [];
	const counts = new Map<number, number>();
	let away = false;
	for (const track of core.tracks.values()) {
		const endpoint = core.endpoints.get(track.endpoint);
		const { source } = track.info;
		if (!track.live || source === "data" || !row.sources.includes(source) || endpoint?.state !== "open") continue;
		if (isLinked(endpoint.epoch)) counts.set(endpoint.epoch, (counts.get(endpoint.epoch) ?? 0) + 1);
		else away = true;
		if (isLinked(endpoint.epoch) || (row.at !== undefined && isOn(core, track, row.at))) all.push(track);
	}
	const [most] = [...counts].toSorted(([, a], [, b]) => b - a);
	if (!most) return away ? undefined : [];
	if (row.at === undefined || !counts.has(row.at)) {
		[row.at] = most;
		core.recordings.touch(row.id);
	}
	const placed = all.slice(0, MOST_TRACKS);
	const places = placed.map(({ info }) => info.id);
	if (String(places) !== String(row.places)) {
		row.places = places;
		core.recordings.touch(row.id);
		prune(core);
	}
	return bringTo(core, placed, row.at);
}

/** What is there to record: on one endpoint that is open. Undefined: that is being changed now. */
function wantedOf(core: Core, row: Recorded, tracksOf: TracksOf): Track[] | undefined {
	if (row.participant === undefined) return wantedOfAll(core, row);
	const endpoint = core.serving(row.participant);
	const tracks = tracksOf(row.participant).filter(({ info, live }) => {
		if (!live || info.kind === "data" || (row.tracks && !row.tracks.includes(info.id))) return false;
		return info.source !== "data" && row.sources.includes(info.source);
	});
	if (core.topology === "mesh" || tracks.length === 0) return [];
	if (endpoint?.state !== "open" || tracks.some((track) => track.endpoint !== endpoint.id)) return undefined;
	return core.assignments.get(String(endpoint.epoch))?.state === "linked" ? tracks : undefined;
}

function begin(core: Core, row: Recorded, tracks: readonly Track[]): void {
	const { layout } = row;
	const endpoint = tracks[0] && core.endpoints.get(tracks[0].endpoint);
	const epoch = layout ? row.at : endpoint?.epoch;
	const node = core.assignments.get(String(epoch))?.node;
	if (!endpoint || epoch === undefined || node === undefined) return;
	if (row.lastPart >= LAST_PART) {
		row.error = { code: "too_large", message: `${LAST_PART} parts are the most that a recording has` };
		return halt(core, row);
	}
	forgetParts(row);
	const part = ++row.lastPart;
	const ids = tracks.map(({ info }) => info.id);
	const of = layout ? undefined : endpoint.id;
	row.parts.push({ part, epoch, node, endpoint: of, tracks: ids, state: "asked" });
	row.beginAt = undefined;
	core.recordings.touch(row.id);
	const { id: recording, effects, path, container, split } = row;
	const asked = { recording, part, endpoint: of, layout, tracks: ids, effects, path, container, split };
	command(core, epoch, [{ type: "record", ...asked, epoch }]);
}

/** The oldest that are over: one that begins again and again must not fill the room's storage. */
function forgetParts(row: Recorded): void {
	let spare = row.parts.filter(isOver).length - MOST_PARTS;
	if (spare > 0) row.parts = row.parts.filter((part) => !isOver(part) || spare-- <= 0);
}

function isOver({ state }: RecordedPart): boolean {
	return state === "done" || state === "failed";
}

/** Parts that are being written, or are about to be. */
function writing({ parts }: Recorded): RecordedPart[] {
	return parts.filter(({ state }) => state === "asked" || state === "started");
}

function end(core: Core, row: Recorded, part: RecordedPart): void {
	finishing(part, part.state === "started");
	core.recordings.touch(row.id);
	command(core, part.epoch, [{ type: "stopRecord", recording: row.id, part: part.part }]);
	if (row.layout) prune(core);
}

/** Nothing more comes to it. */
function finishing(part: RecordedPart, begun: boolean): void {
	part.state = "finishing";
	part.begun ||= begun || undefined;
	part.due = Date.now() + (part.begun ? FINISH_MS.begun : FINISH_MS.unbegun);
	part.tracks = [];
}

function over(part: RecordedPart, state: "done" | "failed"): void {
	part.state = state;
	part.due = undefined;
	part.tracks = [];
}

/** Parts whose nodes do not tell any more what became of them. Files that come later are taken all the same. */
function giveUpParts(core: Core, row: Recorded): void {
	const now = Date.now();
	const late = row.parts.filter(({ state, due = now }) => state === "finishing" && due <= now);
	if (late.length === 0) return;
	for (const part of late) over(part, "failed");
	row.error = { code: "node_failed", message: "its node says nothing more of it" };
	changed(core, row);
}

/** Its node is gone, or what it recorded from. Of what had begun it tells when it is back, or has noticed as well. */
function lose(core: Core, row: Recorded, part: RecordedPart): void {
	if (part.state === "started") return end(core, row, part);
	over(part, "failed");
	core.recordings.touch(row.id);
	command(core, part.epoch, [{ type: "stopRecord", recording: row.id, part: part.part }]);
}

function postpone(core: Core, row: Recorded, at: number | undefined): void {
	row.beginAt = at;
	core.recordings.touch(row.id);
}

// ------------------------------------------------------------ what nodes tell

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

function fileKey(recording: string, { path }: RecordedFile): string {
	return `${recording} ${path}`;
}

function filesOf(core: Core, { id }: Recorded): RecordedFile[] {
	return [...core.recordingFiles.values()].flatMap(({ recording, file }) => (recording === id ? [file] : []));
}

/** Tells the dialect that asked for it; and back ends, once all is written. */
function changed(core: Core, row: Recorded): void {
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

function detailsOf({ id, participant }: Recorded, more: Record<string, string | number>) {
	return { recording: id, ...(participant !== undefined && { participant }), ...more };
}

function recordingView(core: Core, row: Recorded, files = filesOf(core, row)): Recording {
	const { id, participant, layout, sources, tracks, effects, split, container, path, createdAt, stoppedAt, error } =
		row;
	const sorted = files.toSorted((a, b) => a.part - b.part || (a.path < b.path ? -1 : 1));
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

export function stateOf({ stoppedAt, parts, files }: Recorded): Recording["state"] {
	if (stoppedAt === undefined) return parts.some(({ state }) => state === "started") ? "recording" : "waiting";
	if (!parts.every(isOver)) return "finishing";
	return files > 0 ? "ended" : "failed";
}

function forgetOldest(core: Core): void {
	for (const [id, row] of core.recordings.entries()) {
		if (core.recordings.size < MOST) return;
		if (!row.over) continue;
		for (const file of filesOf(core, row)) core.recordingFiles.delete(fileKey(id, file));
		core.recordings.delete(id);
	}
	if (core.recordings.size >= MOST) throw new SwitchyardError("conflict", `${MOST} recordings are not over yet`);
}
