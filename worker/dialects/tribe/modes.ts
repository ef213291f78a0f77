/** Who sends sound and pictures, as the room mutes them. */
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { tell } from "./frames.ts";
import { publisher, sessionKnown } from "./names.ts";
import { keep, type Mode, sessionFor } from "./session.ts";

const EVERYTHING: Mode = { audio: true, video: true };

/** Tells a client what somebody sends now, or itself, where that is not what it knows. */
export function tellMode(core: Core, member: Member, of: string): void {
	const { modes } = sessionFor(member);
	const known = modes[of] ?? EVERYTHING;
	const mode = modeOf(core, of);
	if (mode.audio === known.audio && mode.video === known.video) return;
	if (mode.audio && mode.video) delete modes[of];
	else modes[of] = mode;
	keep(core, member);
	if (of === member.id) tell(core, member, "eventSetLocalAudioVideoMode", { from: publisher, ...mode });
	else tell(core, member, "eventSetRemoteAudioVideoMode", { from: sessionKnown(core, member, of), ...mode });
}

/** Something new is of interest where something was off. */
export function tellNewMode(core: Core, member: Member, of: string, muted: boolean): void {
	if (muted || sessionFor(member).modes[of]) tellMode(core, member, of);
}

function modeOf(core: Core, participant: string): Mode {
	const on = core.tracksOf(participant).filter(({ live, info }) => live && !info.muted);
	return {
		audio: on.some(({ info }) => info.kind === "audio"),
		video: on.some(({ info }) => info.kind === "video"),
	};
}
