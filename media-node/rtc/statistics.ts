/**
 * What goes through endpoints whose clients are told of it, measured about once a second. Every figure is a question to
 * a worker, so rooms that would have too many ask more seldom.
 */
import type { Consumer, Producer } from "mediasoup/types";
import type { EndpointStatistics, ReceivedStream, SentStream } from "../../shared/statistics.ts";
import type { Endpoint } from "./endpoint.ts";
import { isData } from "./tracks.ts";

const INTERVAL_MS = 1_000;
/** Questions of a room, per second and at a time. */
const MOST_PER_SECOND = 300;
const AT_ONCE = 50;

export class RoomStatistics {
	readonly #endpoints: ReadonlyMap<string, Endpoint>;
	readonly #tell: (statistics: Record<string, EndpointStatistics>) => void;
	#timer: NodeJS.Timeout | undefined;
	#measuring = false;
	#closed = false;

	constructor(
		endpoints: ReadonlyMap<string, Endpoint>,
		tell: (statistics: Record<string, EndpointStatistics>) => void,
	) {
		this.#endpoints = endpoints;
		this.#tell = tell;
	}

	/** There may be somebody to measure. */
	check(): void {
		if (this.#measuring || this.#closed || this.#measured().length === 0) return;
		const pause = Math.max(INTERVAL_MS, (this.#questions() * 1_000) / MOST_PER_SECOND);
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			void this.#measure();
		}, pause);
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
	}

	#measured(): Endpoint[] {
		return [...this.#endpoints.values()].filter(({ measured }) => measured);
	}

	#questions(): number {
		return this.#measured().reduce((sum, { tracks, subscriptions }) => sum + 1 + tracks.size + subscriptions.size, 0);
	}

	async #measure(): Promise<void> {
		this.#measuring = true;
		const statistics: Record<string, EndpointStatistics> = {};
		for (const endpoint of this.#measured()) {
			const measured = await statisticsOf(endpoint);
			if (!endpoint.closed) statistics[endpoint.id] = measured;
		}
		this.#measuring = false;
		if (this.#closed) return;
		if (Object.keys(statistics).length > 0) this.#tell(statistics);
		this.check();
	}
}

async function statisticsOf(endpoint: Endpoint): Promise<EndpointStatistics> {
	const totals = { bytesReceived: 0, bytesSent: 0, receiveBitrate: 0, sendBitrate: 0 };
	let available: number | undefined;
	await each(endpoint.transports(), async (transport) => {
		const [stats] = await transport.getStats();
		if (!stats) return;
		totals.bytesReceived += stats.bytesReceived;
		totals.bytesSent += stats.bytesSent;
		totals.receiveBitrate += Math.round(stats.recvBitrate);
		totals.sendBitrate += Math.round(stats.sendBitrate);
		const estimate = stats.availableOutgoingBitrate ?? 0;
		if (estimate > 0) available = (available ?? 0) + Math.round(estimate);
	});
	const received: ReceivedStream[] = [];
	await each(endpoint.tracks.values(), async ({ id, producer }) => {
		if (producer && !isData(producer)) received.push(...(await receivedStreams(id, producer)));
	});
	const sent: SentStream[] = [];
	await each(endpoint.subscriptions.values(), async ({ track, consumer, spatialLayers }) => {
		if (consumer && "kind" in consumer) sent.push(...(await sentStreams(track, consumer, spatialLayers)));
	});
	return { ...totals, available, received, sent };
}

/** What closed meanwhile has no figures. */
async function each<T>(items: Iterable<T>, ask: (item: T) => Promise<void>): Promise<void> {
	const all = [...items];
	for (let i = 0; i < all.length; i += AT_ONCE) await Promise.allSettled(all.slice(i, i + AT_ONCE).map(ask));
}

async function receivedStreams(track: string, producer: Producer): Promise<ReceivedStream[]> {
	return (await producer.getStats()).map(({ rid, mimeType, byteCount, packetCount, packetsLost, bitrate }) => ({
		...{ track, rid, codec: mimeType, bytes: byteCount, packets: packetCount, lost: packetsLost },
		bitrate: Math.round(bitrate),
	}));
}

async function sentStreams(track: string, consumer: Consumer, layers: number): Promise<SentStream[]> {
	const stats = await consumer.getStats();
	// Beside it comes what its publisher sends.
	const own = stats.find(({ type }) => type === "outbound-rtp");
	if (!own) return [];
	const { mimeType, byteCount, packetCount, packetsLost, fractionLost, bitrate } = own;
	return [
		{
			...{ track, codec: mimeType, bytes: byteCount, packets: packetCount, lost: packetsLost },
			...{ bitrate: Math.round(bitrate), fractionLost: Math.min(1, fractionLost / 256) },
			...(layers > 1 && { layer: consumer.currentLayers?.spatialLayer ?? null, layers }),
		},
	];
}
