/** The list of recordings, put together from its pages. */
import type { RecordingDetails } from "./api.ts";

export interface RecordingsPage {
	recordings: readonly RecordingDetails[];
	next?: string;
}

/** `ask` reads the page after a cursor. The files of one recording may take several pages: they are put together. */
export async function wholeList(ask: (cursor?: string) => Promise<RecordingsPage>): Promise<RecordingDetails[]> {
	const listed = new Map<string, RecordingDetails>();
	let cursor: string | undefined;
	do {
		const page = await ask(cursor);
		for (const it of page.recordings) {
			listed.set(it.id, { ...it, files: [...(listed.get(it.id)?.files ?? []), ...it.files] });
		}
		cursor = page.next;
	} while (cursor !== undefined);
	return [...listed.values()];
}
