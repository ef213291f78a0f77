/** A participant's pipeline while it runs, with the tracks that go through it. */
import type { EffectControl, EffectsWish } from "../../shared/effects.ts";
import { Pipeline, type PipelineEnd } from "../gst/pipeline.ts";
import { LINGER_MS } from "../rtc/subscriptions.ts";
import type { RoomTrack } from "../rtc/tracks.ts";
import { isData } from "../rtc/tracks.ts";
import type { Hardware } from "./codecs.ts";
import { Strand } from "./strand.ts";
import { type EffectsPipeline, effectsPipeline, encoderOf } from "./text.ts";

/** Its process died while it started: another may live. */
export class Crashed extends Error {}

export interface RunSettings {
	participant: string;
	/** How long the jitter buffer waits for what is late, ms. */
	latencyMs: number;
	hardware: Hardware;
}

export class Running {
	/** By what is published. */
	readonly strands: ReadonlyMap<RoomTrack, Strand>;
	readonly pipeline: Pipeline;
	/** What it was made for. */
	readonly wish: EffectsWish;
	readonly #spec: EffectsPipeline;
	#bitrate: number | undefined;

	private constructor(
		strands: ReadonlyMap<RoomTrack, Strand>,
		wish: EffectsWish,
		pipeline: Pipeline,
		spec: EffectsPipeline,
	) {
		this.strands = strands;
		this.wish = wish;
		this.pipeline = pipeline;
		this.#spec = spec;
	}

	/** Rejects when the pipeline cannot be. What runs already is not touched. */
	static async start(tracks: readonly RoomTrack[], wish: EffectsWish, settings: RunSettings): Promise<Running> {
		const strands = new Map<RoomTrack, Strand>();
		let pipeline: Pipeline | undefined;
		try {
			for (const track of tracks) {
				const producer = await track.ready;
				const { home } = track;
				if (isData(producer) || !home) continue;
				const name = `${producer.kind}${strands.size}`;
				strands.set(track, await Strand.open(name, { producer, home }, settings.participant, wish));
			}
			const flows = [...strands.values()].map(({ flow }) => flow);
			const spec = effectsPipeline(flows, wish, settings);
			pipeline = new Pipeline({ ...spec, name: `effects of ${settings.participant}` });
			await pipeline.started;
			for (const strand of strands.values()) await strand.connect(pipeline);
			return new Running(strands, wish, pipeline, spec);
		} catch (error) {
			pipeline?.kill();
			for (const strand of strands.values()) strand.close();
			const end = await pipeline?.ended;
			throw end?.cause === "crashed" ? new Crashed(end.message) : error;
		}
	}

	get ended(): Promise<PipelineEnd> {
		return this.pipeline.ended;
	}

	/** Media flows in; receivers' wishes for key frames go where the frames are made. */
	begin(altered: ReadonlyMap<RoomTrack, RoomTrack>): void {
		for (const [track, strand] of this.strands) {
			strand.begin().catch(() => {});
			altered
				.get(track)
				?.ready.then(async (producer) => {
					if (isData(producer) || producer.kind !== "video") return;
					producer.on("trace", ({ type }) => {
						if (type !== "pli" && type !== "fir") return;
						if (this.#spec.encoders.has(strand.flow.name)) this.pipeline.keyUnit(encoderOf(strand.flow));
						else strand.requestKeyFrame().catch(() => {});
					});
					await producer.enableTraceEvent(["pli", "fir"]);
				})
				.catch(() => {});
		}
	}

	control({ name, property, value, duration }: EffectControl): void {
		for (const element of this.#spec.named.get(name) ?? []) this.pipeline.set({ element, property, value }, duration);
	}

	/** Of each encoder of video, bit/s; where it is not encoded, nothing comes of it. */
	setBitrate(bitrate: number): void {
		if (bitrate === this.#bitrate) return;
		this.#bitrate = bitrate;
		for (const [name, encoder] of this.#spec.encoders) {
			const setting = encoder.bitrate?.(bitrate);
			if (setting) this.pipeline.set({ element: encoderOf({ name }), ...setting });
		}
	}

	/** What it made bridges the time until receivers have something else. */
	retire(): void {
		setTimeout(() => this.close(), LINGER_MS).unref();
	}

	close(): void {
		this.pipeline.kill();
		for (const strand of this.strands.values()) strand.close();
	}
}
