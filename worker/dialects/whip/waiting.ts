/**
 * Requests over HTTP that wait for a node. Their callers wait with them, so nothing is left hanging when memory is lost:
 * then the call fails, and the session ends at its time.
 */
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import type { Reply } from "./calls.ts";
import { overtaken } from "./replies.ts";

interface Waiting {
	resolve(reply: Reply): void;
	timer: ReturnType<typeof setTimeout>;
}

/** Members are read anew when memory was lost. By the request's number. */
const waiting = new WeakMap<Member, Map<number, Waiting>>();

/** Resolves with what `settle` says, or with `late` when nothing has come for so long. */
export function wait(core: Core, member: Member, request: number, ms: number, late: () => Reply): Promise<Reply> {
	return new Promise((resolve) => {
		const timer = setTimeout(() => {
			core.settle(() => {
				const gone = core.members.get(member.id) !== member;
				settle(member, request, gone ? overtaken() : late());
			});
		}, ms);
		const requests = waiting.get(member) ?? new Map<number, Waiting>();
		requests.set(request, { resolve, timer });
		waiting.set(member, requests);
	});
}

/** False: nobody waits for it. */
export function settle(member: Member, request: number, reply: Reply): boolean {
	const requests = waiting.get(member);
	const found = requests?.get(request);
	if (!found) return false;
	requests?.delete(request);
	clearTimeout(found.timer);
	found.resolve(reply);
	return true;
}
