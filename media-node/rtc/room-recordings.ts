/** What is recorded of a room on this node. */
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { RoomContext } from "./room-media.ts";

type Record = Extract<LinkCommand, { type: "record" }>;
type Served = Extract<LinkReport, { type: "attached" }>["recordings"];

export class RoomRecordings {
	readonly #room: RoomContext;

	constructor(room: RoomContext) {
		this.#room = room;
	}

	record({ recording, part }: Record): void {
		const error = { code: "unsupported" as const, message: "this node has no place for recordings" };
		this.#room.report({ type: "recording", recording, part, state: "failed", error });
	}

	/** What is being written. */
	served(): Served {
		return [];
	}
}
