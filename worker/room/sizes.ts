import { SwitchyardError } from "../../shared/errors.ts";
import type { Core } from "./core.ts";

const encoder = new TextEncoder();

/** Bytes of a text in UTF-8; exact only where it could matter. */
export function byteLength(text: string, limit: number): number {
	// No UTF-16 unit takes more than three bytes.
	return text.length * 3 <= limit ? text.length : encoder.encode(text).length;
}

/** Refuses metadata or presence over the limit. */
export function checkSize(core: Core, field: string, value: unknown): void {
	if (value === undefined) return;
	const most = core.limits.maxMetadataBytes;
	if (byteLength(JSON.stringify(value), most) > most) {
		throw new SwitchyardError("too_large", `${field}: over ${most} bytes`);
	}
}
