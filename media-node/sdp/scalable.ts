/**
 * Spatial layers within one VP9 stream (SVC). No description says that there are such (W3C webrtc-svc leaves it to the
 * sender), and mediasoup must be told as a producer is made. So the first key frame is looked at, of which a layered
 * sender sends every layer that it has bandwidth for. Whatever the stream turns out to be later, it stays with that.
 *
 * To say that every VP9 stream has layers is no way out: mediasoup 3.27 sends nothing of one without them to a receiver
 * that has not bandwidth for the whole of it (SvcProducerStreamManager, IncreaseLayer).
 */
import type { Producer, ProducerOptions, WebRtcTransport } from "mediasoup/types";
import * as z from "zod";

/** How long a key frame is waited for, ms: its connection may be on its way still, and a sender need not send. */
const WAIT_MS = 5_000;
/**
 * As many layers as there can be, each of which needs those below it. Where they are independent of each other (`_KEY`)
 * the lower ones go to all receivers without need, as they would without layers; the other way round it would not do.
 */
const MODE = "L3T3";

const Traced = z.object({
	rtpPacket: z.object({
		timestamp: z.number(),
		marker: z.boolean(),
		isKeyFrame: z.boolean(),
		spatialLayer: z.number(),
	}),
});
type Packet = z.infer<typeof Traced>["rtpPacket"];

/** It may have layers that its description says nothing of. */
export function isUntold({ rtpParameters: { codecs, encodings = [] } }: ProducerOptions): boolean {
	const isVp9 = codecs[0]?.mimeType.toLowerCase() === "video/vp9";
	return isVp9 && encodings.length === 1 && encodings[0]?.scalabilityMode === undefined;
}

/** A producer that knows of its layers. Rejects when it is wanted no more. */
export async function produceUntold(
	transport: Pick<WebRtcTransport, "produce">,
	options: ProducerOptions,
	unwanted: AbortSignal,
): Promise<Producer> {
	// Of one that is paused nothing is told.
	const producer = await transport.produce({ ...options, paused: false });
	const layered = await isLayered(producer, unwanted);
	if (unwanted.aborted) {
		producer.close();
		throw new Error("unpublished meanwhile");
	}
	if (!layered) {
		if (options.paused) await producer.pause();
		return producer;
	}
	producer.close();
	const { encodings = [], ...rest } = options.rtpParameters;
	const told = { ...rest, encodings: encodings.map((encoding) => ({ ...encoding, scalabilityMode: MODE })) };
	return transport.produce({ ...options, rtpParameters: told });
}

async function isLayered(producer: Producer, unwanted: AbortSignal): Promise<boolean> {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const none = () => resolve(false);
	const timer = setTimeout(none, WAIT_MS);
	producer.observer.once("close", none);
	unwanted.addEventListener("abort", none);
	if (unwanted.aborted) none();
	const look = looker();
	producer.on("trace", ({ info }) => {
		const { data } = Traced.safeParse(info);
		const layered = data && look(data.rtpPacket);
		if (layered !== undefined) resolve(layered);
	});
	try {
		await producer.enableTraceEvent(["rtp"]);
		const layered = await promise;
		if (!layered && !producer.closed) await producer.enableTraceEvent([]);
		return layered;
	} finally {
		clearTimeout(timer);
		producer.removeAllListeners("trace");
		producer.observer.off("close", none);
		unwanted.removeEventListener("abort", none);
	}
}

/** Undefined until it is known. Pictures between key frames may lack layers: Chromium's first ones do. */
function looker(): (packet: Packet) => boolean | undefined {
	let keyFrame: number | undefined;
	return ({ timestamp, marker, isKeyFrame, spatialLayer }) => {
		if (spatialLayer > 0) return true;
		const isOver = keyFrame !== undefined && timestamp !== keyFrame;
		if (isKeyFrame) keyFrame ??= timestamp;
		// The marker is of the last packet of a picture with all its layers.
		return isOver || (marker && timestamp === keyFrame) ? false : undefined;
	};
}
