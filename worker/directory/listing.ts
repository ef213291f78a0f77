/** The list of all rooms, over the Directory objects that share it. */
import * as z from "zod";
import { SwitchyardError } from "../../shared/errors.ts";
import type { PageQuery, RoomSummary } from "../../shared/rest.ts";
import { decodeBase64, encodeBase64url } from "../auth/base64.ts";
import type { Env } from "../env.ts";
import type { DirectoryRpc } from "./rpc.ts";
import { spread } from "./spread.ts";

/** Fixed for good: with another number, rooms would be looked for where they were not put. */
const SHARDS = 8;

export function directoryShard(name: string): number {
	return spread(name, SHARDS);
}

export async function listRoom(env: Env, room: RoomSummary): Promise<void> {
	await shardOf(env, directoryShard(room.name)).add(room);
}

/** Only that room: one that was made anew under its name stays. */
export async function unlistRoom(env: Env, room: RoomSummary): Promise<void> {
	await shardOf(env, directoryShard(room.name)).remove(room);
}

/** The name of the room with that mark (mark.ts), if it is there. */
export async function findMarked(env: Env, mark: string): Promise<string | undefined> {
	const shard = Number.parseInt(mark.slice(0, 2), 16);
	return shard < SHARDS ? shardOf(env, shard).marked(mark) : undefined;
}

const Cursor = z.object({
	shard: z
		.number()
		.int()
		.min(0)
		.max(SHARDS - 1),
	after: z.string().max(128),
});
type Cursor = z.infer<typeof Cursor>;

/** Share by share, by name within each. The shares are asked at once, since most have less than a page. */
export async function listRooms(env: Env, page: PageQuery): Promise<{ items: RoomSummary[]; next?: string }> {
	const from = page.cursor === undefined ? { shard: 0, after: "" } : readCursor(page.cursor);
	const shards = Array.from({ length: SHARDS - from.shard }, (_, i) => from.shard + i);
	const lists = await Promise.all(
		shards.map((shard) =>
			shardOf(env, shard).list({ after: shard === from.shard ? from.after : "", limit: page.limit }),
		),
	);
	const found = lists.flatMap(({ items }, i) => items.map((item) => ({ item, shard: from.shard + i })));
	const shown = found.slice(0, page.limit);
	const last = shown.at(-1);
	const more = found.length > shown.length || lists.some((list) => list.more);
	const next = more && last ? writeCursor({ shard: last.shard, after: last.item.name }) : undefined;
	return { items: shown.map(({ item }) => item), next };
}

/** Seen through this interface, since workers-types cannot carry `unknown` through an RPC. */
function shardOf(env: Env, shard: number): DirectoryRpc {
	return env.DIRECTORY.getByName(`rooms-${shard}`) as unknown as DirectoryRpc;
}

function writeCursor(cursor: Cursor): string {
	return encodeBase64url(new TextEncoder().encode(JSON.stringify(cursor)));
}

function readCursor(text: string): Cursor {
	try {
		return Cursor.parse(JSON.parse(new TextDecoder().decode(decodeBase64(text))));
	} catch {
		throw new SwitchyardError("bad_request", "cursor: not one of this list");
	}
}
