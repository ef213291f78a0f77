/** The room and its members as REST shows them. */
import type { Bitrates, Participant, Room, RoomNode } from "../../shared/rest.ts";
import type { Core } from "./core.ts";
import type { Details } from "./rpc.ts";
import type { Assignment, Member } from "./state.ts";

export function roomView(core: Core, { bitrates }: Details = {}): Room {
	return {
		...core.info(),
		settings: core.room.settings,
		participants: core.members.size,
		tracks: [...core.tracks.values()].filter(({ live }) => live).length,
		mended: core.room.mended ?? 0,
		nodes: [...core.assignments.values()].flatMap((assignment) => nodeView(core, assignment)),
		bitrates: bitrates ? bitratesBySource(core) : undefined,
	};
}

/** As last measured. */
export function bitratesBySource(core: Core): Bitrates {
	const sums = { audio: 0, camera: 0, screen: 0, screenAudio: 0, total: 0 };
	for (const track of core.tracks.values()) {
		const { source } = track.info;
		const bitrate = core.bitrates.of(track) ?? 0;
		if (source === "data") continue;
		sums[source] += bitrate;
		sums.total += bitrate;
	}
	return sums;
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

export function participantView(core: Core, member: Member, { bitrates }: Details = {}): Participant {
	const endpoint = core.serving(member.id);
	const { id, name, metadata, state, joinedAt, tracks } = core.participant(member);
	return {
		id,
		name,
		metadata,
		state,
		joinedAt,
		tracks: bitrates ? tracks.map((track) => ({ ...track, bitrate: bitrateOf(core, track.id) })) : tracks,
		rights: member.rights,
		client: member.client,
		region: member.place.region,
		node: endpoint && endpoint.state === "open" ? core.assignments.get(String(endpoint.epoch))?.node : undefined,
	};
}

function bitrateOf(core: Core, id: string): number | undefined {
	const track = core.tracks.get(id);
	return track && core.bitrates.of(track);
}
