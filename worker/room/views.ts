/** The room and its members as REST shows them. */
import type { Participant, Room, RoomNode } from "../../shared/rest.ts";
import type { Core } from "./core.ts";
import type { Assignment, Member } from "./state.ts";

export function roomView(core: Core): Room {
	return {
		...core.info(),
		settings: core.room.settings,
		participants: core.members.size,
		tracks: [...core.tracks.values()].filter(({ live }) => live).length,
		mended: core.room.mended ?? 0,
		nodes: [...core.assignments.values()].flatMap((assignment) => nodeView(core, assignment)),
	};
}

function nodeView(core: Core, assignment: Assignment): RoomNode[] {
	const { epoch, node, region = "unknown", state, draining, full } = assignment;
	if (node === undefined || state === "asked") return [];
	const sent = new Map<string, number>();
	for (const { pipes } of core.tracks.values()) {
		for (const [to, { from, flowing }] of Object.entries(pipes)) {
			if (from !== epoch || !flowing) continue;
			const id = core.assignments.get(to)?.node ?? "unknown";
			sent.set(id, (sent.get(id) ?? 0) + 1);
		}
	}
	return [
		{
			id: node,
			region,
			state: draining === undefined ? (full ? "full" : state) : "draining",
			participants: [...core.members.values()].flatMap(({ id }) => (core.serving(id)?.epoch === epoch ? id : [])),
			pipes: [...sent].map(([to, tracks]) => ({ to, tracks })),
		},
	];
}

export function participantView(core: Core, member: Member): Participant {
	const endpoint = core.serving(member.id);
	const { id, name, metadata, state, joinedAt, tracks } = core.participant(member);
	return {
		id,
		name,
		metadata,
		state,
		joinedAt,
		tracks,
		rights: member.rights,
		client: member.client,
		region: member.place.region,
		node: endpoint && endpoint.state === "open" ? core.assignments.get(String(endpoint.epoch))?.node : undefined,
	};
}
