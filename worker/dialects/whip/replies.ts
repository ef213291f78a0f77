/** Answers of the dialect that are no success. */
import { type ErrorCode, SwitchyardError } from "../../../shared/errors.ts";
import type { Failure } from "./calls.ts";

/** Seconds after which to try again what found no node, and what found nothing to watch. */
const NODE_RETRY_S = 3;
const WATCH_RETRY_S = 2;

export function failed(error: unknown): Failure {
	const known = SwitchyardError.from(error);
	if (known.code === "internal") console.error({ event: "request failed", error: String(known.cause ?? known) });
	const retryAfter = known.code === "no_node" ? NODE_RETRY_S : undefined;
	return { type: "failed", status: known.status, error: known.toJSON(), retryAfter };
}

export function refused(status: number, code: ErrorCode, message: string, retryAfter?: number): Failure {
	return { type: "failed", status, error: new SwitchyardError(code, message).toJSON(), retryAfter };
}

export const noSession = () => refused(404, "not_found", "no such session; it may have ended");
export const noNode = (why = "no media node is available now") => refused(503, "no_node", why, NODE_RETRY_S);
export const nodeSilent = () => refused(504, "node_failed", "the media node did not answer in time", NODE_RETRY_S);
export const overtaken = () => refused(409, "conflict", "the session ended, or the same identity came again");
export const nothingToWatch = () => refused(409, "conflict", "nobody publishes what was asked for", WATCH_RETRY_S);
