/**
 * Looks whether the room's other nodes are still reached. Media that arrives there is acknowledged (RTCP receiver
 * reports), so what counts is that something is sent and nothing comes back; a path over which nothing is sent says
 * nothing, and is not asked.
 */
import type { PipeTransport } from "mediasoup/types";
import type { Peers } from "./peers.ts";

const LOOK_MS = 1_000;
/** Reports come every 2 s at the latest for video, every 7 s for audio; some may be lost. */
const SILENT_MS = { video: 4_500, audio: 10_000 } as const;

export type Carried = keyof typeof SILENT_MS;

interface Seen {
	transport: PipeTransport;
	sent: number;
	received: number;
	/** Since when media goes there and nothing has come. */
	since: number;
}

export class PeerWatch {
	readonly #peers: Peers;
	/** What media goes to a node now. */
	readonly #carried: (peer: number) => Carried | undefined;
	readonly #onLost: (peer: number) => void;
	readonly #seen = new Map<number, Seen>();
	readonly #timer: NodeJS.Timeout;

	constructor(peers: Peers, carried: (peer: number) => Carried | undefined, onLost: (peer: number) => void) {
		this.#peers = peers;
		this.#carried = carried;
		this.#onLost = onLost;
		this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#look(): void {
		for (const peer of this.#seen.keys()) if (!this.#peers.connected.has(peer)) this.#seen.delete(peer);
		for (const [peer, transport] of this.#peers.connected) {
			const carried = this.#carried(peer);
			if (!carried) this.#seen.delete(peer);
			// One that was closed meanwhile is no news.
			else this.#check(peer, transport, SILENT_MS[carried]).catch(() => {});
		}
	}

	async #check(peer: number, transport: PipeTransport, silentMs: number): Promise<void> {
		const now = performance.now();
		const [stats] = await transport.getStats();
		if (!stats || this.#peers.connected.get(peer) !== transport) return;
		const { rtpBytesSent: sent, bytesReceived: received } = stats;
		const before = this.#seen.get(peer);
		const alive = before?.transport !== transport || sent === before.sent || received !== before.received;
		const since = alive ? now : before.since;
		this.#seen.set(peer, { transport, sent, received, since });
		if (now - since >= silentMs) this.#onLost(peer);
	}
}
