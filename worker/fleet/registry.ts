/**
 * The nodes of a fleet. What a node registers is a row, since its addresses may be too long for a socket's attachment
 * and change rarely; its load changes every two seconds and stays out of storage (see fleet.ts).
 */
import type { NodeReport } from "../../shared/fleet.ts";

type Registration = Extract<NodeReport, { type: "register" }>;

export interface Row {
	id: string;
	/** The socket that registered it. Fences what an older socket of the same node does late. */
	connection: string;
	region: string;
	version: string;
	addresses: string[];
	maxEndpoints?: number;
	draining: boolean;
	connectedAt: number;
}

export class Registry {
	readonly #sql: SqlStorage;

	constructor(sql: SqlStorage) {
		this.#sql = sql;
		sql.exec(`CREATE TABLE IF NOT EXISTS node (
			id TEXT PRIMARY KEY,
			connection TEXT NOT NULL,
			region TEXT NOT NULL,
			version TEXT NOT NULL,
			addresses TEXT NOT NULL,
			max_endpoints INTEGER,
			draining INTEGER NOT NULL DEFAULT 0,
			connected_at INTEGER NOT NULL
		) WITHOUT ROWID`);
	}

	/** Replaces the node's earlier registration, whichever socket made it. */
	register(connection: string, report: Registration, now: number): Row {
		this.#sql.exec(
			"INSERT OR REPLACE INTO node VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
			report.node,
			connection,
			report.region,
			report.version,
			JSON.stringify(report.addresses),
			report.maxEndpoints ?? null,
			now,
		);
		const { node: id, region, version, addresses, maxEndpoints } = report;
		return { id, connection, region, version, addresses, maxEndpoints, draining: false, connectedAt: now };
	}

	drain(connection: string): void {
		this.#sql.exec("UPDATE node SET draining = 1 WHERE connection = ?", connection);
	}

	remove(connection: string): void {
		this.#sql.exec("DELETE FROM node WHERE connection = ?", connection);
	}

	/** By id. */
	all(): Row[] {
		return this.#sql
			.exec("SELECT * FROM node ORDER BY id")
			.toArray()
			.map((row) => ({
				id: String(row.id),
				connection: String(row.connection),
				region: String(row.region),
				version: String(row.version),
				addresses: JSON.parse(String(row.addresses)) as string[],
				maxEndpoints: row.max_endpoints === null ? undefined : Number(row.max_endpoints),
				draining: row.draining === 1,
				connectedAt: Number(row.connected_at),
			}));
	}
}
