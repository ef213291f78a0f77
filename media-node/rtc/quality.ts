/** Connection quality of endpoints, from mediasoup's scores of their streams. */
import type { Endpoint } from "./endpoint.ts";
import { isData } from "./tracks.ts";

/** Quality is looked at no more often than this, ms. */
const QUALITY_MS = 2_000;

/**
 * 0 (nothing arrives) to 10: the worse of what it sends (the best layer of each track that is not muted) and what it
 * receives, each on average; 10 with nothing to judge by.
 */
export function qualityOf(endpoint: Pick<Endpoint, "tracks" | "subscriptions">): number {
	const sent: number[] = [];
	for (const { producer, isWanted } of endpoint.tracks.values()) {
		// What nobody wants is not sent, and says nothing.
		if (!producer || isData(producer) || producer.paused || !isWanted || producer.score.length === 0) continue;
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

/** Looks at a room's endpoints some time after a score changed, and tells the qualities that differ from those told. */
export class RoomQuality {
	readonly #endpoints: ReadonlyMap<string, Endpoint>;
	readonly #tell: (quality: Record<string, number>) => void;
	readonly #told = new Map<string, number>();
	#timer: NodeJS.Timeout | undefined;

	constructor(endpoints: ReadonlyMap<string, Endpoint>, tell: (quality: Record<string, number>) => void) {
		this.#endpoints = endpoints;
		this.#tell = tell;
	}

	/** A score changed somewhere. */
	check(): void {
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			const changed: Record<string, number> = {};
			for (const endpoint of this.#endpoints.values()) {
				const score = qualityOf(endpoint);
				if (this.#told.get(endpoint.participant) === score) continue;
				this.#told.set(endpoint.participant, score);
				changed[endpoint.participant] = score;
			}
			if (Object.keys(changed).length > 0) this.#tell(changed);
		}, QUALITY_MS);
	}

	forget(participant: string): void {
		this.#told.delete(participant);
	}

	close(): void {
		clearTimeout(this.#timer);
	}
}
