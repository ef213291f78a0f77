/**
 * Every error the project reports, by a stable code.
 * REST sends `{"error":{"code","message"}}` with the HTTP status; the native protocol sends the same object in a
 * refusal; dialects translate the code into their own form.
 */
import * as z from "zod";

export const ERRORS = {
	bad_json: { http: 400, meaning: "The body or frame is not JSON" },
	bad_request: { http: 400, meaning: "The body or frame does not fit its schema; the message names the field" },
	unknown_type: { http: 400, meaning: "The frame's type is not part of the protocol" },
	unauthorized: { http: 401, meaning: "No token or key, or one that is malformed, expired, revoked or wrongly signed" },
	forbidden: { http: 403, meaning: "The token is valid but lacks the right for this" },
	origin_not_allowed: { http: 403, meaning: "The page's origin is not in ALLOWED_ORIGINS" },
	not_found: { http: 404, meaning: "No such room, participant, track or node" },
	not_joined: { http: 409, meaning: "Only join and resume are allowed before joining" },
	already_joined: { http: 409, meaning: "This socket has joined already" },
	conflict: { http: 409, meaning: "The id is taken by somebody else" },
	room_full: { http: 409, meaning: "The room has as many participants as it may" },
	too_many_tracks: { http: 409, meaning: "The participant or the room has as many tracks as it may" },
	stale_endpoint: {
		http: 409,
		meaning: "The media side named has been replaced; use the one of the latest endpoint event",
	},
	session_gone: { http: 410, meaning: "The session is unknown or its grace time is over; join anew" },
	too_large: { http: 413, meaning: "The body, frame or field is larger than allowed" },
	unsupported: { http: 422, meaning: "The media parameters cannot be used (codec, layers or data channel)" },
	upgrade_required: { http: 426, meaning: "This address speaks WebSocket" },
	rate_limited: { http: 429, meaning: "Too many messages in a second; slow down" },
	internal: { http: 500, meaning: "A fault of the service; it is logged" },
	node_failed: { http: 502, meaning: "The media node could not do it" },
	no_node: { http: 503, meaning: "No media node is available now; the room retries by itself" },
} as const satisfies Record<string, { http: number; meaning: string }>;

export type ErrorCode = keyof typeof ERRORS;
export const ErrorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

export const ErrorBody = z.object({ code: ErrorCode, message: z.string() });
export type ErrorBody = z.infer<typeof ErrorBody>;

/** The one error class: a stable code and a message for people. */
export class SwitchyardError extends Error {
	override readonly name = "SwitchyardError";
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string = ERRORS[code].meaning, options?: ErrorOptions) {
		super(message, options);
		this.code = code;
	}

	get status(): (typeof ERRORS)[ErrorCode]["http"] {
		return ERRORS[this.code].http;
	}

	toJSON(): ErrorBody {
		return { code: this.code, message: this.message };
	}

	/** A zod failure as `bad_request`, naming the first field that does not fit. */
	static fromZod(error: z.ZodError): SwitchyardError {
		const issue = error.issues[0];
		const path = issue?.path.join(".") ?? "";
		return new SwitchyardError("bad_request", path ? `${path}: ${issue?.message}` : (issue?.message ?? "invalid"));
	}

	static from(error: unknown): SwitchyardError {
		return error instanceof SwitchyardError ? error : new SwitchyardError("internal", undefined, { cause: error });
	}
}
