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

export function logName({ name, createdAt }: Pick<Interaction, "name" | "createdAt">): string {
	return `${name}-a-${timestamp(createdAt)}.log`;
}

export type Part = "dry" | "wet" | "audio-dry" | "audio-wet" | "video-dry" | "video-wet";

/** Of the recording of a user's so-and-so-many-th connection, from its beginning. */
export function recordingPath(
	interaction: Interaction,
	{
		user,
		connection,
		part,
		extension,
		at,
	}: { user: string; connection: number; part: Part; extension: string; at: number },
): string {
	const { id, namespace, name } = interaction;
	const file = `i-${id}-a-${timestamp(at)}-s-${namespace}-n-${name}-u-${user}-c-${connection}-${part}.${extension}`;
	return `${folderOf(interaction)}/recordings/${file}`;
}
