/** Where finished recordings are kept. */
import type { RecordedFile, RecordingPart } from "../../../shared/recordings.ts";
import type { Upload } from "../spool.ts";

export interface Parcel {
	part: RecordingPart;
	file: RecordedFile;
	/** Absolute. */
	local: string;
	/** How far it was brought before. */
	upload?: Upload;
	/** Remembers how far it is, for after a break; undefined: it begins anew. */
	save(upload: Upload | undefined): Promise<void>;
	/** It is not to go on. */
	signal?: AbortSignal;
}

export interface Store {
	/** The file in the node's folder is the one that is kept. */
	readonly keepsLocal: boolean;
	/** Resolves when the file has arrived and its hash was found right. Rejects when that is to be tried again; with `conflict` when another is there. */
	bring(parcel: Parcel): Promise<void>;
}
