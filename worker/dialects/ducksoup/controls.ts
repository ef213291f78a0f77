/** Clients alter the effects of their own media, and of others' of their interaction. Nothing is answered. */
import { Control, type DucksoupFrame, PolyControl } from "../../../shared/ducksoup.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { alterEffect } from "./effects.ts";
import { payloadOf } from "./frames.ts";
import { connected } from "./interaction.ts";
import { logFrom, logOf } from "./log.ts";

export function control(core: Core, member: Member, frame: DucksoupFrame): void {
	const wish = Control.safeParse(payloadOf(frame)).data;
	if (!wish) return refuse(core, member, frame, "cannot be read");
	const { name, property, value, duration, userId } = wish;
	const target = userId ? connected(core).find(({ id }) => id === userId) : member;
	// The original alters the sender's own instead.
	if (!target) return refuse(core, member, frame, "nobody of that userId");
	const fields = { from: member.id, name, property, value, duration };
	logFrom(core, member, "debug", "track", "client_fx_control", { ...logOf(target), ...fields, source: "client" });
	alterEffect(core, target, { name, property, value, duration: duration || undefined });
}

/** Of the client's own media, at once, and of properties that are no numbers as well. */
export function polyControl(core: Core, member: Member, frame: DucksoupFrame): void {
	const wish = PolyControl.safeParse(payloadOf(frame)).data;
	const value = wish && typed(wish);
	if (!wish || value === undefined) return refuse(core, member, frame, "cannot be read");
	const { name, property, kind } = wish;
	const fields = { from: member.id, name, property, kind, value, source: "client" as const };
	logFrom(core, member, "debug", "track", "client_fx_control", { ...logOf(member), ...fields });
	alterEffect(core, member, { name, property, value });
}

/** Undefined: not a value of its kind. */
export function typed({ kind, value }: PolyControl): number | string | undefined {
	switch (kind) {
		case "string":
			return value;
		case "float":
		case "double": {
			const number = value.trim() === "" ? Number.NaN : Number(value);
			return Number.isFinite(number) ? number : undefined;
		}
		case "int": {
			const number = /^[+-]?\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
			return number >= -(2 ** 31) && number < 2 ** 31 ? number : undefined;
		}
		case "uint64": {
			if (!/^\+?\d{1,20}$/.test(value)) return undefined;
			const number = BigInt(value.replace("+", ""));
			// What a number cannot hold goes as its digits.
			if (number >= 2n ** 64n) return undefined;
			return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : number.toString();
		}
		default:
			return kind satisfies never;
	}
}

function refuse(core: Core, member: Member, { kind, payload }: DucksoupFrame, error: string): void {
	const fields = { ...logOf(member), value: payload ?? undefined, error, cause: kind, source: "client" as const };
	logFrom(core, member, "debug", "track", "client_fx_control_ignored", fields);
}
