/** What one Directory object, a share of the names of all rooms, is asked. */
import type { RoomSummary } from "../../shared/rest.ts";

export interface DirectoryRpc {
	/** Adding a name again is the same, with the later time of creation. */
	add(room: RoomSummary): Promise<void>;
	remove(room: RoomSummary): Promise<void>;
	/** The name of a room that is there, by its mark. */
	marked(mark: string): Promise<string | undefined>;
	/** In the order of their names, those after `after`. */
	list(page: { after?: string; limit: number }): Promise<{ items: RoomSummary[]; more: boolean }>;
}
