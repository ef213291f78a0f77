/**
 * Brings a room's events to everyone who gets them: in order, one delivery at a time to each, each at its own pace.
 * What was not taken is tried again, after longer and longer pauses; the pauses are in storage, and the room's alarm
 * ends them. An event is forgotten when everybody has it, so that one may come twice but none is lost.
 */
import type { EventRecord } from "../../shared/events.ts";
import type { Core } from "../room/core.ts";
import { PendingEvents, type Progress } from "./pending.ts";
import { type EventSettings, eventSettings } from "./settings.ts";
import { sinkOfRoom, sinksOfAll } from "./sinks/all.ts";
import { RetryLater, type Sink } from "./sinks/sink.ts";

/** A delivery that takes longer has failed, ms. */
const LONGEST_MS = 45_000;
/** One that memory was lost in is begun again after this long, unless something wakes the room before, ms. */
const LOST_MS = 60_000;

type Outcome = { how: "delivered" | "gone" } | { how: "failed"; error: unknown };

export class Delivery {
	readonly #core: Core;
	readonly #settings: EventSettings;
	readonly #ofAll: readonly Sink[];
	readonly #ofRoom = new Map<string, Sink | undefined>();
	readonly pending: PendingEvents;
	/** Since when each has a delivery on its way. Memory only. */
	readonly #busy = new Map<string, number>();

	constructor(core: Core) {
		this.#core = core;
		this.#settings = eventSettings(core.env);
		this.#ofAll = sinksOfAll(core.env, this.#settings, core.limits);
		this.pending = core.store.with(new PendingEvents(core.ctx.storage.sql, core.limits.maxPendingEvents));
	}

	/** Somebody gets this room's events. */
	get wanted(): boolean {
		return this.#ofAll.length > 0 || this.urls.length > 0;
	}

	/** Of the room's own settings. */
	get urls(): readonly string[] {
		return this.#core.record?.settings.webhooks?.filter((url) => this.#sinkOfRoom(url)) ?? [];
	}

	/** Begins what can be delivered. After a commit, since only what is written is told. */
	begin(): void {
		if (this.pending.empty) return;
		const now = Date.now();
		for (const sink of this.#sinks()) {
			if (this.#busy.has(sink.name)) continue;
			const progress = this.pending.progress(sink.name);
			if (progress.stopped || progress.seq >= this.pending.last || (progress.retryAt ?? 0) > now) continue;
			const events = this.pending.next(sink, sink.most, sink.mostBytes);
			if (events.length === 0) {
				progress.seq = this.pending.last;
				continue;
			}
			this.#busy.set(sink.name, now);
			this.#core.ctx.waitUntil(this.#deliver(sink, events));
		}
		this.#forget();
		this.#core.commit();
	}

	/** When to look again, if there is anything to deliver. */
	nextAt(): number | undefined {
		if (this.pending.empty) return undefined;
		const times = this.#sinks().flatMap(({ name }) => {
			const { seq, stopped, retryAt } = this.pending.progress(name);
			if (stopped || seq >= this.pending.last) return [];
			const since = this.#busy.get(name);
			return since === undefined ? (retryAt ?? Date.now()) : since + LOST_MS;
		});
		return times.length > 0 ? Math.min(...times) : undefined;
	}

	async #deliver(sink: Sink, events: readonly EventRecord[]): Promise<void> {
		let outcome: Outcome;
		try {
			outcome = { how: await within(LONGEST_MS, sink.deliver(events)) };
		} catch (error) {
			outcome = { how: "failed", error };
		}
		this.#core.settle(() => {
			this.#busy.delete(sink.name);
			this.#settle(sink, events, outcome);
			this.#forget();
			this.#core.timesChanged = true;
		});
	}

	#settle(sink: Sink, events: readonly EventRecord[], outcome: Outcome): void {
		const progress = this.pending.progress(sink.name);
		if (outcome.how === "failed") {
			this.#failed(sink, progress, events, outcome.error);
			return;
		}
		if (outcome.how === "gone") {
			progress.stopped = true;
			console.error({ event: "webhook stopped: it answers 410", ...whereOf(sink, events) });
		}
		const failing = progress.failures > 0;
		progress.seq = events.at(-1)?.seq ?? progress.seq;
		progress.failures = 0;
		progress.retryAt = undefined;
		// While somebody is behind, the rows that are gone do not tell what the others have.
		if (failing || progress.stopped || this.#someoneFails()) this.pending.touch(sink.name);
	}

	#failed(sink: Sink, progress: Progress, events: readonly EventRecord[], error: unknown): void {
		const { eventRetryMs, eventRetryMostMs } = this.#core.limits;
		const now = Date.now();
		if (progress.failures === 0) {
			console.error({ event: "events not delivered yet", ...whereOf(sink, events), error: String(error) });
			for (const { name } of this.#sinks()) this.pending.touch(name);
		}
		const pause = Math.min(eventRetryMostMs, eventRetryMs * 2 ** progress.failures);
		progress.failures++;
		progress.retryAt = now + (error instanceof RetryLater ? error.afterMs : (0.5 + Math.random() / 2) * pause);
		this.pending.touch(sink.name);
		const { giveUpMs } = sink;
		if (giveUpMs === undefined) return;
		const old = events.filter(({ at }) => at + giveUpMs <= now);
		for (const { id, seq } of old) {
			progress.seq = seq;
			console.error({ event: "event given up: nobody took it", ...whereOf(sink, events), id });
		}
	}

	/** What everybody has is deleted with the next commit. */
	#forget(): void {
		const { last } = this.pending;
		if (this.pending.empty) return;
		const behind = this.#sinks().flatMap(({ name }) => {
			const { seq, stopped } = this.pending.progress(name);
			return stopped ? [] : seq;
		});
		this.pending.pruneBelow(Math.min(last, ...behind) + 1);
	}

	#someoneFails(): boolean {
		return this.#sinks().some(({ name }) => this.pending.progress(name).failures > 0);
	}

	#sinks(): Sink[] {
		const ofRoom = [...this.pending.urls].flatMap((url) => this.#sinkOfRoom(url) ?? []);
		return [...this.#ofAll, ...ofRoom];
	}

	#sinkOfRoom(url: string): Sink | undefined {
		if (!this.#ofRoom.has(url)) this.#ofRoom.set(url, sinkOfRoom(url, this.#settings, this.#core.limits));
		return this.#ofRoom.get(url);
	}
}

/** For the log. */
function whereOf({ label }: Sink, [first]: readonly EventRecord[]) {
	return { room: first?.room, to: label };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
	let timer: ReturnType<typeof setTimeout> | null = null;
	const over = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
	});
	try {
		return await Promise.race([promise, over]);
	} finally {
		clearTimeout(timer);
	}
}
