/** Frames to a client: now, or when it has come back. */
import type { Action, Events } from "../../../shared/tribe.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";

export function tell<E extends keyof Events>(core: Core, member: Member, name: E, data: Events[E]): void {
	post(core, member, JSON.stringify({ a: name, d: data }));
}

export function succeed(core: Core, member: Member, action: Action, data?: unknown): void {
	post(core, member, success(action, data));
}

export function fail(core: Core, member: Member, action: string, code: number): void {
	post(core, member, failure(action, code));
}

export function success(action: Action, data?: unknown): string {
	return JSON.stringify({ a: `${action}R`, s: true, d: data });
}

export function failure(action: string, code: number): string {
	return JSON.stringify({ a: `${action}R`, s: false, e: code });
}

/** As the original: what could not be written is written again, and what was is not, since clients know no repeats. */
function post(core: Core, member: Member, text: string): void {
	const ws = core.socket(member);
	if (ws && core.sockets.send(ws, text)) return;
	if (core.members.get(member.id) === member) core.keep(member, { type: "frame", text });
}
