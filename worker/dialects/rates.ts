/** Messages per second of each socket: a token bucket in memory. One that was lost with it starts full. */
interface Bucket {
	tokens: number;
	at: number;
	refusals: number;
}

export class Rates {
	readonly #buckets = new WeakMap<WebSocket, Bucket>();

	/** Takes one message's worth; false when the socket is over its rate. Twice the rate may come at once. */
	take(ws: WebSocket, perSecond: number): boolean {
		const bucket = this.#bucket(ws, perSecond);
		const now = Date.now();
		bucket.tokens = Math.min(2 * perSecond, bucket.tokens + ((now - bucket.at) * perSecond) / 1000);
		bucket.at = now;
		if (bucket.tokens < 1) return false;
		bucket.tokens--;
		return true;
	}

	accepted(ws: WebSocket): void {
		const bucket = this.#buckets.get(ws);
		if (bucket) bucket.refusals = 0;
	}

	/** Refusals in a row, with this one. */
	refused(ws: WebSocket): number {
		const bucket = this.#buckets.get(ws);
		return bucket ? ++bucket.refusals : 0;
	}

	#bucket(ws: WebSocket, perSecond: number): Bucket {
		let bucket = this.#buckets.get(ws);
		if (!bucket) {
			bucket = { tokens: 2 * perSecond, at: Date.now(), refusals: 0 };
			this.#buckets.set(ws, bucket);
		}
		return bucket;
	}
}
