import { NotFoundError, UnsupportedError } from "mediasoup/errors";
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";

/** What went wrong in mediasoup, as the wire says it: parameters that cannot be used are the client's, the rest is ours. */
export function errorBody(error: unknown): ErrorBody {
	if (error instanceof SwitchyardError) return error.toJSON();
	const message = error instanceof Error ? error.message : String(error);
	if (error instanceof TypeError || error instanceof UnsupportedError) return { code: "unsupported", message };
	if (error instanceof NotFoundError) return { code: "not_found", message };
	return { code: "node_failed", message };
}
