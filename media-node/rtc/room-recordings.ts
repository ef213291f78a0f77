/** What is recorded of a room on this node. */
import type { ErrorBody } from "../../shared/errors.ts";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import { Recorder } from "../recording/recorder.ts";
import type { Recordings } from "../recording/recordings.ts";
import type { RoomContext } from "./room-media.ts";
import type { RoomTrack } from "./tracks.ts";

type Record = Extract<LinkCommand, { type: "record" }>;
type Served = Extract<LinkReport, { type: "attached" }>["recordings"];

interface Recorded {
	recording: string;
	part: number;
	tracks: readonly string[];
	effects: boolean;
	recorder: Recorder;
	/** It is being written, not about to be. */
	started: boolean;
}

export class RoomRecordings {
	readonly #name: string;
	readonly #room: RoomContext;
	readonly #recordings: Recordings | undefined;
	/** Being written. */
	readonly #recorded = new Map<string, Recorded>();
	/** Asked for before, and over: what is asked twice is done once. */
	readonly #over = new Set<string>();
	#tracks: ReadonlySet<string> = new Set();
	onChange: () => void = () => {};

	constructor(name: string, room: RoomContext, recordings: Recordings | undefined) {
		this.#name = name;
		this.#room = room;
		this.#recordings = recordings;
	}

	/** `published`: what its participant has there, published or on its way. */
	record(command: Record, published: ReadonlyMap<string, RoomTrack> | undefined): void {
		const find = (id: string) => {
			const dry = command.layout ? this.#room.tracks.original(id) : published?.get(id);
			if (!dry || dry.closed) return [];
			return (command.effects ? this.#room.tracks.get(id) : dry) ?? [];
		};
		const { recording, part } = command;
		const key = keyOf(recording, part);
		if (this.#recorded.has(key) || this.#over.has(key)) return;
		const tracks = () => command.tracks.flatMap(find);
		const refuse = (error: ErrorBody) => this.#tell(recording, part, "failed", error);
		if (!this.#recordings) return refuse({ code: "unsupported", message: "this node has no RECORDINGS_DIR" });
		if (tracks().length === 0) return refuse({ code: "not_found", message: "the tracks are gone" });
		const { home, log } = this.#room;
		const { tracks: ids, effects } = command;
		const recorder = new Recorder(this.#name, command, tracks, home.get(), this.#recordings, log, {
			onState: (state, error) => {
				const recorded = this.#recorded.get(key);
				if (state !== "started") this.#forget(key);
				else if (recorded) recorded.started = true;
				this.#tell(recording, part, state, error);
			},
		});
		this.#recorded.set(key, { recording, part, tracks: ids, effects, recorder, started: false });
		this.#changed();
	}

	stop({ recording, part }: { recording: string; part: number }): void {
		this.#recorded.get(keyOf(recording, part))?.recorder.stop();
	}

	/** A track has another source: what effects make of it, or itself again. */
	follow({ id }: RoomTrack): void {
		for (const { effects, tracks, recorder } of this.#recorded.values()) {
			if (effects && tracks.includes(id)) recorder.changed();
		}
	}

	/** The room is gone from here: what has come is written all the same. */
	close(): void {
		for (const { recorder } of this.#recorded.values()) recorder.stop();
	}

	/** Somebody wants all of it, whoever looks at it. */
	wants(track: string): boolean {
		return this.#tracks.has(track);
	}

	/** What is being written. */
	served(): Served {
		return [...this.#recorded.values()].map(({ recording, part, started }) => ({ recording, part, started }));
	}

	#tell(recording: string, part: number, state: "started" | "finishing" | "failed", error?: ErrorBody): void {
		this.#room.report({ type: "recording", recording, part, state, error });
	}

	#forget(key: string): void {
		if (this.#recorded.delete(key)) this.#over.add(key);
		this.#changed();
	}

	#changed(): void {
		this.#tracks = new Set([...this.#recorded.values()].flatMap(({ tracks }) => tracks));
		this.onChange();
	}
}

function keyOf(recording: string, part: number): string {
	return `${recording} ${part}`;
}
