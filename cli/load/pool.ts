/** Calls `work` for each, so many at a time; after `stop` no further ones begin. */
export async function pool<T>(
	items: readonly T[],
	atATime: number,
	stop: AbortSignal,
	work: (item: T) => Promise<void>,
): Promise<void> {
	const queue = [...items];
	const lane = async () => {
		for (let item = queue.shift(); item !== undefined && !stop.aborted; item = queue.shift()) await work(item);
	};
	await Promise.all(Array.from({ length: atATime }, lane));
}

/** Rejects when it takes too long, or when `stop` comes first. */
export function within<T>(ms: number, stop: AbortSignal, what: string, promise: Promise<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		const timer = setTimeout(() => reject(new Error(`${what}: nothing for ${ms / 1_000} s`)), ms);
		const onStop = () => reject(new Error(`${what}: stopped`));
		stop.addEventListener("abort", onStop, { once: true });
		if (stop.aborted) onStop();
		promise.then(resolve, reject).finally(() => {
			clearTimeout(timer);
			stop.removeEventListener("abort", onStop);
		});
	});
}
