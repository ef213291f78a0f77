/** What an Archive object, a folder of small text files that outlive the rooms that they are of, is asked. */

export interface ArchivedFile {
	name: string;
	bytes: number;
	changedAt: number;
}

export interface ArchiveRpc {
	/** At the end of a file; one that is not there is made. */
	append(name: string, text: string): Promise<void>;
	/** In place of what is there. */
	write(name: string, text: string): Promise<void>;
	/** Its bytes. Undefined: no such file. */
	read(name: string): Promise<ReadableStream<Uint8Array> | undefined>;
	list(): Promise<ArchivedFile[]>;
	/** False: no such file. */
	remove(name: string): Promise<boolean>;
}
