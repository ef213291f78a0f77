/**
 * What is to be recorded now, and where. A recording lasts until it is stopped, whatever becomes of the media meanwhile:
 * each time that begins anew (published again, moved to another node, its recorder dead) another part of it begins. The
 * former one goes on until the new one is being written, so that nothing is missed in between.
 */
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import { bringTo, isOn, prune } from "./pipes.ts";
import { end, forgetParts, giveUpParts, halt, lose, writing } from "./recording-parts.ts";
import type { Recorded, RecordedPart, Track } from "./state.ts";

/** Whoever publishes several tracks does it within this, ms: they are to be in one part. */
const SETTLE_MS = 300;
/** And several people, who share a picture, ms. */
const LAYOUT_MS = 1_000;
/** Tracks in one picture and its sound. */
const MOST_TRACKS = 32;
/** Then it is long enough: what a room remembers of one has an end. */
const LAST_PART = 5_000;

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

/** Begins a part where what is wanted is not being recorded yet, and ends those that nothing comes to any more. */
export function keep(core: Core, row: Recorded, tracksOf: TracksOf): void {
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

function postpone(core: Core, row: Recorded, at: number | undefined): void {
	row.beginAt = at;
	core.recordings.touch(row.id);
}
