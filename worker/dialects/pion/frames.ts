/** Frames of Pion_SFU, read and written. */
import { SwitchyardError } from "../../../shared/errors.ts";
import { PION_EVENTS, type PionEvent, PionFrame } from "../../../shared/pion.ts";

export function readFrame(text: string): PionFrame {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new SwitchyardError("bad_json");
	}
	const { event } = (typeof value === "object" && value !== null ? value : {}) as { event?: unknown };
	if (typeof event !== "string") throw new SwitchyardError("bad_request", "event: a text is needed");
	if (!PION_EVENTS.has(event)) {
		throw new SwitchyardError("unknown_type", `no event ${JSON.stringify(event.slice(0, 64))}`);
	}
	const parsed = PionFrame.safeParse(value);
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return parsed.data;
}

/** Its payloads are JSON in a text, which is in JSON once more. */
export function eventFrame(event: Exclude<PionEvent["event"], "error">, payload: object): string {
	return JSON.stringify({ event, data: JSON.stringify(payload) } satisfies PionEvent);
}

export function errorFrame(message: string): string {
	return JSON.stringify({ event: "error", data: message } satisfies PionEvent);
}

/** Who a socket joined as, in its client's own words. */
export interface Ids {
	self_id: string;
	room_id: string;
}

/** A socket speaks for who it joined as. What names nobody is its own. */
export function speaksFor(ids: Ids, data: { self_id?: string | null; room_id?: string | null } | null | undefined) {
	return (data?.self_id ?? ids.self_id) === ids.self_id && (data?.room_id ?? ids.room_id) === ids.room_id;
}
