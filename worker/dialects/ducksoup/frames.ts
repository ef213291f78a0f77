/** Frames of DuckSoup, read and written. */
import { type DucksoupEvents, DucksoupFrame, JoinOptions } from "../../../shared/ducksoup.ts";
import { SwitchyardError } from "../../../shared/errors.ts";

export function readFrame(text: string): DucksoupFrame {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		throw new SwitchyardError("bad_json");
	}
	const parsed = DucksoupFrame.safeParse(value);
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return parsed.data;
}

/** The payload of a frame that carries JSON in it; undefined where it is none. */
export function payloadOf({ payload }: DucksoupFrame): unknown {
	try {
		return payload == null ? undefined : JSON.parse(payload);
	} catch {
		return undefined;
	}
}

/** What somebody joins with. Throws where the frame is no join that can be understood. */
export function readJoin(frame: DucksoupFrame): JoinOptions {
	if (frame.kind !== "join") throw new SwitchyardError("not_joined", "join first");
	const parsed = JoinOptions.safeParse(payloadOf(frame));
	if (!parsed.success) throw SwitchyardError.fromZod(parsed.error);
	return parsed.data;
}

export function eventFrame<K extends keyof DucksoupEvents>(kind: K, payload: DucksoupEvents[K]): string {
	return JSON.stringify({ kind, payload });
}
