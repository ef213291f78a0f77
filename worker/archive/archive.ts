/**
 * An Archive Durable Object: a folder of small text files, such as logs, by its name. They are kept until somebody
 * removes them. A file is stored in pieces, so that adding to it costs what is added.
 */
import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import type { ArchivedFile, ArchiveRpc } from "./rpc.ts";

/** UTF-16 units. A row holds at most 2 MB. */
const PIECE = 262_144;
/** What is beyond is not kept: a log that is written to without end is of no use to anybody. */
export const MOST_BYTES = 33_554_432;

export class Archive extends DurableObject<Env> implements ArchiveRpc {
	readonly #sql: SqlStorage;
	/** Files that were told to be full. */
	readonly #full = new Set<string>();

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

	/** Piece by piece: a value that crosses an RPC whole may be of 32 MiB, which two-byte texts are before their bytes are. */
	async read(name: string): Promise<ReadableStream<Uint8Array> | undefined> {
		if (this.#bytesOf(name) === undefined) return undefined;
		const encoder = new TextEncoder();
		const query = "SELECT at, text FROM piece WHERE name = ? AND at > ? ORDER BY at LIMIT 1";
		let last = -1;
		return new ReadableStream({
			type: "bytes",
			pull: (controller) => {
				const [next] = this.#sql.exec<{ at: number; text: string }>(query, name, last).toArray();
				if (next) {
					last = next.at;
					controller.enqueue(encoder.encode(next.text));
				} else {
					controller.close();
					// Nobody may wait for bytes that do not come.
					controller.byobRequest?.respond(0);
				}
			},
		});
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

	#bytesOf(name: string): number | undefined {
		return this.#sql.exec<{ bytes: number }>("SELECT bytes FROM file WHERE name = ?", name).toArray()[0]?.bytes;
	}

	#append(name: string, text: string): void {
		let bytes = this.#bytesOf(name) ?? 0;
		for (const piece of piecesOf(text)) {
			const more = new TextEncoder().encode(piece).length;
			if (bytes + more > MOST_BYTES) {
				this.#tellFull(name);
				break;
			}
			this.#sql.exec("INSERT INTO piece VALUES (?, ?, ?)", name, bytes, piece);
			bytes += more;
		}
		this.#sql.exec(
			"INSERT INTO file VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, changed_at = excluded.changed_at",
			...[name, bytes, Date.now()],
		);
	}

	/** Once: whoever writes on would fill the operator's log next. */
	#tellFull(name: string): void {
		if (this.#full.has(name)) return;
		this.#full.add(name);
		console.error({ event: "archived file is full", folder: this.ctx.id.name, file: name, bytes: MOST_BYTES });
	}

	#remove(name: string): boolean {
		this.#full.delete(name);
		this.#sql.exec("DELETE FROM piece WHERE name = ?", name);
		return this.#sql.exec("DELETE FROM file WHERE name = ?", name).rowsWritten > 0;
	}
}

/** No piece ends within a character: its halves are none when they are encoded on their own. */
function* piecesOf(text: string): Generator<string> {
	for (let from = 0; from < text.length; ) {
		let to = Math.min(from + PIECE, text.length);
		if (to < text.length && (text.charCodeAt(to - 1) & 0xfc00) === 0xd800) to--;
		yield text.slice(from, to);
		from = to;
	}
}
