import type { Env } from "../env.ts";
import type { ArchiveRpc } from "./rpc.ts";

/** Seen through this interface, as other objects are. */
export function archiveOf(env: Env, folder: string): ArchiveRpc {
	return env.ARCHIVE.getByName(folder) as unknown as ArchiveRpc;
}
