/** One part of a recording on this node: written until it is stopped or its tracks end, by one process after another if need be. */
import { setTimeout as delay } from "node:timers/promises";
import type { DataProducer, Producer } from "mediasoup/types";
import { type ErrorBody, SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import type { RecordedSource, RecordingPart } from "../../shared/recordings.ts";
import type { PipelineEnd } from "../gst/pipeline.ts";
import type { Log } from "../observability/logger.ts";
import { errorBody } from "../rtc/errors.ts";
import type { Home } from "../rtc/home.ts";
import { isData, type RoomTrack } from "../rtc/tracks.ts";
import { isRecordable } from "./capture.ts";
import { COMPOSED } from "./compose.ts";
import type { Recordings } from "./recordings.ts";
import type { Take } from "./spool.ts";
import { Writer } from "./writer.ts";

type Command = Extract<LinkCommand, { type: "record" }>;

/** Processes that died one after another: then the room decides when to go on. */
const MOST_CRASHES = 5;
/** One that wrote for this long before it died is none of those, ms. */
const STEADY_MS = 60_000;
/** Before the second in a row, ms: the first is replaced at once. */
const PAUSE_MS = 500;
const LOOK_MS = 5_000;
/** So long a change is waited for that comes with another, ms. */
const GATHER_MS = 100;

export interface RecorderEvents {
	onState(state: "started" | "finishing" | "failed", error?: ErrorBody): void;
}

export class Recorder {
	readonly #command: Command;
	readonly #room: string;
	/** Tracks as they are at the time, of those that are to be recorded. */
	readonly #tracks: () => RoomTrack[];
	readonly #home: Promise<Home>;
	readonly #recordings: Recordings;
	readonly #events: RecorderEvents;
	readonly #log: Log;
	#writer: Writer | undefined;
	/** Goes on until the one that takes its place is written. */
	#former: Writer | undefined;
	#changed = Promise.withResolvers<"changed">();
	#stopped = false;
	#failure: ErrorBody | undefined;

	constructor(
		room: string,
		command: Command,
		tracks: () => RoomTrack[],
		home: Promise<Home>,
		recordings: Recordings,
		log: Log,
		events: RecorderEvents,
	) {
		this.#room = room;
		this.#command = command;
		this.#tracks = tracks;
		this.#home = home;
		this.#recordings = recordings;
		this.#log = log.child({ recording: command.recording, recordingPart: command.part });
		this.#events = events;
		void this.#run();
	}

	/** What has come is written; its files follow. */
	stop(): void {
		this.#stopped = true;
		this.#former?.stop();
		this.#writer?.stop();
	}

	/** One of the tracks has another source now: effects began, or died. */
	changed(): void {
		this.#changed.resolve("changed");
	}

	async #run(): Promise<void> {
		let started = false;
		let crashes = 0;
		for (let number = 1; ; number++) {
			const since = Date.now();
			let take: Take | undefined;
			let sources: Found[] = [];
			try {
				sources = await this.#sources();
				take = await this.#recordings.create(this.#manifest(number, sources));
				const writer = await this.#open(take, sources);
				await writer.flowing();
				this.#former?.stop();
				this.#former = undefined;
				if (!started && !this.#stopped) this.#events.onState("started");
				started = true;
				const watch = setInterval(() => void this.#watch(), LOOK_MS);
				const end = await this.#until(writer, sources);
				clearInterval(watch);
				this.#writer = undefined;
				if (end === "changed") {
					this.#former = writer;
					const former = take;
					void writer.ended.then(() => this.#recordings.written(former, false));
					continue;
				}
				const last = this.#stopped || end.cause === "finished" || ++crashes >= MOST_CRASHES;
				if (Date.now() - since > STEADY_MS) crashes = 0;
				this.#recordings.written(take, last);
				take = undefined;
				if (end.cause !== "finished") {
					this.#recordings.failures++;
					this.#log.error({ ...end, crashes }, "a recorder died");
				}
				if (!last) {
					if (crashes > 1) await delay(PAUSE_MS * 2 ** crashes);
					if (!this.#stopped) continue;
					// Stopped meanwhile: none of its takes is told of as the last.
					this.#over();
				}
				if (this.#failure) this.#events.onState("failed", this.#failure);
				else if (end.cause === "finished" || this.#stopped) this.#events.onState("finishing");
				else this.#events.onState("failed", { code: "node_failed", message: end.message });
				return;
			} catch (error) {
				if (!this.#writer && !this.#stopped && isLess(sources) && ++crashes < MOST_CRASHES) {
					if (take) await this.#recordings.discard(take).catch(() => {});
					continue;
				}
				this.#former?.stop();
				this.#recordings.failures++;
				this.#log.error({ err: error }, "cannot record");
				const writer = this.#writer;
				this.#writer = undefined;
				if (take && writer) {
					writer.stop();
					await writer.ended;
					this.#recordings.written(take, true);
				} else {
					if (take) await this.#recordings.discard(take).catch(() => {});
					// Over the link alone it may never hear of it.
					this.#over(errorBody(error));
				}
				this.#events.onState("failed", errorBody(error));
				return;
			}
		}
	}

	get #part(): RecordingPart {
		const { recording, part, epoch } = this.#command;
		return { room: this.#room, recording, part, epoch };
	}

	/** No take of it is the last: the room is told apart from all of them. */
	#over(error?: ErrorBody): void {
		this.#recordings.report({ ...this.#part, files: [], over: true, error });
	}

	/** The end of a writer; or what it writes is not any more what is to be written. */
	async #until(writer: Writer, sources: readonly Found[]): Promise<PipelineEnd | "changed"> {
		for (;;) {
			const what = await Promise.race([writer.ended, this.#changed.promise]);
			if (what !== "changed") return what;
			this.#changed = Promise.withResolvers();
			// Sound and picture change one after the other.
			await delay(GATHER_MS);
			const now = this.#recordable();
			const same = now.length === sources.length && sources.every(({ track }) => now.includes(track));
			if (!same && now.length > 0 && !this.#stopped) return "changed";
		}
	}

	async #open(take: Take, sources: readonly Found[]): Promise<Writer> {
		const { recording, part } = this.#command;
		const { layout } = this.#command;
		const files = sources.map(({ producer }, i) => {
			const track = take.manifest.tracks[layout ? 0 : i];
			const onFirst = (at: number) => {
				if (track) track.firstAt = at;
				// It is saved again when it is written.
				void take.save().catch(() => {});
			};
			return { producer, file: take.file(nameOf(layout ? 0 : i)), onFirst };
		});
		const writer = await Writer.open(await this.#home, files, `${recording} ${part}`, layout);
		this.#writer = writer;
		if (this.#stopped) writer.stop();
		take.manifest.pid = writer.pid;
		await take.save();
		return writer;
	}

	#manifest(take: number, sources: readonly Found[]) {
		const { path, container, split, layout } = this.#command;
		const tracks = layout
			? [{ name: nameOf(0), source: "camera" as const, ...COMPOSED }]
			: sources.map(({ source, mimeType }, i) => ({ name: nameOf(i), source, mimeType }));
		return { part: this.#part, take, path, container, split, startedAt: Date.now(), tracks };
	}

	/** Those that are still there. */
	async #sources(): Promise<Found[]> {
		const home = await this.#home;
		const found: Found[] = [];
		for (const { id, source } of this.#recordable()) {
			if (source === "data") continue;
			const there = await this.#source(id, home);
			if (there && !isData(there.producer)) {
				const mimeType = there.producer.rtpParameters.codecs[0]?.mimeType ?? "";
				found.push({ track: there.track, producer: there.producer, source, mimeType });
			}
		}
		if (found.length > 0) return found;
		const [left] = this.#tracks();
		if (left) throw new SwitchyardError("unsupported", `${left.mimeType} is not recorded`);
		throw new SwitchyardError("not_found", "the tracks are gone");
	}

	/** The others are left out. */
	#recordable(): RoomTrack[] {
		return this.#tracks().filter(({ mimeType }) => isRecordable(mimeType));
	}

	/** What effects were to make of it may never come, and then it is as published. */
	async #source(id: string, home: Home): Promise<{ track: RoomTrack; producer: Producer | DataProducer } | undefined> {
		for (;;) {
			const track = this.#tracks().find((it) => it.id === id);
			if (!track) return undefined;
			try {
				return { track, producer: await track.on(home) };
			} catch (error) {
				if (this.#tracks().includes(track)) throw error;
			}
		}
	}

	/** A disk is not filled to the last: calls go on here. */
	async #watch(): Promise<void> {
		try {
			await this.#recordings.checkRoom();
		} catch (error) {
			this.#failure = errorBody(error);
			this.stop();
		}
	}
}

interface Found {
	track: RoomTrack;
	producer: Producer;
	source: RecordedSource;
	mimeType: string;
}

/** One ended while all were about to be written: the others are, and nothing has failed. */
function isLess(sources: readonly Found[]): boolean {
	return sources.some(({ producer }) => producer.closed) && !sources.every(({ producer }) => producer.closed);
}

function nameOf(i: number): string {
	return `${i}.mkv`;
}
