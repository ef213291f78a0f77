/** A share of the names of all rooms. Rooms enter and leave it themselves; nothing but listing depends on it. */
import { DurableObject } from "cloudflare:workers";
import type { RoomSummary } from "../../shared/rest.ts";
import type { Env } from "../env.ts";
import { markOf } from "./mark.ts";
import type { DirectoryRpc } from "./rpc.ts";

export class Directory extends DurableObject<Env> implements DirectoryRpc {
	readonly #sql: SqlStorage;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		this.#sql = ctx.storage.sql;
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS room (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID",
		);
		this.#sql.exec("CREATE TABLE IF NOT EXISTS mark (mark TEXT, name TEXT, PRIMARY KEY (mark, name)) WITHOUT ROWID");
	}

	async add({ name, createdAt }: RoomSummary): Promise<void> {
		this.#sql.exec(
			"INSERT INTO room VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET created_at = excluded.created_at",
			name,
			createdAt,
		);
		this.#sql.exec("INSERT INTO mark VALUES (?, ?) ON CONFLICT DO NOTHING", markOf(name), name);
	}

	async remove({ name, createdAt }: RoomSummary): Promise<void> {
		const { rowsWritten } = this.#sql.exec("DELETE FROM room WHERE name = ? AND created_at = ?", name, createdAt);
		if (rowsWritten > 0) this.#sql.exec("DELETE FROM mark WHERE mark = ? AND name = ?", markOf(name), name);
	}

	async marked(mark: string): Promise<string | undefined> {
		return this.#sql.exec<{ name: string }>("SELECT name FROM mark WHERE mark = ? LIMIT 1", mark).toArray()[0]?.name;
	}

	async list({
		after = "",
		limit,
	}: {
		after?: string;
		limit: number;
	}): Promise<{ items: RoomSummary[]; more: boolean }> {
		// One more than asked for tells whether there is more.
		const items = this.#sql
			.exec<{ name: string; createdAt: number }>(
				"SELECT name, created_at AS createdAt FROM room WHERE name > ? ORDER BY name LIMIT ?",
				after,
				limit + 1,
			)
			.toArray();
		return { items: items.slice(0, limit), more: items.length > limit };
	}
}
