/** Envelopes to a session, batched as its protocol says: at once, and what comes in the next 300 ms together. */
import type { Envelope } from "../../../shared/odoo.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { memoryOf } from "./memory.ts";

export const WINDOW_MS = 300;

/** Overtakes what is batched. */
export function send(core: Core, member: Member, ...envelopes: Envelope[]): void {
	const ws = core.socket(member);
	if (ws && envelopes.length > 0) core.sockets.send(ws, JSON.stringify(envelopes));
}

/** The `message` of an empty answer is absent. */
export function respond(core: Core, member: Member, id: string, message?: unknown): void {
	send(core, member, { message, responseTo: id });
}

export function post(core: Core, member: Member, ...envelopes: Envelope[]): void {
	const memory = memoryOf(member);
	if (memory.window !== undefined) {
		memory.queue.push(...envelopes);
		return;
	}
	send(core, member, ...envelopes);
	openWindow(core, member);
}

export function tell(core: Core, member: Member, name: string, payload: unknown): void {
	post(core, member, { message: { name, payload } });
}

/** Sends what waits, and begins a window: what is posted next comes well after this. */
export function openWindow(core: Core, member: Member): void {
	const memory = memoryOf(member);
	if (memory.window !== undefined) clearTimeout(memory.window);
	send(core, member, ...memory.queue.splice(0));
	// A timer keeps the object in memory, so nothing is lost that a socket outlives.
	memory.window = setTimeout(() => {
		memory.window = undefined;
		if (memory.queue.length > 0) core.settle(() => openWindow(core, member));
	}, WINDOW_MS);
}
