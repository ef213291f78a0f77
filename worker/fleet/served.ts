/**
 * Which rooms each node serves, by assignment, so that they can be told of its end. A row lasts until the room let go of
 * the node, or was told that the node is gone.
 */
export interface Service {
	node: string;
	room: string;
	epoch: number;
}

export class Served {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		// `told`: the deadline that the room was told to be gone by. `gone`: when the node went.
		sql.exec(`CREATE TABLE IF NOT EXISTS served (
			node TEXT NOT NULL,
			room TEXT NOT NULL,
			epoch INTEGER NOT NULL,
			told INTEGER,
			gone INTEGER,
			PRIMARY KEY (node, room, epoch)
		) WITHOUT ROWID`);
		sql.exec("CREATE INDEX IF NOT EXISTS served_gone ON served (gone) WHERE gone IS NOT NULL");
	}

	add({ node, room, epoch }: Service): void {
		// A later assignment of a room ends on the node what the earlier one granted.
		this.#sql.exec(
			"DELETE FROM served WHERE node = ? AND room = ? AND epoch < ? AND gone IS NULL",
			...[node, room, epoch],
		);
		this.#sql.exec("INSERT OR IGNORE INTO served VALUES (?, ?, ?, NULL, NULL)", node, room, epoch);
	}

	/** False when it was not known. */
	remove({ node, room, epoch }: Service): boolean {
		const removed = this.#sql.exec(
			"DELETE FROM served WHERE node = ? AND room = ? AND epoch = ?",
			...[node, room, epoch],
		);
		return removed.rowsWritten > 0;
	}

	// ------------------------------------------------------------ nodes that are gone

	/** The node is gone; how many rooms are to be told. */
	gone(node: string, at: number): number {
		this.#sql.exec("UPDATE served SET gone = ? WHERE node = ? AND gone IS NULL", at, node);
		return Number(this.#sql.exec("SELECT count(*) AS n FROM served WHERE node = ? AND gone = ?", node, at).one().n);
	}

	/** Rooms to be told, the longest gone first. */
	ofGone(limit: number): Service[] {
		return this.#services("SELECT node, room, epoch FROM served WHERE gone IS NOT NULL ORDER BY gone LIMIT ?", limit);
	}

	/** Gives up on rooms that could not be told for so long: they have noticed by their links. */
	forgetGone(before: number): void {
		this.#sql.exec("DELETE FROM served WHERE gone <= ?", before);
	}

	// ------------------------------------------------------------ nodes that drain

	/** Rooms of the node that were told something else than this deadline. */
	untold(node: string, deadline: number | undefined, limit: number): Service[] {
		return this.#services(
			"SELECT node, room, epoch FROM served WHERE node = ? AND gone IS NULL AND told IS NOT ? LIMIT ?",
			...[node, deadline ?? null, limit],
		);
	}

	tell({ node, room, epoch }: Service, deadline: number | undefined): void {
		this.#sql.exec(
			"UPDATE served SET told = ? WHERE node = ? AND room = ? AND epoch = ?",
			...[deadline ?? null, node, room, epoch],
		);
	}

	/** Nodes of which some room was told a deadline. */
	told(): string[] {
		const rows = this.#sql.exec("SELECT DISTINCT node FROM served WHERE told IS NOT NULL AND gone IS NULL").toArray();
		return rows.map(({ node }) => String(node));
	}

	#services(query: string, ...values: (string | number | null)[]): Service[] {
		return this.#sql
			.exec(query, ...values)
			.toArray()
			.map(({ node, room, epoch }) => ({ node: String(node), room: String(room), epoch: Number(epoch) }));
	}
}
