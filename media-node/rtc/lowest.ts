/**
 * The lowest layer of simulcast. It comes for as long as anything does, while the larger ones may go within their first
 * second, as the sender's line turns out to be thin. mediasoup takes the time of the layer that it sends first; where that
 * goes before its first sender report, it may send no other any more (mediasoup 3.27, SimulcastProducerStreamManager).
 */
import type { Producer } from "mediasoup/types";

/** How long the lowest is waited for while others come, ms: a sender may have switched it off. */
const WAIT_MS = 3_000;

/** Of each producer once, whoever receives it. */
const waited = new WeakMap<Producer, Promise<void>>();

export function hasLowestLayer({ score }: Producer): boolean {
	return score.some(({ encodingIdx, score }) => encodingIdx === 0 && score > 0);
}

/** Resolves when the lowest layer comes, or others do and it does not. */
export function lowestLayer(producer: Producer): Promise<void> {
	const comes = waited.get(producer) ?? wait(producer);
	waited.set(producer, comes);
	return comes;
}

function wait(producer: Producer): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	let others: NodeJS.Timeout | undefined;
	const look = () => {
		if (hasLowestLayer(producer)) resolve();
		else if (producer.score.some(({ score }) => score > 0)) others ??= setTimeout(resolve, WAIT_MS);
	};
	producer.on("score", look);
	producer.observer.once("close", resolve);
	look();
	return promise.finally(() => {
		clearTimeout(others);
		producer.off("score", look);
		producer.observer.off("close", resolve);
	});
}
