/** What went wrong here, not at the server. */
export type ErrorCode = "callback" | "devices" | "negotiation" | "protocol" | "socket";

/** Payload of an `error` event. */
export class DuckSoupError extends Error {
	readonly code: ErrorCode;

	constructor(code: ErrorCode, message: string, cause?: unknown) {
		super(message, { cause });
		this.name = cause instanceof Error ? cause.name : "DuckSoupError";
		this.code = code;
	}

	/** A page that writes events down as JSON would have nothing of an Error otherwise. */
	toJSON(): { code: ErrorCode; name: string; message: string } {
		return { code: this.code, name: this.name, message: this.message };
	}
}
