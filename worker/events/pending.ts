/**
 * The room's events that somebody is still to get, in its storage: written in the same commit as what they tell of,
 * and gone when everybody has them. Rows are read when they are delivered, not kept in memory. The tables are made with
 * the first event, so that a room without receivers pays nothing.
 */
import type { EventRecord } from "../../shared/events.ts";
import type { Stored } from "../room/store.ts";

/** How far one receiver is. */
export interface Progress {
	/** It has everything up to this number. */
	seq: number;
	/** Failures since it last took something. */
	failures: number;
	/** Not before this time. */
	retryAt?: number;
	/** It wants nothing more of this room. */
	stopped?: true;
}

/** Which events a receiver gets: of all, or of those that name it. */
export interface Receiver {
	name: string;
	/** Set for one that only the room's settings name: its events say so. */
	url?: string;
}

interface Row extends Record<string, SqlStorageValue> {
	seq: number;
	body: string;
}

export class PendingEvents implements Stored {
	readonly #sql: SqlStorage;
	readonly #most: number;
	readonly #added: { event: EventRecord; urls: readonly string[] }[] = [];
	readonly #progress = new Map<string, Progress>();
	readonly #changed = new Set<string>();
	/** URLs that events here name. */
	readonly urls = new Set<string>();
	#tables = false;
	/** Of the rows. */
	#size = 0;
	#last = 0;
	/** No row is below this number. */
	#first = 0;
	/** Those below are to be deleted with the next commit. */
	#prune = 0;

	constructor(sql: SqlStorage, most: number) {
		this.#sql = sql;
		this.#most = most;
		this.#tables = sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'pending_event'").toArray().length > 0;
		if (!this.#tables) return;
		for (const { size, last } of sql.exec<{ size: number; last: number | null }>(
			"SELECT count(*) AS size, max(seq) AS last FROM pending_event",
		)) {
			this.#size = size;
			this.#last = last ?? 0;
		}
		for (const { urls } of sql.exec<{ urls: string }>("SELECT DISTINCT urls FROM pending_event WHERE urls <> '[]'")) {
			for (const url of JSON.parse(urls) as string[]) this.urls.add(url);
		}
		for (const { name, value } of sql.exec<{ name: string; value: string }>("SELECT name, value FROM event_receiver")) {
			this.#progress.set(name, JSON.parse(value) as Progress);
		}
	}

	/** Nobody is still to get anything. */
	get empty(): boolean {
		return this.#size === 0 && this.#added.length === 0;
	}

	/** Number of the latest event here; 0 when there is none. */
	get last(): number {
		return this.#added.at(-1)?.event.seq ?? this.#last;
	}

	/** Something is in storage that outlives the room itself. */
	get used(): boolean {
		return this.#tables;
	}

	/** Comes with the next commit; its number is above all others here. `urls`: who gets it besides those who get all. */
	add(event: EventRecord, urls: readonly string[]): void {
		this.#added.push({ event, urls });
		for (const url of urls) this.urls.add(url);
	}

	progress(name: string): Progress {
		let progress = this.#progress.get(name);
		if (!progress) {
			progress = { seq: 0, failures: 0 };
			this.#progress.set(name, progress);
		}
		return progress;
	}

	/** Writes a receiver's progress with the next commit. Rows that are gone tell of it too, and cost nothing more. */
	touch(name: string): void {
		this.#changed.add(name);
	}

	/** The next for a receiver, of what is committed, up to so many bytes or one. */
	next({ name, url }: Receiver, most: number, mostBytes: number): EventRecord[] {
		if (!this.#tables) return [];
		const { seq } = this.progress(name);
		const rows = this.#sql.exec<Row>(
			url === undefined
				? "SELECT seq, body FROM pending_event WHERE seq > ?1 ORDER BY seq LIMIT ?2"
				: "SELECT seq, body FROM pending_event WHERE seq > ?1 AND ?3 IN (SELECT value FROM json_each(urls)) ORDER BY seq LIMIT ?2",
			...(url === undefined ? [seq, most] : [seq, most, url]),
		);
		const events: EventRecord[] = [];
		let bytes = 0;
		for (const { body } of rows) {
			// Three bytes a character at most; exact enough for a limit that leaves room.
			bytes += body.length * 3;
			if (events.length > 0 && bytes > mostBytes) break;
			events.push(JSON.parse(body) as EventRecord);
		}
		return events;
	}

	/** Everything below this number has reached everybody. */
	pruneBelow(seq: number): void {
		if (seq > this.#first) this.#prune = Math.max(this.#prune, seq);
	}

	get dirty(): boolean {
		return this.#added.length > 0 || this.#prune > 0 || this.#changed.size > 0;
	}

	flush(): void {
		if (!this.#tables) this.#create();
		for (const { event, urls } of this.#added) {
			const { seq } = event;
			this.#sql.exec(
				"INSERT INTO pending_event (seq, urls, body) VALUES (?, ?, ?)",
				seq,
				JSON.stringify(urls),
				JSON.stringify(event),
			);
			this.#last = seq;
			this.#size++;
		}
		this.#added.length = 0;
		if (this.#prune > 0) {
			this.#delete("seq < ?", this.#prune);
			this.#first = this.#prune;
			this.#prune = 0;
		}
		if (this.#size > this.#most) {
			const lost = this.#size - this.#most;
			this.#delete("seq IN (SELECT seq FROM pending_event ORDER BY seq LIMIT ?)", lost);
			console.error({ event: "events dropped: too many are waiting", lost, most: this.#most });
		}
		for (const name of this.#changed) this.#save(name);
		this.#changed.clear();
	}

	reset(): void {
		this.#added.length = 0;
		this.#changed.clear();
		this.#progress.clear();
		this.urls.clear();
		this.#tables = false;
		this.#size = 0;
		this.#last = 0;
		this.#first = 0;
		this.#prune = 0;
	}

	#delete(where: string, value: number): void {
		this.#size -= this.#sql.exec(`DELETE FROM pending_event WHERE ${where} RETURNING seq`, value).toArray().length;
		if (this.#size === 0) this.urls.clear();
	}

	#save(name: string): void {
		this.#sql.exec(
			"INSERT INTO event_receiver (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
			name,
			JSON.stringify(this.progress(name)),
		);
	}

	#create(): void {
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS pending_event (seq INTEGER PRIMARY KEY, urls TEXT NOT NULL, body TEXT NOT NULL)",
		);
		this.#sql.exec(
			"CREATE TABLE IF NOT EXISTS event_receiver (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
		);
		this.#tables = true;
	}
}
