/** What cannot be done over WHIP and WHEP, as a problem (RFC 9457) with this project's stable code in it. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { ERRORS, type ErrorBody, SwitchyardError } from "../../../shared/errors.ts";
import type { Failure } from "../../dialects/whip/calls.ts";

/** Seconds after which to try again when a room's object failed on the way. */
const FAULT_RETRY_S = 1;

/** Thrown by handlers. */
export class Problem extends Error {
	readonly failure: Failure;

	constructor(failure: Failure) {
		super(failure.error.message);
		this.failure = failure;
	}

	static of(status: number, code: ErrorBody["code"], message: string): Problem {
		return new Problem({ type: "failed", status, error: { code, message } });
	}
}

export function problemResponse(thrown: unknown, c: Context): Response {
	const { status, error, retryAfter } = failureOf(thrown, c);
	if (status === 401) c.header("WWW-Authenticate", "Bearer");
	if (retryAfter !== undefined) c.header("Retry-After", String(retryAfter));
	const title = ERRORS[error.code].meaning;
	const body = JSON.stringify({ type: "about:blank", title, status, detail: error.message, code: error.code });
	return new Response(body, { status, headers: { ...headersOf(c), "Content-Type": "application/problem+json" } });
}

function failureOf(thrown: unknown, c: Context): Failure {
	if (thrown instanceof Problem) return thrown.failure;
	if (thrown instanceof HTTPException) return of(400, new SwitchyardError("bad_json"));
	if (thrown instanceof SwitchyardError) return of(thrown.status, thrown);
	// The room's object was reset on the way, or is not to be reached: it will be.
	console.error({ event: "request failed", method: c.req.method, path: c.req.path, error: String(thrown) });
	return { ...of(503, new SwitchyardError("internal")), retryAfter: FAULT_RETRY_S };
}

function of(status: number, error: SwitchyardError): Failure {
	return { type: "failed", status, error: error.toJSON() };
}

/** Those that were set so far, CORS among them. */
function headersOf(c: Context): Record<string, string> {
	return Object.fromEntries(c.res.headers);
}
