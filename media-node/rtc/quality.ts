/** Connection quality of an endpoint, from mediasoup's scores of its streams. */

import type { Endpoint } from "./endpoint.ts";
import { isData } from "./tracks.ts";

/**
 * 0 (nothing arrives) to 10: the worse of what it sends (the best layer of each track that is not muted) and what it
 * receives, each on average; 10 with nothing to judge by.
 */
export function qualityOf(endpoint: Endpoint): number {
	const sent: number[] = [];
	for (const { producer } of endpoint.tracks.values()) {
		if (!producer || isData(producer) || producer.paused || producer.score.length === 0) continue;
		sent.push(Math.max(...producer.score.map(({ score }) => score)));
	}
	const received: number[] = [];
	for (const { consumer } of endpoint.subscriptions.values()) {
		if (consumer && "kind" in consumer && !consumer.paused && !consumer.producerPaused)
			received.push(consumer.score.score);
	}
	const mean = (scores: number[]) => (scores.length > 0 ? scores.reduce((a, b) => a + b, 0) / scores.length : 10);
	return Math.round(Math.min(mean(sent), mean(received)));
}
