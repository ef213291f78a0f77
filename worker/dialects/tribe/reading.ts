/** From frames to requests that fit. */
import { ACTIONS, type Action, type DataOf, Request } from "../../../shared/tribe.ts";
import { Refusal } from "./errors.ts";

export function readRequest(text: string): Request {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new Refusal("json");
	}
	const request = Request.safeParse(value);
	if (!request.success) throw new Refusal("json");
	return request.data;
}

export function isAction(action: string): action is Action {
	return Object.hasOwn(ACTIONS, action);
}

export function readAction<A extends Action>(action: A, data: unknown): DataOf<A> {
	const parsed = ACTIONS[action].safeParse(data);
	if (!parsed.success) throw Refusal.ofFields(parsed.error, data);
	return parsed.data as DataOf<A>;
}
