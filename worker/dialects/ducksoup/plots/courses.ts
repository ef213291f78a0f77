/** How somebody's sound or picture went in a run, read from the lines of its log: what a plot is drawn from. */
import * as z from "zod";

/** Undefined: not known from then on. */
export interface Sample {
	/** Seconds since the start, or since the interaction was made where it never started. */
	at: number;
	value: number | undefined;
}

export interface Course {
	user: string;
	kind: "audio" | "video";
	/** kbit/s. */
	received: Sample[];
	sent: Sample[];
	target: Sample[];
	/** When a receiver lost more of it than a good way does. */
	lossy: number[];
	/** As the sender's client reports them of its encoder: each counts until the next. */
	width: Sample[];
	framerate: Sample[];
	keyFrames: number[];
}

const since = z
	.string()
	.regex(/^\d{1,12}ms$/)
	.transform((text) => Number.parseInt(text, 10));

const Line = z.object({
	message: z.string(),
	sinceCreation: since,
	sinceStart: since.optional(),
	user: z.string().optional(),
	from: z.string().optional(),
	kind: z.string().optional(),
	source: z.string().optional(),
	value: z.unknown().optional(),
	target: z.number().optional(),
});
type Line = z.infer<typeof Line>;

const KINDS = ["audio", "video"] as const;
const RATE = /^(audio|video)_(in|out)_bitrate$/;
/** No camera has more, and a client may say what it likes. */
const MOST = { width: 16_384, framerate: 240 };

export class Courses {
	readonly #courses = new Map<string, Course>();
	/** Key frames that somebody's client has counted. */
	readonly #counted = new Map<string, number>();
	#start: number | undefined;
	#end = 0;

	/** The lines of one run, in order. */
	add(text: string): void {
		// Most of a log is not about this.
		if (!/"(?:[a-z_]+_bitrate|loss_[a-z_]+|client_[a-z_]+_updated|interaction_started|peer_server_ended)"/.test(text))
			return;
		const line = parse(text);
		if (!line) return;
		const { sinceCreation, sinceStart } = line;
		if (sinceStart !== undefined) this.#start ??= sinceCreation - sinceStart;
		this.#note(line, sinceCreation);
	}

	/** Whether it started, and the plots' times are since then. */
	get started(): boolean {
		return this.#start !== undefined;
	}

	/** Of all whose rates were measured. Reports of clients count up to the last of those. */
	all(): Course[] {
		const moved = (ms: number) => (ms - (this.#start ?? 0)) / 1_000;
		const samples = (those: readonly Sample[]) => those.map(({ at, value }) => ({ at: moved(at), value }));
		return [...this.#courses.values()]
			.filter(({ received, sent }) => received.length + sent.length > 0)
			.sort((a, b) => (a.user === b.user ? 0 : a.user < b.user ? -1 : 1) || (a.kind < b.kind ? -1 : 1))
			.map((course) => ({
				...{ user: course.user, kind: course.kind },
				...{ received: samples(course.received), sent: samples(course.sent), target: samples(course.target) },
				...{ lossy: course.lossy.map(moved), keyFrames: course.keyFrames.map(moved) },
				width: samples(this.#closed(course.width)),
				framerate: samples(this.#closed(course.framerate)),
			}));
	}

	#note({ message, user, from, kind, source, value, target }: Line, at: number): void {
		const [, of, way] = RATE.exec(message) ?? [];
		if (of && from !== undefined && typeof value === "number") {
			const course = this.#of(from, of);
			course?.[way === "in" ? "received" : "sent"].push({ at, value });
			if (target !== undefined) course?.target.push({ at, value: target });
			this.#end = Math.max(this.#end, at);
		} else if (message === "loss_threshold_exceeded" && from !== undefined) this.#of(from, kind)?.lossy.push(at);
		else if (user !== undefined && message === "peer_server_ended") this.#gone(user, at);
		else if (user !== undefined && source === "client") this.#reported(user, message, value, at);
	}

	#reported(user: string, message: string, value: unknown, at: number): void {
		const course = this.#of(user, "video");
		if (!course) return;
		if (message === "client_video_resolution_updated") {
			const width = Number(/^(\d{1,5})x\d{1,5}$/.exec(String(value))?.[1]);
			if (width <= MOST.width) course.width.push({ at, value: width });
		} else if (message === "client_video_fps_updated" && typeof value === "number") {
			if (value >= 0 && value <= MOST.framerate) course.framerate.push({ at, value });
		} else if (message === "client_keyframe_encoded_count_updated" && typeof value === "number") {
			// From a new connection on it counts from the beginning.
			if (value > 0 && value !== this.#counted.get(user)) course.keyFrames.push(at);
			this.#counted.set(user, value);
		}
	}

	/** What its client said counts no more. */
	#gone(user: string, at: number): void {
		this.#counted.delete(user);
		const course = this.#courses.get(`video ${user}`);
		for (const samples of [course?.width, course?.framerate]) {
			if (samples?.at(-1)?.value !== undefined) samples.push({ at, value: undefined });
		}
	}

	#closed(samples: readonly Sample[]): Sample[] {
		const within = samples.filter(({ at }) => at <= this.#end);
		const last = within.at(-1);
		return last?.value === undefined ? within : [...within, { at: this.#end, value: last.value }];
	}

	#of(user: string, of: string | undefined): Course | undefined {
		const kind = KINDS.find((it) => it === of);
		if (!kind) return undefined;
		const key = `${kind} ${user}`;
		const there = this.#courses.get(key);
		if (there) return there;
		const course: Course = {
			...{ user, kind, received: [], sent: [], target: [], lossy: [], width: [], framerate: [], keyFrames: [] },
		};
		this.#courses.set(key, course);
		return course;
	}
}

function parse(text: string): Line | undefined {
	try {
		return Line.safeParse(JSON.parse(text)).data;
	} catch {
		// The file was full in the midst of it.
		return undefined;
	}
}
