/**
 * This node's recordings: what was written is finished, told of, and brought to where recordings are kept, one after
 * another and for as long as it takes. Nothing is deleted before it has arrived; what another process left is found.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { PartReport, RecordingPart } from "../../shared/recordings.ts";
import { type Log, log } from "../observability/logger.ts";
import { errorBody } from "../rtc/errors.ts";
import { EdgeApi } from "./edge-api.ts";
import { finish } from "./finish.ts";
import { moveOn, place } from "./place.ts";
import type { RecordingConfig } from "./settings.ts";
import { type Manifest, Spool, type Take, type TakeFile } from "./spool.ts";
import { EdgeStore } from "./stores/edge.ts";
import { LOCAL_STORE } from "./stores/local.ts";
import type { Store } from "./stores/store.ts";
import { Turns } from "./turns.ts";

/** Before what failed is tried again, ms: doubled each time up to the most. */
const RETRY_MS = { first: 500, most: 60_000 };
/** Failures in a row after which somebody should know. */
const ALARMING = 3;
/** How long a process that wrote may take to end after its node did, ms. */
const WRITER_MS = 30_000;
const LOOK_MS = 100;

export class Recordings {
	readonly config: RecordingConfig;
	readonly #spool: Spool;
	readonly #api: EdgeApi;
	readonly #store: Promise<Store>;
	readonly #log: Log = log.child({ part: "recordings" });
	/** The disk and the way out each do one thing at a time; what has to wait lets the others go ahead. */
	readonly #disk = new Turns();
	readonly #way = new Turns();
	readonly #closed = new AbortController();
	/** Takes that are being written. */
	readonly #writing = new Set<Take>();
	/** Takes with something still to be done. */
	readonly #pending = new Set<Take>();
	/** Takes that the room has not been told of. */
	readonly #untold = new Map<Take, PromiseWithResolvers<void>>();
	#reports = 0;
	/** Failures of all kinds, files and bytes that have arrived, since start. */
	failures = 0;
	storedFiles = 0;
	storedBytes = 0;

	constructor(config: RecordingConfig, edge: { edge: string; token: string }) {
		this.config = config;
		this.#spool = new Spool(config.dir);
		this.#api = new EdgeApi(edge.edge, edge.token, this.#closed.signal);
		this.#store = storeOf(config, this.#api);
	}

	get writing(): number {
		return this.#writing.size;
	}

	get busy(): boolean {
		return this.#writing.size + this.#pending.size + this.#reports > 0;
	}

	get pending(): number {
		return this.#pending.size;
	}

	/** Goes on with what an earlier process left. */
	async begin(): Promise<void> {
		const leftover = await this.#spool.leftover();
		if (leftover.length > 0) this.#log.warn({ takes: leftover.length }, "recordings that were not finished");
		// Of each part the last.
		const last = new Map(leftover.map((take) => [keyOf(take.manifest.part), take]));
		for (const take of leftover) this.#untold.set(take, Promise.withResolvers());
		for (const take of leftover) {
			if (last.get(keyOf(take.manifest.part)) === take) take.manifest.over = true;
			this.#take(take);
		}
	}

	/** A place to write to. Rejects when there is no room for it. */
	async create(manifest: Manifest): Promise<Take> {
		await this.checkRoom();
		const take = await this.#spool.create(manifest);
		this.#writing.add(take);
		this.#untold.set(take, Promise.withResolvers());
		return take;
	}

	async checkRoom(): Promise<void> {
		const free = await this.#spool.free();
		if (free < this.config.minFreeBytes) {
			throw new SwitchyardError("node_failed", `the disk is full: ${Math.round(free / 1e6)} MB are free`);
		}
	}

	/** Nothing more is written to it. */
	written(take: Take, over: boolean): void {
		take.manifest.over = over;
		take.manifest.pid = undefined;
		this.#writing.delete(take);
		this.#take(take);
	}

	/** What stays of it is found at the next start, and has nothing left to do. */
	async #remove(take: Take): Promise<void> {
		await take.remove().catch((error: unknown) => this.#log.warn({ err: error }, "a take's folder stays"));
	}

	/** Nothing was written at all. */
	async discard(take: Take): Promise<void> {
		this.#writing.delete(take);
		this.#told(take);
		await this.#remove(take);
	}

	/** Tells the room that a part is over, none of whose takes is the last; after those. */
	report(report: PartReport): void {
		this.#reports++;
		void this.#allTold(report)
			.then(() => this.#persist("tell the room", () => this.#api.post("reports", report)))
			.finally(() => this.#reports--);
	}

	/** Resolves when all is done, or when its time is up: what is left then is found by the next process. */
	async drain(ms: number): Promise<void> {
		const end = Date.now() + ms;
		while (this.busy && Date.now() < end) await delay(LOOK_MS);
	}

	/** Resolves when nothing is done any more with what is on the disk: another may go on with it. */
	async close(): Promise<void> {
		this.#closed.abort();
		await Promise.all([this.#disk.idle(), this.#way.idle()]);
	}

	#take(take: Take): void {
		this.#pending.add(take);
		void this.#complete(take);
	}

	async #complete(take: Take): Promise<void> {
		const { manifest } = take;
		await gone(manifest.pid);
		let failures = 0;
		await this.#persist("finish a recording", () => this.#disk.run(() => this.#finish(take, failures++)));
		// What comes after the last of a part comes late.
		if (manifest.over) await this.#allTold(manifest.part, manifest.take);
		await this.#persist("tell the room of files", () => this.#way.run(() => this.#tell(take)));
		for (const it of manifest.files ?? []) {
			const bring = () => this.#way.run(() => this.#bring(take, it));
			const alarm = (error: ErrorBody) => {
				const { part, over = false } = manifest;
				void this.#api.post("reports", { ...part, files: [it.file], over, error }).catch(() => {});
			};
			if (it.file.state !== "stored") await this.#persist("store a recording", bring, alarm);
		}
		if (this.#closed.signal.aborted) return;
		await this.#remove(take);
		this.#pending.delete(take);
	}

	async #finish(take: Take, failures: number): Promise<void> {
		const { manifest } = take;
		const { signal } = this.#closed;
		signal.throwIfAborted();
		if (!manifest.files) {
			await take.save();
			// What cannot be put together is kept as it was written.
			manifest.files = await finish(take, { together: failures < ALARMING, signal });
			await take.save();
		}
		signal.throwIfAborted();
		await place(take, this.config.dir);
	}

	async #tell(take: Take): Promise<void> {
		const { files = [], part, over = false, take: number, reported } = take.manifest;
		if (reported) return this.#told(take);
		const nothing: ErrorBody = { code: "node_failed", message: "nothing came that could be written" };
		const error = files.length === 0 && over && number === 1 ? nothing : undefined;
		const report: PartReport = { ...part, files: files.map(({ file }) => file), over, error };
		await this.#api.post("reports", report);
		take.manifest.reported = true;
		this.#told(take);
		await take.save();
	}

	#told(take: Take): void {
		this.#untold.get(take)?.resolve();
		this.#untold.delete(take);
	}

	/** Those of a part that came before. */
	async #allTold(part: RecordingPart, before = Number.POSITIVE_INFINITY): Promise<void> {
		const earlier = [...this.#untold].filter(([{ manifest }]) => {
			return keyOf(manifest.part) === keyOf(part) && manifest.take < before;
		});
		await Promise.all(earlier.map(([, { promise }]) => promise));
	}

	async #bring(take: Take, it: TakeFile): Promise<void> {
		const { part } = take.manifest;
		const local = join(this.config.dir, it.file.path);
		const store = await this.#store;
		try {
			await store.bring({
				...{ part, file: it.file, local, upload: it.upload, signal: this.#closed.signal },
				save: (upload) => {
					it.upload = upload;
					return take.save();
				},
			});
		} catch (error) {
			if (!(error instanceof SwitchyardError) || error.code !== "conflict") throw error;
			this.#log.warn({ path: it.file.path }, "another file is where a recording was to go");
			await moveOn(take, it, this.config.dir);
			await this.#api.post("reports", { ...part, files: [it.file], over: take.manifest.over ?? false });
			return this.#bring(take, it);
		}
		// The edge has noticed when it went through it.
		if (!(store instanceof EdgeStore)) {
			const files = [{ ...it.file, state: "stored" as const }];
			await this.#api.post("reports", { ...part, files, over: take.manifest.over ?? false });
		}
		it.file.state = "stored";
		await take.save();
		if (!store.keepsLocal) await rm(local, { force: true });
		this.storedFiles++;
		this.storedBytes += it.file.bytes;
		this.#log.info({ path: it.file.path, bytes: it.file.bytes }, "a recording has arrived");
	}

	/** Tries until it is done, or this node ends. */
	async #persist(what: string, work: () => Promise<unknown>, alarm?: (error: ErrorBody) => void): Promise<void> {
		for (let failures = 1; !this.#closed.signal.aborted; failures++) {
			try {
				await work();
				return;
			} catch (error) {
				if (this.#closed.signal.aborted) return;
				this.failures++;
				const body = errorBody(error);
				if (failures % ALARMING === 0) {
					this.#log.error({ err: error, failures }, `cannot ${what}; it is tried again`);
					alarm?.(body);
				} else this.#log.warn({ err: error, failures }, `cannot ${what}; it is tried again`);
				const pause = Math.min(RETRY_MS.first * 2 ** (failures - 1), RETRY_MS.most);
				await delay(pause, undefined, { signal: this.#closed.signal }).catch(() => {});
			}
		}
	}
}

/** A library as large as that of S3 is loaded where it is used. */
async function storeOf({ store, s3 }: RecordingConfig, api: EdgeApi): Promise<Store> {
	if (s3) return new (await import("./stores/s3.ts")).S3Store(s3);
	return store === "local" ? LOCAL_STORE : new EdgeStore(api);
}

function keyOf({ room, recording, part, epoch }: RecordingPart): string {
	return `${room} ${epoch} ${recording} ${part}`;
}

/** A process that outlived its node closes its files. */
async function gone(pid: number | undefined): Promise<void> {
	if (pid === undefined) return;
	const end = Date.now() + WRITER_MS;
	while (Date.now() < end) {
		try {
			process.kill(pid, 0);
		} catch {
			return;
		}
		await delay(LOOK_MS);
	}
}
