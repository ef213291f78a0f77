/**
 * The list of recordings, page by page. A page has an end in bytes as well: one recording may have thousands of files,
 * and a frame with all of them would pass no socket. What does not fit goes on on the next one, where it is told again
 * with the files that follow.
 */
import * as z from "zod";
import { SwitchyardError } from "../../shared/errors.ts";
import {
	RECORDINGS_PAGE_BYTES,
	type RecordedFile,
	type Recording,
	type RecordingsQuery,
} from "../../shared/recordings.ts";
import { decodeBase64, encodeBase64url } from "../auth/base64.ts";
import type { Core } from "./core.ts";
import { compareFiles, recordingView } from "./recording-views.ts";

/** The last that was told of: its recording, with `file` where others of it are still to come. */
const Cursor = z.object({
	at: z.number(),
	id: z.string(),
	file: z.object({ part: z.number(), path: z.string() }).optional(),
});
type Cursor = z.infer<typeof Cursor>;

export interface RecordingsPage {
	items: Recording[];
	next?: string;
}

/** Oldest first; with `recording`, that one alone, or none. */
export function recordingPage(core: Core, { recording, limit, cursor }: RecordingsQuery): RecordingsPage {
	const from = cursor === undefined ? undefined : readCursor(cursor);
	const rows = [...core.recordings.values()]
		.map((row) => ({ row, at: row.createdAt, id: row.id }))
		.filter((it) => recording === undefined || it.id === recording)
		.filter((it) => from === undefined || compare(it, from) > 0 || (it.id === from.id && from.file !== undefined))
		.sort(compare);
	const files = Map.groupBy(core.recordingFiles.values(), ({ recording }) => recording);
	const items: Recording[] = [];
	let last: Cursor | undefined;
	let left = RECORDINGS_PAGE_BYTES;
	for (const { row, at, id } of rows) {
		const kept = (files.get(id) ?? []).map(({ file }) => file);
		const view = recordingView(core, row, kept);
		const told = from?.id === id ? from.file : undefined;
		const rest = told ? view.files.filter((file) => compareFiles(file, told) > 0) : view.files;
		left -= bytesOf({ ...view, files: [] });
		const fitting = countWithin(rest, left);
		if (last && (items.length >= limit || left < 0 || (rest.length > 0 && fitting === 0))) {
			return { items, next: writeCursor(last) };
		}
		// The first on a page is told of with one file at least, so that pages come to an end.
		const shown = rest.slice(0, Math.max(fitting, 1));
		items.push({ ...view, files: shown });
		last = { at, id };
		const file = shown.at(-1);
		if (file && shown.length < rest.length) {
			return { items, next: writeCursor({ ...last, file: { part: file.part, path: file.path } }) };
		}
		left -= sizeOf(shown);
	}
	return { items };
}

/** By when they were asked for. */
function compare(a: Cursor, b: Cursor): number {
	return a.at - b.at || (a.id < b.id ? -1 : Number(a.id > b.id));
}

/** So many of them, from the first, take no more than that. */
function countWithin(files: readonly RecordedFile[], most: number): number {
	let bytes = 0;
	const beyond = files.findIndex((file) => {
		bytes += bytesOf(file);
		return bytes > most;
	});
	return beyond < 0 ? files.length : beyond;
}

function sizeOf(files: readonly RecordedFile[]): number {
	return files.reduce((sum, file) => sum + bytesOf(file), 0);
}

const encoder = new TextEncoder();

/** With the comma after it. */
function bytesOf(value: unknown): number {
	return encoder.encode(JSON.stringify(value)).length + 1;
}

function writeCursor(cursor: Cursor): string {
	return encodeBase64url(encoder.encode(JSON.stringify(cursor)));
}

function readCursor(text: string): Cursor {
	try {
		return Cursor.parse(JSON.parse(new TextDecoder().decode(decodeBase64(text))));
	} catch {
		throw new SwitchyardError("bad_request", "cursor: not one of this list");
	}
}
