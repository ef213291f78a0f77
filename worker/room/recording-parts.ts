/** The parts of a recording, each on one node: what they go through from being asked for to being over. */
import type { Core } from "./core.ts";
import { command } from "./links.ts";
import { prune } from "./pipes.ts";
import { changed } from "./recording-news.ts";
import { isOver } from "./recording-views.ts";
import type { Recorded, RecordedPart } from "./state.ts";

/** Parts of one that it remembers when they are over. */
const MOST_PARTS = 100;
/**
 * How long a node may say nothing of a part that is to be finished, ms. One that never said that it began may not have
 * heard of it at all; others complete files, after they were away if need be.
 */
const FINISH_MS = { unbegun: 300_000, begun: 6 * 3_600_000 };

/** Nothing more is recorded; what has begun is finished. */
export function halt(core: Core, row: Recorded): void {
	row.stoppedAt = Date.now();
	row.beginAt = undefined;
	for (const part of writing(row)) end(core, row, part);
	if (row.layout) prune(core);
	changed(core, row);
}

/** The oldest that are over: one that begins again and again must not fill the room's storage. */
export function forgetParts(row: Recorded): void {
	let spare = row.parts.filter(isOver).length - MOST_PARTS;
	if (spare > 0) row.parts = row.parts.filter((part) => !isOver(part) || spare-- <= 0);
}

/** Parts that are being written, or are about to be. */
export function writing({ parts }: Recorded): RecordedPart[] {
	return parts.filter(({ state }) => state === "asked" || state === "started");
}

/** Its node is to finish it. */
export function end(core: Core, row: Recorded, part: RecordedPart): void {
	finishing(part, part.state === "started");
	core.recordings.touch(row.id);
	command(core, part.epoch, [{ type: "stopRecord", recording: row.id, part: part.part }]);
	if (row.layout) prune(core);
}

/** Nothing more comes to it. */
export function finishing(part: RecordedPart, begun: boolean): void {
	part.state = "finishing";
	part.begun ||= begun || undefined;
	part.due = Date.now() + (part.begun ? FINISH_MS.begun : FINISH_MS.unbegun);
	part.tracks = [];
}

/** Nothing more is to be told of it. */
export function over(part: RecordedPart, state: "done" | "failed"): void {
	part.state = state;
	part.due = undefined;
	part.tracks = [];
}

/** Parts whose nodes do not tell any more what became of them. Files that come later are taken all the same. */
export function giveUpParts(core: Core, row: Recorded): void {
	const now = Date.now();
	const late = row.parts.filter(({ state, due = now }) => state === "finishing" && due <= now);
	if (late.length === 0) return;
	for (const part of late) over(part, "failed");
	row.error = { code: "node_failed", message: "its node says nothing more of it" };
	changed(core, row);
}

/** Its node is gone, or what it recorded from. Of what had begun it tells when it is back, or has noticed as well. */
export function lose(core: Core, row: Recorded, part: RecordedPart): void {
	if (part.state === "started") return end(core, row, part);
	over(part, "failed");
	core.recordings.touch(row.id);
	command(core, part.epoch, [{ type: "stopRecord", recording: row.id, part: part.part }]);
}
