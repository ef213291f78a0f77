/** Messages per second of each socket (or other sender): a token bucket in memory. One that was lost with it starts full. */
interface Bucket {
	tokens: number;
	at: number;
	refusals: number;
}

export class Rates<Sender extends object = WebSocket> {
	readonly #buckets = new WeakMap<Sender, Bucket>();

	/** Takes one message's worth; false when it is over its rate. Twice the rate may come at once. */
	take(sender: Sender, perSecond: number): boolean {
		const bucket = this.#bucket(sender, perSecond);
		const now = Date.now();
		// A clock that was set back has given nothing, and takes nothing.
		const ms = Math.max(0, now - bucket.at);
		bucket.tokens = Math.min(2 * perSecond, bucket.tokens + (ms * perSecond) / 1000);
		bucket.at = now;
		if (bucket.tokens < 1) return false;
		bucket.tokens--;
		return true;
	}

	accepted(sender: Sender): void {
		const bucket = this.#buckets.get(sender);
		if (bucket) bucket.refusals = 0;
	}

	/** Refusals in a row, with this one. */
	refused(sender: Sender): number {
		const bucket = this.#buckets.get(sender);
		return bucket ? ++bucket.refusals : 0;
	}

	#bucket(sender: Sender, perSecond: number): Bucket {
		let bucket = this.#buckets.get(sender);
		if (!bucket) {
			bucket = { tokens: 2 * perSecond, at: Date.now(), refusals: 0 };
			this.#buckets.set(sender, bucket);
		}
		return bucket;
	}
}
