/** Asks for statistics once a second, whether they are looked at or not: plots begin with what has been. */
import type { Room, RoomStats } from "../sdk/index.ts";

const INTERVAL_MS = 1_000;
const KEPT = 60;

/** Undefined where nothing was measured. */
export interface Sample {
	incoming: number | undefined;
	outgoing: number | undefined;
	/** ms */
	rtt: number | undefined;
	/** Of all received video. */
	frames: number | undefined;
}

export class StatsHistory {
	readonly samples: Sample[] = [];
	latest: RoomStats | undefined;
	onSample: () => void = () => {};
	readonly #room: Room;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(room: Room) {
		this.#room = room;
		void this.#sample();
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.onSample = () => {};
	}

	async #sample(): Promise<void> {
		// Set first: `stop` may come while it waits for an answer.
		this.#timer = setTimeout(() => void this.#sample(), INTERVAL_MS);
		const stats = await this.#room.stats().catch(() => undefined);
		if (this.#timer === undefined) return;
		this.latest = stats;
		const videos = stats?.tracks.filter(({ direction, kind }) => direction === "recv" && kind === "video") ?? [];
		const { node, topology, mediaState } = this.#room;
		const served = node !== undefined || topology === "mesh";
		const measured = stats !== undefined && served && mediaState !== "disconnected";
		this.samples.push({
			incoming: measured ? stats.incomingBitrate : undefined,
			outgoing: measured ? stats.outgoingBitrate : undefined,
			rtt: measured && stats.rtt !== undefined ? stats.rtt * 1_000 : undefined,
			frames: measured ? videos.reduce((sum, { framesPerSecond = 0 }) => sum + framesPerSecond, 0) : undefined,
		});
		if (this.samples.length > KEPT) this.samples.shift();
		this.onSample();
	}
}
