/** The events of one share of the feed, in SQL: in the order in which they came, each once. */
import type { FeedRpc } from "./rpc.ts";

interface Row extends Record<string, SqlStorageValue> {
	position: number;
	at: number;
	body: string;
}

export class FeedLog {
	readonly #storage: DurableObjectStorage;
	readonly #sql: SqlStorage;
	/** Another one when storage began anew. */
	readonly id: string;
	#last: number;

	constructor(storage: DurableObjectStorage) {
		this.#storage = storage;
		this.#sql = storage.sql;
		this.#sql.exec("CREATE TABLE IF NOT EXISTS log (id TEXT NOT NULL)");
		// Positions are never used again, also when all rows were pruned.
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS event (position INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, room TEXT NOT NULL, body TEXT NOT NULL)",
		);
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS room (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
		);
		const [known] = this.#sql.exec<{ id: string }>("SELECT id FROM log").toArray();
		this.id = known?.id ?? crypto.randomUUID();
		if (!known) this.#sql.exec("INSERT INTO log (id) VALUES (?)", this.id);
		const [sequence] = this.#sql
			.exec<{ seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'event'")
			.toArray();
		this.#last = sequence?.seq ?? 0;
	}

	/** Position of the latest event there ever was; 0 before the first. */
	get last(): number {
		return this.#last;
	}

	get empty(): boolean {
		return this.#sql.exec("SELECT 1 FROM event LIMIT 1").toArray().length === 0;
	}

	/** Adds what is new of a room's. A room whose call was lost on the way makes it again. */
	append(room: string, events: readonly { seq: number; body: string }[], now: number): boolean {
		return this.#storage.transactionSync(() => {
			const [known] = this.#sql.exec<{ seq: number }>("SELECT seq FROM room WHERE name = ?", room).toArray();
			let seq = known?.seq ?? 0;
			const before = this.#last;
			for (const event of events) {
				if (event.seq <= seq) continue;
				seq = event.seq;
				this.#last = this.#sql
					.exec<{ position: number }>(
						"INSERT INTO event (at, room, body) VALUES (?, ?, ?) RETURNING position",
						now,
						room,
						event.body,
					)
					.one().position;
			}
			if (this.#last === before) return false;
			this.#sql.exec(
				"INSERT INTO room VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET seq = excluded.seq, at = excluded.at",
				room,
				seq,
				now,
			);
			return true;
		});
	}

	/** After a position, up to so many and so many bytes, or one. */
	after(position: number, most: number, mostBytes: number, room?: string): Row[] {
		const rows = this.#sql.exec<Row>(
			`SELECT position, at, body FROM event WHERE position > ? ${room === undefined ? "" : "AND room = ?"} ORDER BY position LIMIT ?`,
			...(room === undefined ? [position, most] : [position, room, most]),
		);
		const found: Row[] = [];
		let bytes = 0;
		for (const row of rows) {
			bytes += row.body.length;
			if (found.length > 0 && bytes > mostBytes) break;
			found.push(row);
		}
		return found;
	}

	page(
		{ after, limit, room }: Parameters<FeedRpc["read"]>[0],
		mostBytes: number,
	): Awaited<ReturnType<FeedRpc["read"]>> {
		const items = this.after(after, limit, mostBytes, room);
		// A page that is not full has looked at everything there is, also at other rooms' events.
		const complete = items.length < limit && items.reduce((sum, { body }) => sum + body.length, 0) < mostBytes;
		return { items, end: complete ? Math.max(after, this.#last) : (items.at(-1)?.position ?? after) };
	}

	/** Forgets what came before a time; the positions of what is gone. */
	prune(before: number): { first: number; last: number } | undefined {
		const { first, last } = this.#sql
			.exec<{ first: number | null; last: number | null }>(
				"SELECT min(position) AS first, max(position) AS last FROM event WHERE at < ?",
				before,
			)
			.one();
		if (first === null || last === null) return undefined;
		this.#sql.exec("DELETE FROM event WHERE position <= ?", last);
		// Numbers only grow, also of a room made anew: nothing that was here can come again after so long.
		this.#sql.exec("DELETE FROM room WHERE at < ?", before);
		return { first, last };
	}
}
