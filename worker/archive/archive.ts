/**
 * An Archive Durable Object: a folder of small text files, such as logs, by its name. They are kept until somebody
 * removes them. A file is stored in pieces, so that adding to it costs what is added.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import type { ArchivedFile, ArchiveRpc } from "./rpc.ts";

/** A row holds at most 2 MB. */
const PIECE = 262_144;
/** What is beyond is not kept: a log that is written to without end is of no use to anybody. */
const MOST_BYTES = 33_554_432;

export class Archive extends DurableObject<Env> implements ArchiveRpc {
	readonly #sql: SqlStorage;

	constructor(ctx: DurableObjectState, env: Env) {
		super(ctx, env);
		this.#sql = ctx.storage.sql;
		this.#create();
	}

	#create(): void {
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS piece (
			name TEXT NOT NULL, at INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (name, at)
		) WITHOUT ROWID`);
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS file (
			name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, changed_at INTEGER NOT NULL
		) WITHOUT ROWID`);
	}

	async append(name: string, text: string): Promise<void> {
		this.ctx.storage.transactionSync(() => this.#append(name, text));
	}

	async write(name: string, text: string): Promise<void> {
		this.ctx.storage.transactionSync(() => {
			this.#remove(name);
			this.#append(name, text);
		});
	}

	async read(name: string): Promise<string | undefined> {
		const pieces = this.#sql
			.exec<{ text: string }>("SELECT text FROM piece WHERE name = ? ORDER BY at", name)
			.toArray();
		return pieces.length > 0 ? pieces.map(({ text }) => text).join("") : undefined;
	}

	async list(): Promise<ArchivedFile[]> {
		const query = "SELECT name, bytes, changed_at AS changedAt FROM file ORDER BY name";
		return this.#sql.exec<{ name: string; bytes: number; changedAt: number }>(query).toArray();
	}

	async remove(name: string): Promise<boolean> {
		const removed = this.ctx.storage.transactionSync(() => this.#remove(name));
		if (removed && this.#sql.exec("SELECT 1 FROM file LIMIT 1").toArray().length === 0) {
			// Nothing is left of an object whose storage was deleted.
			await this.ctx.storage.deleteAll();
			this.#create();
		}
		return removed;
	}

	#append(name: string, text: string): void {
		let bytes =
			this.#sql.exec<{ bytes: number }>("SELECT bytes FROM file WHERE name = ?", name).toArray()[0]?.bytes ?? 0;
		for (let from = 0; from < text.length && bytes < MOST_BYTES; from += PIECE) {
			const piece = text.slice(from, from + PIECE);
			this.#sql.exec("INSERT INTO piece VALUES (?, ?, ?)", name, bytes, piece);
			bytes += new TextEncoder().encode(piece).length;
		}
		this.#sql.exec(
			"INSERT INTO file VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, changed_at = excluded.changed_at",
			...[name, bytes, Date.now()],
		);
	}

	#remove(name: string): boolean {
		this.#sql.exec("DELETE FROM piece WHERE name = ?", name);
		return this.#sql.exec("DELETE FROM file WHERE name = ?", name).rowsWritten > 0;
	}
}
