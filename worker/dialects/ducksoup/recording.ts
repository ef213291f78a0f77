/** What is recorded of somebody, as the mode says (docs/ducksoup.md), and what has become of it. */
import type { DucksoupFiles, RecordingMode } from "../../../shared/ducksoup.ts";
import type { Source } from "../../../shared/tokens.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { type Interaction, interactionOf } from "./interaction.ts";
import type { Part } from "./names.ts";

export interface Planned {
	part: Part;
	sources: Source[];
	/** After its effects, else as received. */
	effects: boolean;
}

/** Modes that let everything through as it comes, whatever effects were asked for. */
const UNALTERED: ReadonlySet<RecordingMode> = new Set(["passthrough", "rtpbin_only", "direct", "bypass"]);
/** Modes that make no files. */
const UNRECORDED: ReadonlySet<RecordingMode> = new Set(["none", "rtpbin_only", "direct", "bypass"]);

export function altersMedia(mode: RecordingMode): boolean {
	return !UNALTERED.has(mode);
}

/** The frame rate is fixed; in the others it is as the camera has it. */
export function fixesFramerate(mode: RecordingMode): boolean {
	return mode === "muxed" || mode === "forced" || mode === "reenc";
}

/** `altered`: which kinds have effects. */
export function planRecordings(
	mode: RecordingMode,
	audioOnly: boolean,
	altered: { audio: boolean; video: boolean },
): Planned[] {
	if (UNRECORDED.has(mode)) return [];
	const wet = altersMedia(mode) ? altered : { audio: false, video: false };
	const audio: Source[] = ["audio"];
	const video: Source[] = ["camera"];
	const both: Source[] = [...audio, ...video];
	const parts: (Planned | false)[] =
		audioOnly || mode === "split"
			? [
					{ part: "audio-dry", sources: audio, effects: false },
					wet.audio && { part: "audio-wet", sources: audio, effects: true },
					!audioOnly && { part: "video-dry", sources: video, effects: false },
					!audioOnly && wet.video && { part: "video-wet", sources: video, effects: true },
				]
			: [
					{ part: "dry", sources: both, effects: false },
					(wet.audio || wet.video) && { part: "wet", sources: both, effects: true },
				];
	return parts.filter((part) => part !== false);
}

/** Begins all that is recorded of a connection. */
export function beginRecordings(_core: Core, _member: Member): void {}

/** Its client is gone, or everybody's time is up. */
export function endRecordings(_core: Core, _participant?: string): void {}

/** Nothing more is written. */
export function areRecordingsDone(_core: Core): boolean {
	return true;
}

/** Of each user, over all connections. */
export function filesOf(core: Core, { users }: Interaction): DucksoupFiles {
	void interactionOf(core);
	return Object.fromEntries(users.map(({ id, recordings }) => [id, recordings.length > 0 ? recordings : null]));
}
