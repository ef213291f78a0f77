/** Names of folders and files. All they are made of is letters, digits, `-` and `_`. */
import type { Interaction } from "./interaction.ts";

/** `20060102-150405.000`, UTC. */
export function timestamp(ms: number): string {
	const [date = "", time = ""] = new Date(ms).toISOString().replace("Z", "").split("T");
	return `${date.replaceAll("-", "")}-${time.replaceAll(":", "")}`;
}

export function folderOf({ namespace, name }: { namespace: string; name: string }): string {
	return `data/${namespace}/${name}`;
}

/** Of a run, from its beginning. */
export function logName(name: string, at: number): string {
	return `${name}-a-${timestamp(at)}.log`;
}

/** Of the latest run under the interaction's name. */
export function plotName(kind: "audio" | "video", user: string): string {
	return `plots/${kind}-${user}-bitrates.svg`;
}

export type Part = "dry" | "wet" | "audio-dry" | "audio-wet" | "video-dry" | "video-wet";

/** What file systems and object stores take, less what is added to it. */
const MOST_FILE_NAME = 220;

/** Of the recording of a user's so-and-so-many-th connection, from its beginning; without extension. */
export function recordingPath(
	interaction: Interaction,
	{ user, connection, part, at }: { user: string; connection: number; part: Part; at: number },
): string {
	const { id, namespace, name } = interaction;
	const file = (space: string) => `i-${id}-a-${timestamp(at)}-s-${space}-n-${name}-u-${user}-c-${connection}-${part}`;
	const over = Math.max(0, file(namespace).length - MOST_FILE_NAME);
	// The folder tells the namespace too.
	return `${folderOf(interaction)}/recordings/${file(namespace.slice(0, namespace.length - over))}`;
}
