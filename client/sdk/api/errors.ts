/** Codes of the service (shared/errors.ts) … */
export type ServiceErrorCode =
	| "bad_json"
	| "bad_request"
	| "unknown_type"
	| "unauthorized"
	| "forbidden"
	| "origin_not_allowed"
	| "not_found"
	| "not_joined"
	| "already_joined"
	| "conflict"
	| "room_full"
	| "too_many_tracks"
	| "stale_endpoint"
	| "session_gone"
	| "too_large"
	| "unsupported"
	| "upgrade_required"
	| "rate_limited"
	| "internal"
	| "node_failed"
	| "no_node";
/** … and those of this side. */
export type ClientErrorCode =
	/** The `signal` given to `connect` was aborted. */
	| "aborted"
	/** The room is closed, or was before an answer came. */
	| "closed"
	/** The service could not be reached. */
	| "unreachable"
	/** More requests wait for an answer than may. */
	| "busy"
	/** This browser, or this participant, has no such ability. */
	| "not_supported"
	/** The user or the browser refused the device. */
	| "permission_denied"
	| "device_not_found"
	/** The device is in use by something else, or failed. */
	| "device_failed"
	/** The track ended or was stopped. */
	| "track_ended";
export type SwitchyardErrorCode = ServiceErrorCode | ClientErrorCode;
