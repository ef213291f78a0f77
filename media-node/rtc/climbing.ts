/**
 * Simulcast to a receiver whose bandwidth nobody estimates: a pipeline, or a client without transport-cc. mediasoup looks
 * for the best layer when scores change, and at a layer's first sender report; but it can take one only from the packet
 * after that report on (mediasoup 3.27, SimulcastProducerStreamManager and Producer::PostProcessRtpPacket). It would stay
 * with the layer that came first, or with none once that one has gone. Where bandwidth is estimated, each estimate has it
 * look again; here each report of the sender has, for as long as there is a better layer than the one that is sent.
 */
import type { Consumer, ConsumerLayers, Producer, ProducerTraceEventData } from "mediasoup/types";

/** Between two looks, ms: senders report each layer about once a second. */
const PAUSE_MS = 500;
const TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";

/** `preferred`: the layers that are asked for; what the consumer has unless given. */
export function climb(
	consumer: Consumer,
	producer: Producer,
	preferred: () => ConsumerLayers | undefined = () => consumer.preferredLayers,
): void {
	if (consumer.type !== "simulcast" || isEstimated(consumer)) return;
	let unlisten: (() => void) | undefined;
	let lookedAt = 0;
	const isDone = () => {
		if (consumer.closed || consumer.paused) return true;
		const best = bestLayer(producer, preferred()?.spatialLayer);
		return best === undefined || best === consumer.currentLayers?.spatialLayer;
	};
	const look = () => {
		if (isDone()) {
			unlisten?.();
			unlisten = undefined;
		} else unlisten ??= onReport(producer, lookAgain);
	};
	const lookAgain = () => {
		look();
		const wish = preferred();
		if (!unlisten || !wish || performance.now() - lookedAt < PAUSE_MS) return;
		lookedAt = performance.now();
		// It looks again when it is asked for something else. Both in one turn: the former stays what is asked for.
		const other = { ...wish, spatialLayer: wish.spatialLayer > 0 ? wish.spatialLayer - 1 : 1 };
		for (const layers of [other, wish]) consumer.setPreferredLayers(layers).catch(() => {});
	};
	producer.on("score", look);
	consumer.on("layerschange", look);
	consumer.observer.on("resume", look);
	consumer.observer.once("close", () => {
		producer.off("score", look);
		look();
	});
	look();
}

/** Of the layers that come the best that is asked for, or else the lowest. */
function bestLayer(producer: Producer, preferred = Number.POSITIVE_INFINITY): number | undefined {
	const come = producer.score.filter(({ score }) => score > 0).map(({ encodingIdx }) => encodingIdx);
	const asked = come.filter((layer) => layer <= preferred);
	if (asked.length > 0) return Math.max(...asked);
	return come.length > 0 ? Math.min(...come) : undefined;
}

/** mediasoup estimates what goes to who reports arrivals, and whose packets say when they were sent. */
function isEstimated({ rtpParameters: { codecs, headerExtensions = [] } }: Consumer): boolean {
	const reports = (type: string) => codecs.some(({ rtcpFeedback = [] }) => rtcpFeedback.some((it) => it.type === type));
	const has = (uri: string) => headerExtensions.some((it) => it.uri === uri);
	return (reports("transport-cc") && has(TRANSPORT_CC)) || (reports("goog-remb") && has(SEND_TIME));
}

const listening = new WeakMap<Producer, Set<() => void>>();

/** Calls back at each sender report, until the returned function is called. */
function onReport(producer: Producer, listener: () => void): () => void {
	let listeners = listening.get(producer);
	if (!listeners) {
		const all = new Set<() => void>();
		listeners = all;
		listening.set(producer, all);
		producer.on("trace", ({ type }: ProducerTraceEventData) => {
			if (type === "sr") for (const each of [...all]) each();
		});
	}
	const all = listeners;
	all.add(listener);
	trace(producer, all);
	return () => {
		all.delete(listener);
		trace(producer, all);
	};
}

/** Reports are told of as long as somebody listens. */
function trace(producer: Producer, { size }: ReadonlySet<unknown>): void {
	if (!producer.closed) producer.enableTraceEvent(size > 0 ? ["sr"] : []).catch(() => {});
}
