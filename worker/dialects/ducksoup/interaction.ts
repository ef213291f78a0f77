/**
 * An interaction: one run of an experiment, in a room of its own that is named from its origin, namespace and name. It
 * is in the room's record, so that all its clocks go on whatever becomes of the object's memory.
 */
import type { JoinOptions } from "../../../shared/ducksoup.ts";
import { NOTICE_AFTER_MS, NOTICE_MS, READY_MS } from "../../../shared/ducksoup.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { logName } from "./names.ts";

export const DIALECT = "ducksoup";

/** From ready: whoever has not got the others' media by then does not keep the rest from starting, ms. */
const SERVE_MS = 5_000;
/** At the end files are waited for, ms. */
const FILES_MS = 10_000;

/** Whoever has ever been in it. */
export interface User {
	id: string;
	/** So many times. */
	connections: number;
	/** Of the latest connection: what others receive it in. */
	stream: string;
	/** Recorded so far, over all connections: the room's ids, and what the files are to be called. */
	recordings: { id: string; file: string }[];
	/** Characters of the log that its client had written. */
	logged?: number;
}

export interface Interaction {
	/** 32 hexadecimal digits, of this run alone. */
	id: string;
	/** Of the pages that its people are in. */
	page: string;
	namespace: string;
	name: string;
	/** Of the first join, these three. */
	size: number;
	duration: number;
	audioOnly: boolean;
	/** The file that is logged to. */
	log: string;
	createdAt: number;
	readyAt?: number;
	startedAt?: number;
	endedAt?: number;
	users: User[];
}

export type State = "open" | "ready" | "started" | "ended";

interface Own {
	interaction?: Interaction;
}

export function interactionOf(core: Core): Interaction | undefined {
	return (core.record?.own as Own | undefined)?.interaction;
}

export function stateOf({ readyAt, startedAt, endedAt }: Interaction): State {
	if (endedAt !== undefined) return "ended";
	if (startedAt !== undefined) return "started";
	return readyAt === undefined ? "open" : "ready";
}

export function createInteraction(
	core: Core,
	page: string,
	{ namespace, interactionName, size, duration, audioOnly }: JoinOptions,
): Interaction {
	const now = Date.now();
	const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
		"",
	);
	const interaction: Interaction = {
		...{ id, page, namespace, name: interactionName, size, duration, audioOnly },
		...{ log: logName(interactionName, now), createdAt: now, users: [] },
	};
	core.room.own = { interaction } satisfies Own;
	keepInteraction(core);
	return interaction;
}

/** The name is free again. */
export function forgetInteraction(core: Core): void {
	core.room.own = undefined;
	core.room.due = undefined;
	core.touchRoom();
}

/** It was changed in place. */
export function keepInteraction(core: Core): void {
	const interaction = interactionOf(core);
	core.room.due = interaction && { at: nextAt(interaction), dialect: DIALECT };
	core.touchRoom();
}

/** When the next thing happens that nobody has to do anything for. */
function nextAt(interaction: Interaction): number {
	const { createdAt, readyAt, startedAt, endedAt } = interaction;
	if (endedAt !== undefined) return endedAt + FILES_MS;
	if (startedAt !== undefined) return endOf(interaction);
	return readyAt === undefined ? createdAt + READY_MS : readyAt + SERVE_MS;
}

export function isDue(interaction: Interaction, now: number): boolean {
	return nextAt(interaction) <= now;
}

/** Of one that has started. */
export function endOf({ startedAt = 0, duration }: Interaction): number {
	return startedAt + duration * 1_000;
}

export function remainingSeconds(interaction: Interaction, now: number): number {
	return Math.max(0, Math.round((endOf(interaction) - now) / 1_000));
}

/** When somebody who got `start` then is told that the end is near. */
export function noticeAt(interaction: Interaction, started: number): number {
	return Math.max(endOf(interaction) - NOTICE_MS, started + NOTICE_AFTER_MS);
}

export function userOf({ users }: Interaction, id: string): User | undefined {
	return users.find((user) => user.id === id);
}

/** Those who are connected. Somebody of another protocol may look on, and does not count. */
export function connected(core: Core): Member[] {
	return [...core.members.values()].filter(({ dialect }) => dialect === DIALECT);
}
