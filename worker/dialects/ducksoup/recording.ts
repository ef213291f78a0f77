/** What is recorded of somebody, as the mode says (docs/ducksoup.md), and what has become of it. */
import type { DucksoupFiles, RecordingMode } from "../../../shared/ducksoup.ts";
import type { RecordedSource } from "../../../shared/recordings.ts";
import type { Core } from "../../room/core.ts";
import { recordingsOf } from "../../room/recording-views.ts";
import { startRecording, stopRecording } from "../../room/recordings.ts";
import type { Member } from "../../room/state.ts";
import { DIALECT, type Interaction, interactionOf, keepInteraction, type User, userOf } from "./interaction.ts";
import { log } from "./log.ts";
import { type Part, recordingPath } from "./names.ts";
import { peerFor } from "./peer.ts";

export interface Planned {
	part: Part;
	sources: RecordedSource[];
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
	const audio: RecordedSource[] = ["audio"];
	const video: RecordedSource[] = ["camera"];
	const both: RecordedSource[] = [...audio, ...video];
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
export function beginRecordings(core: Core, member: Member): void {
	const interaction = interactionOf(core);
	const user = interaction && userOf(interaction, member.id);
	const peer = peerFor(member);
	if (!user || peer.recorded) return;
	peer.recorded = true;
	core.members.touch(member.id);
	if (core.env.DUCKSOUP_NO_RECORDING === "true") return;
	const { options, connection, altered } = peer;
	const at = Date.now();
	for (const { part, sources, effects } of planRecordings(options.recordingMode, interaction.audioOnly, altered)) {
		const id = `${DIALECT}-${member.join}-${part}`;
		const path = recordingPath(interaction, { user: user.id, connection, part, at });
		const container = sources.includes("camera") ? "mp4" : "ogg";
		try {
			startRecording(core, { id, participant: member.id, sources, effects, path, container, dialect: DIALECT });
		} catch (error) {
			log(core, "error", "pipeline", "recording_failed", { user: user.id, value: path, error: String(error) });
			continue;
		}
		user.recordings.push({ id, file: `${path}.${extensionOf(core, member, sources)}` });
		log(core, "info", "pipeline", "pipeline_started", { user: user.id, recording_prefix: path });
	}
	keepInteraction(core);
}

/** As recorders choose it. */
function extensionOf(core: Core, { id }: Member, sources: readonly RecordedSource[]): string {
	if (!sources.includes("camera")) return "ogg";
	const camera = core.tracksOf(id).find(({ info }) => info.source === "camera");
	return camera?.coding?.mimeType.toLowerCase() === "video/h264" ? "mp4" : "mkv";
}

/** Its client is gone, or everybody's time is up. */
export function endRecordings(core: Core, participant?: string): void {
	for (const user of interactionOf(core)?.users ?? []) {
		if (participant !== undefined && user.id !== participant) continue;
		for (const { id } of user.recordings) if (core.recordings.has(id)) stopRecording(core, id);
	}
}

/** Nothing more is written. */
export function areRecordingsDone(core: Core): boolean {
	const ids = new Set(interactionOf(core)?.users.flatMap(({ recordings }) => recordings.map(({ id }) => id)));
	return recordingsOf(core).every(({ id, state }) => !ids.has(id) || state === "ended" || state === "failed");
}

/** Of each user, over all connections. What is not finished yet is named as it is going to be called. */
export function filesOf(core: Core, { users }: Interaction): DucksoupFiles {
	const known = new Map(recordingsOf(core).map((recording) => [recording.id, recording]));
	const files = ({ recordings }: User) =>
		recordings.flatMap(({ id, file }) => {
			const recording = known.get(id);
			if (!recording || recording.state === "failed") return [];
			return recording.files.length > 0 ? recording.files.map(({ path }) => path) : [file];
		});
	const entries = users.map((user): [string, string[] | null] => {
		const paths = files(user);
		return [user.id, paths.length > 0 ? paths : null];
	});
	return Object.fromEntries(entries);
}
