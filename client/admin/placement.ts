/** What is known of where a room is served, put together: the room's nodes, its participants, and the fleet. */
import type { Node, Participant, Room } from "../../shared/rest.ts";
import type { DiagramNode, DiagramPipe } from "./diagram-layout.ts";

export interface Placement {
	nodes: DiagramNode[];
	pipes: DiagramPipe[];
}

/** `fleetNode` gives what the fleet knows of a node. Those whom no node serves stand under one without a name. */
export function placementOf(
	room: Pick<Room, "nodes">,
	participants: readonly Participant[],
	fleetNode: (id: string) => Pick<Node, "region" | "state"> | undefined,
): Placement {
	const told = room.nodes;
	const nodeOf = new Map<string, string>();
	for (const { id, node } of participants) if (node) nodeOf.set(id, node);
	// The room itself knows best; the two are read one after the other, and somebody may have moved meanwhile.
	for (const { id, participants } of told) for (const person of participants) nodeOf.set(person, id);

	const ids = new Set([...told.map(({ id }) => id), ...participants.map(({ id }) => nodeOf.get(id) ?? "")]);
	const nodes = [...ids].map((id): DiagramNode => {
		const said = told.find((it) => it.id === id);
		const known = fleetNode(id);
		const people = participants.filter((it) => (nodeOf.get(it.id) ?? "") === id).map(personOf);
		if (id === "") return { id: "no node yet", region: "waiting", state: "waiting", people };
		return {
			id,
			region: said?.region ?? known?.region ?? "",
			state: said?.state ?? known?.state ?? "state not known",
			people,
		};
	});
	return {
		nodes: nodes.sort((a, b) => (a.id < b.id ? -1 : 1)),
		pipes: told.flatMap(({ id, pipes }) => pipes.map(({ to, tracks }) => ({ from: id, to, tracks }))),
	};
}

function personOf({ id, name, state, tracks }: Participant) {
	return { id, name: name || id, publishes: tracks.length > 0, away: state === "away" };
}
