import { SwitchyardError } from "../../shared/errors.ts";
import { mintParticipantToken } from "../auth/tokens.ts";
import type { Core } from "./core.ts";
import { removeMember } from "./members.ts";
import type { Member } from "./state.ts";

/** Seconds a moved participant has to arrive. */
const ARRIVE_S = 60;

/** Sends a member to another room, with a token for it and the rights it has here. */
export function move(core: Core, by: Member, request: number, member: Member, room: string): void {
	const { session } = member;
	const { id: identity, name, metadata, rights, place } = member;
	const { region } = place;
	const answer = (error?: SwitchyardError) =>
		core.answer(by.id, request, error ? { ok: false, error: error.toJSON() } : { ok: true });
	const minted = mintParticipantToken(core.env, { identity, room, name, metadata, rights, region, ttl: ARRIVE_S }).then(
		({ token }) =>
			core.settle(() => {
				// Signing took a moment; the member may have left or joined anew meanwhile.
				const now = core.members.get(identity);
				if (now?.session !== session) return answer(new SwitchyardError("not_found", "gone meanwhile"));
				core.emit({ type: "moved", room, token }, { to: [identity] });
				removeMember(core, now, "moved");
				answer();
			}),
		(error: unknown) => answer(SwitchyardError.from(error)),
	);
	core.ctx.waitUntil(minted);
}
