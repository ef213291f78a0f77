/** What `/state` tells of a room. */
import * as z from "zod";
import type { ConnectionState } from "../../../shared/tribe.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { sessionOf, socketIdOf } from "./names.ts";
import { DIALECT, sessionFor } from "./session.ts";
import { bitratesFor } from "./settings.ts";

export const Question = z.object({ type: z.literal("state") });
export type Question = z.infer<typeof Question>;

export interface RoomState {
	id: string;
	dateCreation: string;
	connections: ConnectionState[];
}

/** Undefined: there is no such room. */
export function stateOf(core: Core): RoomState | undefined {
	if (!core.record) return undefined;
	const { name, createdAt } = core.room;
	const connections = [...core.members.values()].map((member) => connectionOf(core, member));
	return { id: name, dateCreation: new Date(createdAt).toISOString(), connections };
}

function connectionOf(core: Core, member: Member): ConnectionState {
	const session = member.dialect === DIALECT ? sessionFor(member) : undefined;
	const bitrates = bitratesFor(core.env, session ?? {});
	const up = new Set(session?.up);
	const states = Object.keys(member.connections ?? {}).map((name) => [name, { state: up.has(name) ? "up" : "new" }]);
	const { "": publisher = null, ...listeners } = Object.fromEntries(states) as Record<string, { state: string }>;
	return {
		...sessionOf(member),
		dateCreation: new Date(member.joinedAt).toISOString(),
		ip: session?.address ?? "0.0.0.0",
		state: member.state === "joined" ? "connected" : "timeout",
		exit: false,
		maxVideoBitrate: bitrates.video,
		maxAudioBitrate: bitrates.audio,
		listeners: Object.fromEntries(Object.entries(listeners).map(([name, state]) => [socketIdOf(name), state])),
		publisher,
	};
}
