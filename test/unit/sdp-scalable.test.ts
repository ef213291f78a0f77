import { EventEmitter } from "node:events";
import type { Producer, ProducerOptions, WebRtcTransport } from "mediasoup/types";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { isUntold, produceUntold } from "../../media-node/sdp/scalable.ts";

class FakeProducer extends EventEmitter {
	readonly observer = new EventEmitter();
	readonly options: ProducerOptions;
	traced: string[] = [];
	paused: boolean;
	closed = false;

	constructor(options: ProducerOptions) {
		super();
		this.options = options;
		this.paused = options.paused ?? false;
	}

	async enableTraceEvent(types: string[]): Promise<void> {
		this.traced = types;
	}
	async pause(): Promise<void> {
		this.paused = true;
	}
	close(): void {
		this.closed = true;
		this.observer.emit("close");
	}
	/** A picture comes: its packets by their layers. */
	picture(timestamp: number, layers: readonly number[], { key = false, whole = true } = {}): void {
		for (const [at, spatialLayer] of layers.entries()) {
			const rtpPacket = {
				...{ timestamp, spatialLayer, isKeyFrame: key && spatialLayer === 0 && at === 0 },
				marker: whole && at === layers.length - 1,
			};
			this.emit("trace", { type: "rtp", info: { rtpPacket, isRtx: false } });
		}
	}
}

let made: FakeProducer[];
let stop: AbortController;
const transport = {
	produce: async (options: ProducerOptions) => {
		const producer = new FakeProducer(options);
		made.push(producer);
		return producer as unknown as Producer;
	},
} as Pick<WebRtcTransport, "produce">;

const vp9 = { mimeType: "video/VP9", clockRate: 90_000, payloadType: 98 };
const options: ProducerOptions = {
	kind: "video",
	rtpParameters: { mid: "1", codecs: [vp9], encodings: [{ ssrc: 5 }] },
};

/** The first producer, once it is being looked at, and the one that comes of it. */
async function begin(more: Partial<ProducerOptions> = {}) {
	const result = produceUntold(transport, { ...options, ...more }, stop.signal) as Promise<unknown>;
	result.catch(() => {});
	await vi.waitFor(() => expect(made[0]?.traced).toEqual(["rtp"]));
	return { first: made[0] as FakeProducer, result: result as Promise<FakeProducer> };
}

beforeEach(() => {
	vi.useFakeTimers();
	made = [];
	stop = new AbortController();
});
afterEach(() => vi.useRealTimers());

it("a stream whose key frame has several spatial layers is produced as one", async () => {
	const { first, result } = await begin({ paused: true });
	// What is paused tells nothing of its packets.
	expect(first.paused).toBe(false);
	first.picture(1, [0, 1, 1, 2], { key: true });
	const producer = await result;
	expect(first.closed).toBe(true);
	expect(made).toHaveLength(2);
	expect(producer.options).toEqual({
		...{ ...options, paused: true },
		rtpParameters: { ...options.rtpParameters, encodings: [{ ssrc: 5, scalabilityMode: "L3T3" }] },
	});
});

it("one whose key frame has a single layer stays as it is, and is looked at no more", async () => {
	const { first, result } = await begin();
	first.picture(1, [0, 0, 0], { key: true });
	expect(await result).toBe(first);
	expect(first).toMatchObject({ closed: false, paused: false, traced: [] });
	expect(first.listenerCount("trace")).toBe(0);
	expect(made).toHaveLength(1);
});

it("pictures between key frames do not tell, and those without their last packet end with the next", async () => {
	const { first, result } = await begin({ paused: true });
	first.picture(1, [0]);
	first.picture(2, [0]);
	expect(first.traced).toEqual(["rtp"]);
	first.picture(3, [0], { key: true, whole: false });
	first.picture(4, [0]);
	expect(await result).toBe(first);
	expect(first.paused).toBe(true);
});

it("one of which nothing comes is not waited for longer than five seconds", async () => {
	const { first, result } = await begin();
	await vi.advanceTimersByTimeAsync(5_000);
	expect(await result).toBe(first);
	expect(first).toMatchObject({ closed: false, traced: [] });
});

it("one that is wanted no more is closed, and nothing comes after it", async () => {
	const { first, result } = await begin();
	stop.abort();
	await expect(result).rejects.toThrow("unpublished");
	expect(first.closed).toBe(true);
	expect(made).toHaveLength(1);
});

it("one that was wanted no more before it was there is closed at once", async () => {
	stop.abort();
	await expect(produceUntold(transport, options, stop.signal)).rejects.toThrow("unpublished");
	expect(made.map(({ closed }) => closed)).toEqual([true]);
});

it("only VP9 in one encoding, of which nothing is said, has to be looked at", () => {
	const untold = (codec: string, encodings: object[]) =>
		isUntold({ kind: "video", rtpParameters: { codecs: [{ ...vp9, mimeType: codec }], encodings } });
	expect(untold("video/vp9", [{ ssrc: 5 }])).toBe(true);
	expect(untold("video/VP9", [{ ssrc: 5, scalabilityMode: "L3T3_KEY" }])).toBe(false);
	expect(untold("video/VP8", [{ ssrc: 5 }])).toBe(false);
	expect(untold("video/VP8", [{ rid: "low" }, { rid: "high" }])).toBe(false);
});
