/** What stands for somebody without a picture. */

export function initials(name: string): string {
	const words = name.trim().split(/\s+/);
	const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => [...(word ?? "")][0] ?? "");
	return letters.join("").toUpperCase();
}

/** The same colour for the same person, everywhere. */
export function hueOf(id: string): number {
	let hash = 0;
	for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 65_521;
	// Ids that differ in one letter should not look alike.
	return Math.round((hash * 137.5) % 360);
}
