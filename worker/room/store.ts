/**
 * The Room object's SQLite storage: one table of JSON documents per entity, read whole on waking.
 *
 * Writes are gathered while a message is handled and made at its end, after everything was sent: the output gate
 * holds back whatever is sent after a write until the write is replicated (10 ms and more in production), so sending
 * first keeps storage off the relay path.
 */
export class Store {
	readonly #storage: DurableObjectStorage;
	readonly #tables: Table<unknown>[] = [];
	#also: Stored | undefined;

	constructor(storage: DurableObjectStorage) {
		this.#storage = storage;
	}

	/** Declares a table, creating it when it is not there. */
	table<T>(name: string): Table<T> {
		const table = new Table<T>(this.#storage.sql, name);
		this.#tables.push(table as Table<unknown>);
		return table;
	}

	/** Something of another form, in the same commits. */
	with<T extends Stored>(stored: T): T {
		this.#also = stored;
		return stored;
	}

	/** Writes what has changed since the last time, all or nothing. False: nothing had. */
	commit(): boolean {
		const dirty = this.#all.filter(({ dirty }) => dirty);
		if (dirty.length === 0) return false;
		this.#storage.transactionSync(() => {
			for (const table of dirty) table.flush();
		});
		return true;
	}

	/** Forgets everything, the alarm too. */
	async clear(): Promise<void> {
		await this.#storage.deleteAll();
		for (const table of this.#all) table.reset();
	}

	/** Forgets all tables, and writes the rest, all or nothing. */
	clearTables(): void {
		this.#storage.transactionSync(() => {
			for (const table of this.#tables) table.clear();
			this.#also?.flush();
		});
	}

	get #all(): Stored[] {
		return this.#also ? [...this.#tables, this.#also] : this.#tables;
	}
}

/** What a commit writes. */
export interface Stored {
	readonly dirty: boolean;
	flush(): void;
	/** All of storage was deleted. */
	reset(): void;
}

/** Values by key: a Map that storage follows. Change a value in place, then `touch` it. */
export class Table<T> implements Stored {
	readonly #sql: SqlStorage;
	readonly #name: string;
	readonly #values = new Map<string, T>();
	readonly #dirty = new Set<string>();

	constructor(sql: SqlStorage, name: string) {
		this.#sql = sql;
		this.#name = name;
		this.#create();
		const rows = sql.exec<{ key: string; value: string }>(`SELECT key, value FROM ${name} ORDER BY rowid`);
		for (const { key, value } of rows) this.#values.set(key, JSON.parse(value) as T);
	}

	get dirty(): boolean {
		return this.#dirty.size > 0;
	}
	get size(): number {
		return this.#values.size;
	}
	get(key: string): T | undefined {
		return this.#values.get(key);
	}
	has(key: string): boolean {
		return this.#values.has(key);
	}
	values(): IterableIterator<T> {
		return this.#values.values();
	}
	entries(): IterableIterator<[string, T]> {
		return this.#values.entries();
	}
	set(key: string, value: T): void {
		this.#values.set(key, value);
		this.#dirty.add(key);
	}
	/** The value under the key was changed in place. */
	touch(key: string): void {
		this.#dirty.add(key);
	}
	delete(key: string): boolean {
		if (!this.#values.delete(key)) return false;
		this.#dirty.add(key);
		return true;
	}

	flush(): void {
		for (const key of this.#dirty) {
			const value = this.#values.get(key);
			if (value === undefined) this.#sql.exec(`DELETE FROM ${this.#name} WHERE key = ?`, key);
			else {
				this.#sql.exec(
					`INSERT INTO ${this.#name} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
					key,
					JSON.stringify(value),
				);
			}
		}
		this.#dirty.clear();
	}

	/** Deletes all rows. */
	clear(): void {
		this.#sql.exec(`DELETE FROM ${this.#name}`);
		this.#values.clear();
		this.#dirty.clear();
	}

	reset(): void {
		this.#values.clear();
		this.#dirty.clear();
		this.#create();
	}

	#create(): void {
		this.#sql.exec(`CREATE TABLE IF NOT EXISTS ${this.#name} (key TEXT PRIMARY KEY, value TEXT NOT NULL)`);
	}
}
