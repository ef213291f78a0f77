/** Charts of what the player's `stats` events say. */
import { h } from "../../demo/dom.ts";
import type { StatsPayload } from "../player/statistics.ts";
import { Chart } from "./chart.ts";

const BOTH = [
	{ name: "sent", tone: "one" },
	{ name: "received", tone: "two" },
] as const;

export class Figures {
	readonly element: HTMLElement;
	readonly #video = new Chart("Video", BOTH, { unit: "kbit/s", least: 100 });
	readonly #audio = new Chart("Audio", BOTH, { unit: "kbit/s", least: 20 });
	readonly #frames = new Chart("Frames", BOTH, { unit: "a second", least: 30 });
	readonly #delay = new Chart(
		"Delay",
		[
			{ name: "round trip", tone: "one" },
			{ name: "jitter buffer", tone: "two" },
		],
		{ unit: "ms", least: 50 },
	);
	readonly #charts = [this.#video, this.#audio, this.#frames, this.#delay];
	#buffered: [delay: number, emitted: number] | undefined;

	constructor() {
		this.element = h("section", { class: "charts", hidden: true }, ...this.#charts.map(({ element }) => element));
	}

	clear(): void {
		this.#buffered = undefined;
		for (const chart of this.#charts) chart.clear();
	}

	add(stats: StatsPayload): void {
		this.element.hidden = false;
		this.#video.add([Number(stats.videoUp), Number(stats.videoDown)]);
		this.#audio.add([Number(stats.audioUp), Number(stats.audioDown)]);
		this.#frames.add([stats.outboundRTPVideo?.framesPerSecond, stats.inboundRTPVideo?.framesPerSecond]);
		const { roundTripTime } = (stats.remoteInboundRTPVideo ?? stats.remoteInboundRTPAudio ?? {}) as {
			roundTripTime?: number;
		};
		this.#delay.add([roundTripTime === undefined ? undefined : roundTripTime * 1_000, this.#buffer(stats)]);
	}

	/** The mean of the frames that left it since the last look, in ms. */
	#buffer({ inboundRTPVideo, inboundRTPAudio }: StatsPayload): number | undefined {
		const { jitterBufferDelay, jitterBufferEmittedCount } = (inboundRTPVideo ?? inboundRTPAudio ?? {}) as {
			jitterBufferDelay?: number;
			jitterBufferEmittedCount?: number;
		};
		if (jitterBufferDelay === undefined || jitterBufferEmittedCount === undefined) return undefined;
		const [delay, emitted] = this.#buffered ?? [0, 0];
		this.#buffered = [jitterBufferDelay, jitterBufferEmittedCount];
		if (jitterBufferEmittedCount <= emitted) return undefined;
		return ((jitterBufferDelay - delay) / (jitterBufferEmittedCount - emitted)) * 1_000;
	}
}
