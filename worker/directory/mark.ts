/** A room's mark: a short text by which a name can be found again that is too long to be carried. */
import { hash32 } from "../hash.ts";
import { directoryShard } from "./listing.ts";

/** Hexadecimal digits: two for the share of the directory, the others tell names of a share apart. */
export const MARK_LENGTH = 16;
const FIRST = 0x9e3779b9;
const SECOND = 0x85ebca6b;

export function markOf(name: string): string {
	return hex(directoryShard(name), 2) + hex(hash32(name, FIRST), 8) + hex(hash32(name, SECOND), 6);
}

function hex(value: number, digits: number): string {
	return value.toString(16).toUpperCase().padStart(digits, "0").slice(-digits);
}
