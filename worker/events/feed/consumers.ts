/** Where each consumer of one share of the feed is. */
import type { ConsumerState } from "./rpc.ts";

type Stored = Omit<ConsumerState, "connected">;

export class Consumers {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS consumer (name TEXT PRIMARY KEY, position INTEGER NOT NULL, acked_at INTEGER NOT NULL) WITHOUT ROWID",
		);
	}

	all(): Stored[] {
		return this.#sql
			.exec<Stored & Record<string, SqlStorageValue>>(
				"SELECT name, position, acked_at AS ackedAt FROM consumer ORDER BY name",
			)
			.toArray();
	}

	/** Its position; one that is new begins at `position`. */
	ensure(name: string, position: number, now: number): number {
		this.#sql.exec("INSERT INTO consumer VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING", name, position, now);
		return this.#sql.exec<{ position: number }>("SELECT position FROM consumer WHERE name = ?", name).one().position;
	}

	/** Only forwards. */
	ack(name: string, position: number, now: number): void {
		this.#sql.exec(
			"UPDATE consumer SET position = ?2, acked_at = ?3 WHERE name = ?1 AND position < ?2",
			name,
			position,
			now,
		);
	}

	forget(name: string): boolean {
		return this.#sql.exec("DELETE FROM consumer WHERE name = ? RETURNING name", name).toArray().length > 0;
	}
}
