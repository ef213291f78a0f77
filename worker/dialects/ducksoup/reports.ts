/** What clients tell of themselves for the log. Nothing depends on it: most of them say nothing. */
import type { DucksoupFrame } from "../../../shared/ducksoup.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { type LogContext, type LogFields, logFrom, logOf } from "./log.ts";

const SIGNALING = new Set([
	"client_selected_candidate_pair",
	"client_ice_candidate_failed",
	"client_negotiation_needed",
]);
const SIGNALING_STATES = /^client_(signaling|ice_|connection_state)/;

/** Kinds that begin with `client_` and ask for nothing. */
export function logReport(core: Core, member: Member, { kind, payload }: DucksoupFrame): void {
	const fields: LogFields = { ...logOf(member), source: "client" };
	if (payload != null) fields.value = payload;
	if (kind.includes("count") || kind === "client_video_fps_updated") {
		// What is zero comes without a payload.
		const number = Number(payload ?? 0);
		if (Number.isFinite(number)) fields.value = kind.includes("count") ? Math.trunc(number) : number;
	} else if (kind === "client_video_resolution_updated") fields.unit = "pixels";
	logFrom(core, member, "debug", contextOf(kind), kind.slice(0, 128), fields);
}

function contextOf(kind: string): LogContext {
	if (kind.startsWith("client_video_")) return "track";
	return SIGNALING.has(kind) || SIGNALING_STATES.test(kind) ? "signaling" : "peer";
}

/** What a page says for itself. */
export function logExternal(core: Core, member: Member, { kind, payload }: DucksoupFrame): void {
	const fields = { ...logOf(member), payload: payload ?? undefined, source: "client" as const };
	logFrom(core, member, "info", "ext", kind.slice(0, 128), fields);
}
