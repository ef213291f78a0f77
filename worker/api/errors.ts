/** Every failure of the edge, as `{"error":{"code","message"}}` with the HTTP status of its code. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type * as z from "zod";
import { SwitchyardError } from "../../shared/errors.ts";

export function errorResponse(thrown: unknown, c: Context): Response {
	const error = known(thrown);
	if (error.code === "internal") {
		console.error({ event: "request failed", method: c.req.method, path: c.req.path, error: describe(thrown) });
	}
	// RFC 9110: section 11.6.1 asks for this with a 401, section 15.5.22 for that with a 426.
	if (error.code === "unauthorized") c.header("WWW-Authenticate", "Bearer");
	if (error.code === "upgrade_required") c.header("Upgrade", "websocket");
	return c.json({ error: error.toJSON() }, error.status);
}

export function notFound(c: Context): Response {
	return errorResponse(new SwitchyardError("not_found", `no ${c.req.method} ${c.req.path} here`), c);
}

/** What does not fit a route's schema. */
export function refuseInvalid(result: { success: true } | { success: false; error: z.ZodError }): void {
	if (!result.success) throw SwitchyardError.fromZod(result.error);
}

function known(thrown: unknown): SwitchyardError {
	if (!(thrown instanceof HTTPException)) return SwitchyardError.from(thrown);
	// Hono's own: a body that is no JSON, or is not said to be.
	return thrown.status === 415
		? new SwitchyardError("bad_request", "send a body with Content-Type: application/json")
		: new SwitchyardError("bad_json");
}

/** For the log: the first cause is what happened. */
function describe(thrown: unknown): string {
	const cause = thrown instanceof SwitchyardError && thrown.cause !== undefined ? thrown.cause : thrown;
	return cause instanceof Error ? (cause.stack ?? String(cause)) : String(cause);
}
