/** A GStreamer pipeline in a process of its own: a plugin that crashes takes nothing else with it. */
import { EventEmitter } from "node:events";
import { type Log, log } from "../observability/logger.ts";
import { FromChild, type Scalar, type Setting, type StartSetting, WAITING } from "./messages.ts";
import { Child } from "./process.ts";
import { spares } from "./spares.ts";
import { watchUsage } from "./usage.ts";

/** How long a pipeline may take to start, ms: the first one after an installation reads every plugin. */
const START_MS = 20_000;
/** After `finish`, for a process that does not end by itself, ms. */
const FINISH_MS = 15_000;

export interface PipelineSpec {
	/** As gst-launch-1.0 reads it; never with anything from outside in it. May hold keys, so it is not logged. */
	text: string;
	/** Set before it plays, each by its declared type. What cannot be set fails the pipeline, unless it is optional. */
	settings?: readonly StartSetting[];
	/** By names of elements: a udpsink (`also`) that sends from the port that a udpsrc (`of`) listens on. */
	sockets?: readonly { of: string; also: string }[];
	/**
	 * How long after it came in everything goes out, where that has a clock: in the place of what its elements ask for.
	 * What is late goes out at once.
	 */
	latencyMs?: number;
	/** What it is to logs. */
	name: string;
}

/** How it ended: as it was told to, with an error of its own, or as a process that died. */
export type PipelineEnd = { cause: "finished" } | { cause: "failed" | "crashed"; message: string };

type Message = Extract<FromChild, { type: "message" }>;

/** Emits `playing` when all of it plays, and `message` for what its elements tell. */
export class Pipeline extends EventEmitter<{ playing: []; message: [Message] }> {
	/** Sockets are bound and files are open. Rejects when it ends before that. */
	readonly started: Promise<void>;
	/** Its process is gone. */
	readonly ended: Promise<PipelineEnd>;
	readonly #child: Child;
	readonly #log: Log;
	readonly #asked = new Map<number, (value: Scalar | undefined) => void>();
	#asks = 0;
	#end: PipelineEnd | undefined;
	#over = false;

	constructor({ text, settings = [], sockets = [], latencyMs, name }: PipelineSpec) {
		super();
		this.#log = log.child({ part: "gst", pipeline: name });
		this.#child = spares.take() ?? new Child(this.#log);
		this.#child.log = this.#log;
		const { process: forked } = this.#child;
		const unwatch = watchUsage(forked.pid);
		const started = Promise.withResolvers<void>();
		this.started = started.promise;
		this.started.catch(() => {});
		const ended = Promise.withResolvers<PipelineEnd>();
		this.ended = ended.promise;
		const slow = setTimeout(() => this.#giveUp("it did not start in time"), START_MS);
		forked.on("message", (message) => {
			const news = FromChild.safeParse(message).data;
			if (!news) return this.#giveUp("its process said what is not understood");
			if (news.type === "started") {
				clearTimeout(slow);
				started.resolve();
				spares.fill();
			} else this.#hear(news);
		});
		// `exit` may come ahead of what was sent last; `close` comes when all of it is there.
		const gone = (how: string) => {
			if (this.#over) return;
			this.#over = true;
			unwatch();
			clearTimeout(slow);
			// Not before: what starts has the cores for itself.
			spares.fill();
			const end: PipelineEnd = this.#end ?? { cause: "crashed", message: how };
			for (const answer of this.#asked.values()) answer(undefined);
			this.#asked.clear();
			started.reject(new Error(end.cause === "finished" ? "ended before it started" : end.message));
			if (end.cause !== "finished") this.#log.warn(end, "a pipeline ended");
			ended.resolve(end);
		};
		forked.once("close", (code, signal) => gone(`its process ended with ${signal ?? `code ${code}`}`));
		forked.once("error", (error) => gone(error.message));
		this.#child.send({ type: "start", text, settings: [...settings], sockets: [...sockets], latencyMs });
	}

	/** Of its process. */
	get pid(): number | undefined {
		return this.#child.process.pid;
	}

	/** At once, or in steps over `duration` ms. What cannot be set is logged. */
	set(setting: Setting, duration?: number): void {
		this.#child.send({ type: "set", ...setting, duration });
	}

	/** Undefined: no such thing, or the pipeline is gone. */
	get(element: string, property: string): Promise<Scalar | undefined> {
		if (this.#over) return Promise.resolve(undefined);
		const id = ++this.#asks;
		const answer = new Promise<Scalar | undefined>((resolve) => this.#asked.set(id, resolve));
		this.#child.send({ type: "get", id, element, property });
		return answer;
	}

	/** Has an encoder make a key frame. */
	keyUnit(element: string): void {
		this.#child.send({ type: "keyUnit", element });
	}

	/** Ends the stream: what is on its way is written, files are closed. */
	finish(): Promise<PipelineEnd> {
		this.#child.send({ type: "finish" });
		const timer = setTimeout(() => this.#giveUp("it did not end in time"), FINISH_MS);
		void this.ended.then(() => clearTimeout(timer));
		return this.ended;
	}

	/** At once, whatever is lost by that. */
	kill(): void {
		this.#end ??= { cause: "finished" };
		this.#child.kill();
	}

	#giveUp(message: string): void {
		this.#end ??= { cause: "failed", message };
		this.#child.kill();
	}

	#hear(news: FromChild): void {
		switch (news.type) {
			case "playing":
				return void this.emit("playing");
			case "message":
				return void this.emit("message", news);
			case "value":
				this.#asked.get(news.id)?.(news.value);
				this.#asked.delete(news.id);
				return;
			case "refused":
				return this.#log.info({ element: news.element, property: news.property }, `not set: ${news.reason}`);
			case "warning":
				return this.#log.warn({ element: news.element }, news.message);
			case "failed":
				this.#end ??= { cause: "failed", message: news.element ? `${news.element}: ${news.message}` : news.message };
				return;
			case "finished":
				this.#end ??= { cause: "finished" };
				return;
		}
	}
}

/**
 * Which of some elements this machine has, and GStreamer's version.
 * Undefined where there is no GStreamer at all.
 */
export async function probe(
	elements: readonly string[],
): Promise<{ version: string; elements: ReadonlySet<string> } | undefined> {
	const child = new Child(log.child({ part: "gst", pipeline: "probe" }), [WAITING]);
	const { process: forked } = child;
	const timer = setTimeout(() => child.kill(), START_MS);
	let found: { version: string; elements: ReadonlySet<string> } | undefined;
	try {
		found = await new Promise((resolve) => {
			forked.once("message", (message) => {
				const news = FromChild.safeParse(message).data;
				resolve(news?.type === "elements" ? { version: news.version, elements: new Set(news.there) } : undefined);
			});
			forked.once("close", () => resolve(undefined));
			forked.once("error", () => resolve(undefined));
			child.send({ type: "probe", elements: [...elements] });
		});
		return found;
	} finally {
		clearTimeout(timer);
		if (found) spares.give(child);
		else child.kill();
	}
}
