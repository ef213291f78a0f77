/** Refusals in the protocol's numbers: its own, and those of the room's rules. */
import type * as z from "zod";
import { type ErrorCode, SwitchyardError } from "../../../shared/errors.ts";
import { TRIBE_ERROR, type TribeErrorName } from "../../../shared/tribe.ts";

export class Refusal extends Error {
	override readonly name = "Refusal";
	readonly refused: TribeErrorName;

	constructor(refused: TribeErrorName) {
		super(refused);
		this.refused = refused;
	}

	/** A field that is not there, or one that is something else than it should be. */
	static ofFields(error: z.ZodError, value: unknown): Refusal {
		return new Refusal(error.issues.some(({ path }) => isEmpty(at(value, path))) ? "fieldMissing" : "json");
	}
}

const KNOWN: Record<ErrorCode, TribeErrorName> = {
	bad_json: "json",
	bad_request: "sdpDecode",
	unknown_type: "unknownAction",
	unauthorized: "authFailed",
	forbidden: "notJoinable",
	origin_not_allowed: "authFailed",
	not_found: "noSuchSocket",
	not_joined: "notAuthenticated",
	already_joined: "alreadyJoined",
	conflict: "sdpNegotiated",
	room_full: "roomFull",
	too_many_tracks: "session",
	stale_endpoint: "network",
	session_gone: "socketGone",
	too_large: "sdpDecode",
	unsupported: "sdpDecode",
	upgrade_required: "network",
	rate_limited: "system",
	internal: "system",
	node_failed: "network",
	no_node: "network",
};

export function codeOf(error: unknown): number {
	if (error instanceof Refusal) return TRIBE_ERROR[error.refused];
	return TRIBE_ERROR[KNOWN[SwitchyardError.from(error).code]];
}

/** For an error as the room's events carry it. */
export function codeFor(code: ErrorCode): number {
	return TRIBE_ERROR[KNOWN[code]];
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
	let found = value;
	for (const key of path) found = (found as Record<PropertyKey, unknown> | null | undefined)?.[key];
	return found;
}

function isEmpty(value: unknown): boolean {
	return value === undefined || value === null || value === "";
}
