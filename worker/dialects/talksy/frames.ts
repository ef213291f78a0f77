/** Frames of Talksy, read and written. */
import { SwitchyardError } from "../../../shared/errors.ts";
import { InternalMessage, TALKSY_REQUESTS, type TalksyEvents, TalksyRequest } from "../../../shared/talksy.ts";

export function readRequest(text: string): TalksyRequest {
	const value = parse(text);
	const { type } = (typeof value === "object" && value !== null ? value : {}) as { type?: unknown };
	if (typeof type !== "string") throw new SwitchyardError("bad_request", "type: a text is needed");
	if (!TALKSY_REQUESTS.has(type)) {
		throw new SwitchyardError("unknown_type", `no request of type ${JSON.stringify(type.slice(0, 64))}`);
	}
	const parsed = TalksyRequest.safeParse(value);
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return parsed.data;
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		throw new SwitchyardError("bad_json");
	}
}

/** Undefined: nothing that is known, which a data channel has no answer for. */
export function readInternal(text: string): InternalMessage | undefined {
	try {
		return InternalMessage.safeParse(JSON.parse(text)).data;
	} catch {
		return undefined;
	}
}

export function eventFrame<T extends keyof TalksyEvents>(type: T, data: TalksyEvents[T]): string {
	return JSON.stringify({ status: true, type, data });
}

export function errorFrame(message: string): string {
	return JSON.stringify({ status: false, type: "error", data: message });
}

/** The first frame, which alone has no status. */
export function greetingFrame(id: string): string {
	return JSON.stringify({ type: "clientid", data: id });
}
