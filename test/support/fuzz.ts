/** What is nearly right: values and frames that a seed breaks. */
import type { Random } from "./random.ts";

export interface Bends {
	/** In the place of what is right. */
	odd: readonly unknown[];
	/** Of what is there too much. */
	keys: readonly string[];
}

/** Something in it is another thing, is gone, or is there twice over. */
export function bend(value: unknown, random: Random, bends: Bends): unknown {
	if (typeof value !== "object" || value === null || random.below(4) === 0) return random.pick(bends.odd);
	const copy: Record<string, unknown> = { ...(value as Record<string, unknown>) };
	const all = Object.keys(copy);
	const key = all[random.below(all.length)];
	if (key === undefined || random.below(6) === 0) copy[random.pick(bends.keys)] = random.pick(bends.odd);
	else if (random.below(3) === 0) delete copy[key];
	else copy[key] = bend(copy[key], random, bends);
	return copy;
}

/** One of so many texts is broken, and one of so many comes as bytes, of which one may be wrong. */
export function mangle(text: string, random: Random, odds: { broken: number; bytes: number }): string | ArrayBuffer {
	let written = text;
	if (random.below(odds.broken) === 0) {
		const at = random.below(written.length);
		written =
			written.slice(0, at) + random.pick(["", "{", '"', "\\", "\u0000", "}]"]) + written.slice(at + random.below(3));
	}
	if (random.below(odds.bytes) > 0) return written;
	const bytes = new TextEncoder().encode(written);
	if (bytes.length > 0 && random.below(2) === 0) bytes[random.below(bytes.length)] = random.below(256);
	return bytes.buffer as ArrayBuffer;
}
