/**
 * Processes that wait for a pipeline, with GStreamer loaded: to begin one is most of what a pipeline takes to start.
 * Each is used once. They end with the node, as all of its pipelines do.
 */
import { log } from "../observability/logger.ts";
import { FromChild, WAITING } from "./messages.ts";
import { Child } from "./process.ts";

/** Of recordings and effects; one that this machine lacks is left out. */
const PRELOADED = [
	...["rtpbin", "rtpjitterbuffer", "rtpstorage", "srtpdec", "srtpenc", "udpsrc", "capsfilter", "queue"],
	...["rtpopusdepay", "opusparse", "h264parse", "matroskamux", "filesink"],
	...["opusdec", "opusenc", "vp8dec", "vp8enc", "avdec_h264", "x264enc"],
	...["audioconvert", "audioresample", "videoconvert"],
];
/** How long one may take to load, ms: the first one after an installation reads every plugin. */
const LOAD_MS = 60_000;
/** Before one that died is replaced, ms: doubled with each that follows, up to the most. */
const PAUSE_MS = { first: 1_000, most: 300_000 };

export class Spares {
	readonly #log = log.child({ part: "gst", pipeline: "spare" });
	#most = 0;
	/** Oldest first; `ready` when it is loaded. */
	readonly #waiting = new Map<Child, { ready: boolean; leave(): void }>();
	/** In a row, without one that was used in between. */
	#deaths = 0;
	#pause: NodeJS.Timeout | undefined;

	/** How many are loaded and wait. */
	get ready(): number {
		return [...this.#waiting.values()].filter(({ ready }) => ready).length;
	}

	/** So many wait from the next `fill` on; with 0 those that do are ended. */
	keep(most: number): void {
		this.#most = most;
		if (most > 0) return;
		clearTimeout(this.#pause);
		this.#pause = undefined;
		for (const child of [...this.#waiting.keys()]) this.#drop(child);
	}

	/** Begins those that are missing. */
	fill(): void {
		while (!this.#pause && this.#waiting.size < this.#most) this.#add(new Child(this.#log, [WAITING]));
	}

	/** One that is loaded; it is its user's from now on. */
	take(): Child | undefined {
		for (const [child, { ready, leave }] of this.#waiting) {
			// Of one that died just now nobody has heard yet.
			if (!ready || !child.process.connected) continue;
			leave();
			this.#deaths = 0;
			return child;
		}
		return undefined;
	}

	/** Of a process that was forked for something else and has loaded GStreamer: it waits here, or ends. */
	give(child: Child): void {
		if (!this.#pause && child.process.connected && this.#waiting.size < this.#most) this.#add(child);
		else child.kill();
	}

	#add(child: Child): void {
		const spare = child.process;
		let reason: string | undefined;
		const slow = setTimeout(() => child.kill(), LOAD_MS);
		const onMessage = (message: unknown) => {
			const news = FromChild.safeParse(message).data;
			if (news?.type === "failed") reason = news.message;
			if (news?.type !== "ready") return;
			clearTimeout(slow);
			const waiting = this.#waiting.get(child);
			if (waiting) waiting.ready = true;
		};
		const gone = () => {
			leave();
			this.#onDied(reason);
		};
		const leave = () => {
			clearTimeout(slow);
			this.#waiting.delete(child);
			spare.off("message", onMessage).off("close", gone).off("error", gone);
		};
		this.#waiting.set(child, { ready: false, leave });
		spare.on("message", onMessage).on("close", gone).on("error", gone);
		child.log = this.#log;
		child.send({ type: "prepare", elements: PRELOADED });
	}

	#drop(child: Child): void {
		this.#waiting.get(child)?.leave();
		child.kill();
	}

	#onDied(reason?: string): void {
		const pause = Math.min(PAUSE_MS.first * 2 ** this.#deaths++, PAUSE_MS.most);
		this.#log.warn({ pause, reason }, "a process that waited for a pipeline died");
		this.#pause ??= setTimeout(() => {
			this.#pause = undefined;
			this.fill();
		}, pause).unref();
	}
}

/** Of this process. */
export const spares = new Spares();
