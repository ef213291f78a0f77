/** Who and what is here now, as log lines: for an operator who has nothing but a shell on the machine. */
import type { Source } from "../../shared/tokens.ts";
import type { RoomLink } from "../link/room-link.ts";
import type { MediaNode } from "../node.ts";
import { type Log, log } from "./logger.ts";

/** A line for each room, and one for all. They are asked for, so they come at any LOG_LEVEL. */
export async function logCensus(node: MediaNode): Promise<void> {
	const lines: Log = log.child({ part: "census" }, { level: "info" });
	const links = [...node.links.values()];
	const [load, ...rooms] = await Promise.all([node.load(), ...links.map(roomCensus)]);
	for (const room of rooms) lines.info(room, "room");
	const participants = rooms.reduce((sum, room) => sum + room.participants, 0);
	const { bitrateIn, bitrateOut } = load;
	lines.info({ rooms: rooms.length, participants, bitrateIn, bitrateOut }, "all rooms");
}

async function roomCensus({ room, media }: RoomLink) {
	const bitrates = await media.bitrates();
	const bySource: Partial<Record<Source | "total", number>> = { total: 0 };
	for (const { id, source, from } of media.tracks.all()) {
		// Of other nodes' it is told there.
		if (from !== undefined) continue;
		const bitrate = bitrates[id] ?? 0;
		bySource[source] = (bySource[source] ?? 0) + bitrate;
		bySource.total = (bySource.total ?? 0) + bitrate;
	}
	return { room, participants: media.endpoints.size, tracks: media.tracks.size, bitrateIn: bySource };
}
