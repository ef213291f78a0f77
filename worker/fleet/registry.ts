/**
 * The nodes of a fleet. What a node registers is a row, since its addresses may be too long for a socket's attachment
 * and change rarely; its load changes every two seconds and stays out of storage (see fleet.ts). A row outlives its
 * socket for as long as the node may come back.
 */
import type { NodeReport } from "../../shared/fleet.ts";

type Registration = Extract<NodeReport, { type: "register" }>;

export interface Drain {
	/** ms since 1970 */
	deadline: number;
	/** The node ends then, or when it serves nothing any more. */
	exit: boolean;
}

export interface Row {
	id: string;
	/** The socket that registered it. Fences what an older socket of the same node does late. */
	connection: string;
	/** The process that registered it. */
	instance?: string;
	region: string;
	version: string;
	addresses: string[];
	maxEndpoints?: number;
	/** Where its TURN server is reached. */
	turn?: string[];
	/** It stops by itself; when, ms since 1970. */
	stopsAt?: number;
	/** Asked for over REST. Outlives the registration, unless the node was to exit. */
	drain?: Drain;
	connectedAt: number;
}

/** When its rooms must be gone, if they must. */
export function deadlineOf({ stopsAt, drain }: Pick<Row, "stopsAt" | "drain">): number | undefined {
	if (stopsAt === undefined || drain === undefined) return stopsAt ?? drain?.deadline;
	return Math.min(stopsAt, drain.deadline);
}

export class Registry {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		sql.exec(`CREATE TABLE IF NOT EXISTS node (
			id TEXT PRIMARY KEY,
			connection TEXT NOT NULL,
			instance TEXT,
			region TEXT NOT NULL,
			version TEXT NOT NULL,
			addresses TEXT NOT NULL,
			max_endpoints INTEGER,
			stops_at INTEGER,
			connected_at INTEGER NOT NULL,
			turn TEXT
		) WITHOUT ROWID`);
		// Tables of before nodes had TURN servers.
		const columns = sql.exec("SELECT name FROM pragma_table_info('node')").toArray();
		if (!columns.some(({ name }) => name === "turn")) sql.exec("ALTER TABLE node ADD COLUMN turn TEXT");
		sql.exec(
			"CREATE TABLE IF NOT EXISTS drain (node TEXT PRIMARY KEY, deadline INTEGER NOT NULL, exit INTEGER NOT NULL) WITHOUT ROWID",
		);
		sql.exec("CREATE TABLE IF NOT EXISTS failed (node TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID");
	}

	/** Replaces the node's earlier registration, whichever socket made it. */
	register(connection: string, report: Registration, now: number): Row {
		const { node: id, instance, region, version, addresses, maxEndpoints, turn } = report;
		this.#sql.exec(
			"INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?, ?, ?, NULL, ?, ?)",
			id,
			connection,
			instance ?? null,
			region,
			version,
			JSON.stringify(addresses),
			maxEndpoints ?? null,
			now,
			turn ? JSON.stringify(turn) : null,
		);
		const drain = this.#drainOf(id);
		return { id, connection, instance, region, version, addresses, maxEndpoints, turn, drain, connectedAt: now };
	}

	stops(row: Row, at: number): void {
		row.stopsAt = at;
		this.#sql.exec("UPDATE node SET stops_at = ? WHERE connection = ?", at, row.connection);
	}

	drain(node: string, { deadline, exit }: Drain): void {
		this.#sql.exec("INSERT OR REPLACE INTO drain VALUES (?, ?, ?)", node, deadline, exit ? 1 : 0);
	}

	undrain(node: string): void {
		this.#sql.exec("DELETE FROM drain WHERE node = ?", node);
	}

	#drainOf(node: string): Drain | undefined {
		const [row] = this.#sql.exec("SELECT deadline, exit FROM drain WHERE node = ?", node).toArray();
		return row && { deadline: Number(row.deadline), exit: row.exit === 1 };
	}

	/** The process is gone. A drain that it was to exit by is over with it. */
	remove(id: string): void {
		this.#sql.exec("DELETE FROM node WHERE id = ?", id);
		this.#sql.exec("DELETE FROM drain WHERE node = ? AND exit = 1", id);
	}

	get(id: string): Row | undefined {
		return this.#rows("SELECT * FROM node WHERE id = ?", id)[0];
	}

	/** By id. */
	all(): Row[] {
		return this.#rows("SELECT * FROM node ORDER BY id");
	}

	#rows(query: string, ...values: string[]): Row[] {
		return this.#sql
			.exec(query, ...values)
			.toArray()
			.map((row) => ({
				id: String(row.id),
				connection: String(row.connection),
				instance: row.instance === null ? undefined : String(row.instance),
				region: String(row.region),
				version: String(row.version),
				addresses: JSON.parse(String(row.addresses)) as string[],
				maxEndpoints: row.max_endpoints === null ? undefined : Number(row.max_endpoints),
				stopsAt: row.stops_at === null ? undefined : Number(row.stops_at),
				turn: row.turn === null ? undefined : (JSON.parse(String(row.turn)) as string[]),
				drain: this.#drainOf(String(row.id)),
				connectedAt: Number(row.connected_at),
			}));
	}

	// ------------------------------------------------------------ those that failed

	failed(node: string, at: number): void {
		this.#sql.exec("INSERT OR REPLACE INTO failed VALUES (?, ?)", node, at);
	}

	/** When each failed, of those that did so after that time; the others are forgotten. */
	failedSince(since: number): Map<string, number> {
		this.#sql.exec("DELETE FROM failed WHERE at <= ?", since);
		const rows = this.#sql.exec("SELECT node, at FROM failed").toArray();
		return new Map(rows.map(({ node, at }) => [String(node), Number(at)]));
	}
}
