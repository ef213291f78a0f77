/**
 * Every error the project reports, by a stable code.
 * REST sends `{"error":{"code","message"}}` with the HTTP status; the native protocol sends the same object in a
 * refusal; dialects translate the code into their own form.
 */
import * as z from "zod";
export declare const ERRORS: {
	readonly bad_json: {
		readonly http: 400;
		readonly meaning: "The body or frame is not JSON";
	};
	readonly bad_request: {
		readonly http: 400;
		readonly meaning: "The body or frame does not fit its schema; the message names the field";
	};
	readonly unknown_type: {
		readonly http: 400;
		readonly meaning: "The frame's type is not part of the protocol";
	};
	readonly unauthorized: {
		readonly http: 401;
		readonly meaning: "No token or key, or one that is malformed, expired, revoked or wrongly signed";
	};
	readonly forbidden: {
		readonly http: 403;
		readonly meaning: "The token is valid but lacks the right for this";
	};
	readonly origin_not_allowed: {
		readonly http: 403;
		readonly meaning: "The page's origin is not in ALLOWED_ORIGINS";
	};
	readonly not_found: {
		readonly http: 404;
		readonly meaning: "No such room, participant, track or node";
	};
	readonly not_joined: {
		readonly http: 409;
		readonly meaning: "Only join and resume are allowed before joining";
	};
	readonly already_joined: {
		readonly http: 409;
		readonly meaning: "This socket has joined already";
	};
	readonly conflict: {
		readonly http: 409;
		readonly meaning: "The id is taken by somebody else";
	};
	readonly room_full: {
		readonly http: 409;
		readonly meaning: "The room has as many participants as it may";
	};
	readonly too_many_tracks: {
		readonly http: 409;
		readonly meaning: "The participant or the room has as many tracks as it may";
	};
	readonly stale_endpoint: {
		readonly http: 409;
		readonly meaning: "The media side named has been replaced; use the one of the latest endpoint event";
	};
	readonly session_gone: {
		readonly http: 410;
		readonly meaning: "The session is unknown or its grace time is over; join anew";
	};
	readonly too_large: {
		readonly http: 413;
		readonly meaning: "The body, frame or field is larger than allowed";
	};
	readonly unsupported: {
		readonly http: 422;
		readonly meaning: "The media parameters cannot be used (codec, layers or data channel)";
	};
	readonly upgrade_required: {
		readonly http: 426;
		readonly meaning: "This address speaks WebSocket";
	};
	readonly rate_limited: {
		readonly http: 429;
		readonly meaning: "Too many messages in a second; slow down";
	};
	readonly internal: {
		readonly http: 500;
		readonly meaning: "A fault of the service; it is logged";
	};
	readonly node_failed: {
		readonly http: 502;
		readonly meaning: "The media node could not do it";
	};
	readonly no_node: {
		readonly http: 503;
		readonly meaning: "No media node is available now; the room retries by itself";
	};
};
export type ErrorCode = keyof typeof ERRORS;
export declare const ErrorCode: z.ZodEnum<{
	already_joined: "already_joined";
	bad_json: "bad_json";
	bad_request: "bad_request";
	conflict: "conflict";
	forbidden: "forbidden";
	internal: "internal";
	no_node: "no_node";
	node_failed: "node_failed";
	not_found: "not_found";
	not_joined: "not_joined";
	origin_not_allowed: "origin_not_allowed";
	rate_limited: "rate_limited";
	room_full: "room_full";
	session_gone: "session_gone";
	stale_endpoint: "stale_endpoint";
	too_large: "too_large";
	too_many_tracks: "too_many_tracks";
	unauthorized: "unauthorized";
	unknown_type: "unknown_type";
	unsupported: "unsupported";
	upgrade_required: "upgrade_required";
}>;
export declare const ErrorBody: z.ZodObject<
	{
		code: z.ZodEnum<{
			already_joined: "already_joined";
			bad_json: "bad_json";
			bad_request: "bad_request";
			conflict: "conflict";
			forbidden: "forbidden";
			internal: "internal";
			no_node: "no_node";
			node_failed: "node_failed";
			not_found: "not_found";
			not_joined: "not_joined";
			origin_not_allowed: "origin_not_allowed";
			rate_limited: "rate_limited";
			room_full: "room_full";
			session_gone: "session_gone";
			stale_endpoint: "stale_endpoint";
			too_large: "too_large";
			too_many_tracks: "too_many_tracks";
			unauthorized: "unauthorized";
			unknown_type: "unknown_type";
			unsupported: "unsupported";
			upgrade_required: "upgrade_required";
		}>;
		message: z.ZodString;
	},
	z.core.$strip
>;
export type ErrorBody = z.infer<typeof ErrorBody>;
/** The one error class: a stable code and a message for people. */
export declare class SwitchyardError extends Error {
	readonly name = "SwitchyardError";
	readonly code: ErrorCode;
	constructor(code: ErrorCode, message?: string, options?: ErrorOptions);
	get status(): (typeof ERRORS)[ErrorCode]["http"];
	toJSON(): ErrorBody;
	/** A zod failure as `bad_request`, naming the first field that does not fit. */
	static fromZod(error: z.ZodError): SwitchyardError;
	static from(error: unknown): SwitchyardError;
}
