/** Who speaks in a room is found router by router; this makes one answer of theirs. */
import type { Speaker } from "./media.ts";

export interface Speakers {
	/** Loudest first. */
	speakers: Speaker[];
	/** The active speaker. */
	dominant?: string;
}

/** Loudest of all who are told of at once. */
const MOST = 8;

/** The dominant speaker of all is the one of those of each whose voice is loudest now. */
export function mergeSpeakers(parts: Iterable<Speakers>): Speakers {
	const all: Speaker[] = [];
	let dominant: { participant: string; volume: number } | undefined;
	for (const part of parts) {
		all.push(...part.speakers);
		if (part.dominant === undefined) continue;
		const volume = Math.max(
			-127,
			...part.speakers.filter(({ participant }) => participant === part.dominant).map((it) => it.volume),
		);
		if (!dominant || volume > dominant.volume) dominant = { participant: part.dominant, volume };
	}
	const speakers = all.sort((a, b) => b.volume - a.volume).slice(0, MOST);
	return { speakers, dominant: dominant?.participant };
}
