/** Which of so many shares a name is in: FNV-1a, which spreads names that differ in a digit. */
export function spread(name: string, shares: number): number {
	let hash = 0x811c9dc5;
	for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
	return (hash >>> 0) % shares;
}
