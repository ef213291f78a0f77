/**
 * The mix: one picture and one sound of everybody else, for receivers that cannot take each of them (docs/mixing.md).
 * To who gets it, it comes from a participant that nobody else knows of.
 */
import type { TrackInfo } from "./media.ts";

/** Not a participant's id, and no track of anybody's. */
export const MIX = "~mix";
export const MIX_TRACKS = { audio: "mix-audio", video: "mix-video" } as const;
export const MIX_INFO: readonly TrackInfo[] = [
	{ id: MIX_TRACKS.audio, kind: "audio", source: "audio", muted: false },
	{ id: MIX_TRACKS.video, kind: "video", source: "camera", muted: false },
];

export function isMixTrack(track: string): boolean {
	return track === MIX_TRACKS.audio || track === MIX_TRACKS.video;
}
