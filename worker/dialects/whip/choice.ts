/** What somebody is given to watch: one publisher's video and audio. */

import type { Source } from "../../../shared/tokens.ts";
import type { Feed } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import type { Member, Track } from "../../room/state.ts";
import { sessionOf, type Watching } from "./session.ts";

/** The first that is there. */
const ORDER: Record<Feed, { video: Source[]; audio: Source[] }> = {
	camera: { video: ["camera", "screen"], audio: ["audio", "screenAudio"] },
	screen: { video: ["screen", "camera"], audio: ["screenAudio", "audio"] },
};

export interface Choice {
	publisher?: string;
	video?: Track;
	audio?: Track;
}

export function choose(core: Core, member: Member): Choice {
	const { watches } = sessionOf(member);
	if (!watches) return {};
	const live = [...core.tracks.values()].filter(({ live, participant }) => live && participant !== member.id);
	const publisher = publisherOf(core, watches, live);
	if (publisher === undefined) return {};
	const theirs = live.filter(({ participant }) => participant === publisher);
	const pick = (kind: "video" | "audio") =>
		// It stays with what it has.
		theirs.find(({ info }) => info.id === watches[kind]) ??
		ORDER[watches.feed][kind].map((source) => theirs.find(({ info }) => info.source === source)).find((it) => it);
	return { publisher, video: pick("video"), audio: pick("audio") };
}

/** Who was asked for; else who it was, while they publish; else who came first of those with video, or with sound. */
function publisherOf(core: Core, { participant, publisher }: Watching, live: readonly Track[]): string | undefined {
	if (participant !== undefined) return participant;
	if (live.some((track) => track.participant === publisher && track.info.kind !== "data")) return publisher;
	for (const kind of ["video", "audio"]) {
		const who = live
			.filter(({ info }) => info.kind === kind)
			.flatMap((track) => core.members.get(track.participant) ?? []);
		const [first] = who.toSorted((a, b) => a.join - b.join);
		if (first) return first.id;
	}
	return undefined;
}
