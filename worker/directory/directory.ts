/** A share of the names of all rooms. Rooms enter and leave it themselves; nothing but listing depends on it. */
import { DurableObject } from "cloudflare:workers";
import type { RoomSummary } from "../../shared/rest.ts";
import type { Env } from "../env.ts";
import type { DirectoryRpc } from "./rpc.ts";

export class Directory extends DurableObject<Env> implements DirectoryRpc {
	readonly #sql: SqlStorage;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		this.#sql = ctx.storage.sql;
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS room (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID",
		);
	}

	async add({ name, createdAt }: RoomSummary): Promise<void> {
		this.#sql.exec(
			"INSERT INTO room VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET created_at = excluded.created_at",
			name,
			createdAt,
		);
	}

	async remove({ name, createdAt }: RoomSummary): Promise<void> {
		this.#sql.exec("DELETE FROM room WHERE name = ? AND created_at = ?", name, createdAt);
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
