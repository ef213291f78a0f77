/** The nodes of a room as `GET /v1/rooms/{room}` tells them: ids alone, or with whom and what they carry. */

export interface RoomNode {
	id: string;
	region?: string;
	state?: string;
	/** Ids of those it serves. */
	participants: string[];
	/** What it sends to other nodes of the room. */
	pipes: { to: string; tracks: number }[];
}

/** Reads both forms, so that tools may be newer than the edge they look at, or older. */
export function readRoomNodes(nodes: unknown): RoomNode[] {
	if (!Array.isArray(nodes)) return [];
	return nodes.flatMap((node: unknown): RoomNode[] => {
		if (typeof node === "string") return [{ id: node, participants: [], pipes: [] }];
		const { id, region, state, participants, pipes } = (node ?? {}) as Partial<RoomNode>;
		return typeof id === "string" ? [{ id, region, state, participants: participants ?? [], pipes: pipes ?? [] }] : [];
	});
}
