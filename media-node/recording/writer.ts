/** Tracks on their way into files: mediasoup sends each over loopback, encrypted, to a process that writes it as it is. */
import { stat, watch } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Consumer, Producer } from "mediasoup/types";
import type { Layout } from "../../shared/recordings.ts";
import { portOf, type Tap, tap } from "../gst/loopback.ts";
import { Pipeline, type PipelineEnd } from "../gst/pipeline.ts";
import type { Home } from "../rtc/home.ts";
import { type CapturedTrack, captureText, REORDER_MS } from "./capture.ts";
import { composeText } from "./compose.ts";

/** How long the last that came may take to be written, ms: every frame is in its file as soon as it has come through. */
const CLOSE_MS = 2_000;
/** How long the first of each track may take, ms. */
const FLOW_MS = 2_000;
const LOOK_MS = 50;

export interface Source {
	producer: Producer;
	/** Absolute. */
	file: string;
	/** Called once, with when the first of it came. */
	onFirst?: (at: number) => void;
}

interface Feed extends Tap {
	file: string;
}

export class Writer {
	/** Its process is gone; `finished` when that was asked for, or nothing more came. */
	readonly ended: Promise<PipelineEnd>;
	readonly #pipeline: Pipeline;
	readonly #feeds: readonly Feed[];
	#stopped = false;

	private constructor(pipeline: Pipeline, feeds: readonly Feed[]) {
		this.#pipeline = pipeline;
		this.#feeds = feeds;
		this.ended = pipeline.ended.then((end) => {
			// What holds up the end of one file does no harm to what is in it.
			const asked = this.#stopped;
			for (const { transport } of feeds) transport.close();
			return asked ? { cause: "finished" } : end;
		});
		for (const { consumer } of feeds) {
			consumer.observer.once("close", () => {
				if (feeds.every(({ consumer }) => consumer.closed)) this.stop();
			});
		}
	}

	/** Resolves when files are open and media is on its way. */
	static async open(home: Home, sources: readonly Source[], name: string, layout?: Layout): Promise<Writer> {
		const feeds: Feed[] = [];
		let pipeline: Pipeline | undefined;
		try {
			const tapped = await Promise.allSettled(
				sources.map(async ({ producer, file }) => ({ ...(await tap(home.router, producer)), file })),
			);
			for (const it of tapped) if (it.status === "fulfilled") feeds.push(it.value);
			for (const it of tapped) if (it.status === "rejected") throw it.reason;
			const tracks = feeds.map(capturedOf);
			const text = layout ? composeText(tracks, sources[0]?.file ?? "") : captureText(tracks);
			pipeline = new Pipeline({ text, name });
			await pipeline.started;
			// A picture of all begins with nobody in it.
			if (layout) sources[0]?.onFirst?.(Date.now());
			else await Promise.all(feeds.map(({ consumer }, i) => watchFirst(consumer, sources[i]?.onFirst)));
			const writer = new Writer(pipeline, feeds);
			await writer.#connect();
			return writer;
		} catch (error) {
			pipeline?.kill();
			for (const { transport } of feeds) transport.close();
			throw error;
		}
	}

	/** Resolves when something of each is in its file, or has not come in time: who is muted sends nothing. */
	async flowing(): Promise<void> {
		const [first] = this.#feeds;
		if (!first) return;
		const ended = new AbortController();
		void this.#pipeline.ended.then(() => ended.abort());
		const signal = AbortSignal.any([ended.signal, AbortSignal.timeout(FLOW_MS)]);
		try {
			for await (const _ of watch(dirname(first.file), { signal })) if (await this.#hasAll()) return;
		} catch {
			// A machine watches so many files and no more.
			while (!signal.aborted && !(await this.#hasAll())) await delay(LOOK_MS);
		}
	}

	/** Something of each. */
	async #hasAll(): Promise<boolean> {
		const sizes = await Promise.all(this.#feeds.map(({ file }) => stat(file).catch(() => ({ size: 0 }))));
		return sizes.every(({ size }) => size > 0);
	}

	get pid(): number | undefined {
		return this.#pipeline.pid;
	}

	/** Nothing more is taken; what has come is written. */
	stop(): void {
		if (this.#stopped) return;
		this.#stopped = true;
		for (const { consumer } of this.#feeds) consumer.close();
		// Packets that are waited for let the others wait.
		setTimeout(() => {
			const slow = setTimeout(() => this.#pipeline.kill(), CLOSE_MS);
			void this.#pipeline.finish().then(() => clearTimeout(slow));
		}, REORDER_MS);
	}

	async #connect(): Promise<void> {
		await Promise.all(
			this.#feeds.map(async ({ connect }, i) => {
				const ports = ["rtp", "rtcp"].map((what) => portOf(this.#pipeline, `${what}${i}`));
				const [rtp = 0, rtcp = 0] = await Promise.all(ports);
				await connect(rtp, rtcp);
			}),
		);
		// All at once, as they began.
		await Promise.all(this.#feeds.map(({ consumer }) => consumer.resume()));
		const videos = this.#feeds.filter(({ consumer }) => consumer.kind === "video");
		await Promise.all(videos.map(({ consumer }) => consumer.requestKeyFrame()));
	}
}

/** Of a consumer that is still paused. */
async function watchFirst(consumer: Consumer, onFirst: Source["onFirst"]): Promise<void> {
	if (!onFirst) return;
	consumer.once("trace", () => {
		onFirst(Date.now());
		if (!consumer.closed) consumer.enableTraceEvent([]).catch(() => {});
	});
	await consumer.enableTraceEvent(["rtp"]);
}

function capturedOf({ consumer, workerKey, pipelineKey, rtcpPort, file }: Feed): CapturedTrack {
	const { rtpParameters, kind } = consumer;
	return { rtpParameters, kind, incomingKey: workerKey, outgoingKey: pipelineKey, rtcpPort, file };
}
