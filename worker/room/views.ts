/** The room and its members as REST shows them. */
import type { Participant, Room } from "../../shared/rest.ts";
import type { Core } from "./core.ts";
import type { Member } from "./state.ts";

export function roomView(core: Core): Room {
	const nodes = new Set<string>();
	for (const { node, state } of core.assignments.values()) if (node && state !== "asked") nodes.add(node);
	return {
		...core.info(),
		settings: core.room.settings,
		participants: core.members.size,
		tracks: [...core.tracks.values()].filter(({ live }) => live).length,
		nodes: [...nodes],
	};
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
		node: endpoint && endpoint.state === "open" ? core.assignments.get(String(endpoint.epoch))?.node : undefined,
	};
}
