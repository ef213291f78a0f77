/**
 * A participant without a browser: the native protocol, real ICE, DTLS and SRTP by libdatachannel, RTP made by hand.
 * It sends and counts; it decodes nothing. Its socket is one, for tests of what becomes of it.
 */
import type { RequestInput } from "../../../shared/native.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import { BotMedia, type EndpointEvent } from "./media.ts";
import type { Received, SenderOptions } from "./peer.ts";
import { BotSignal } from "./signal.ts";

export class Bot {
	readonly id: string;
	readonly signal: BotSignal;
	readonly media: BotMedia;

	private constructor(id: string, signal: BotSignal) {
		this.id = id;
		this.signal = signal;
		this.media = new BotMedia(id, (type, body) => signal.request(type, body));
		signal.onFrame = (frame) => this.media.handle(frame);
	}

	static async join(
		edge: string,
		room: string,
		id: string,
		token: string,
		options: RequestInput<"join"> & { media?: boolean; heartbeat?: boolean } = {},
	): Promise<Bot> {
		const { media = true, heartbeat = true, ...join } = options;
		const signal = await BotSignal.open(edge, room, token, heartbeat);
		const bot = new Bot(id, signal);
		const endpoint = media ? signal.event("endpoint") : undefined;
		await signal.request("join", { ...(media && { rtpCapabilities: ROUTER_CAPABILITIES }), data: false, ...join });
		await endpoint;
		return bot;
	}

	/** By track. */
	get received(): ReadonlyMap<string, Received> {
		return this.media.received;
	}

	/** Endpoints it had, in order. */
	get endpoints(): readonly EndpointEvent[] {
		return this.media.endpoints;
	}

	/** Where it is served. */
	get node(): string | undefined {
		return this.media.node;
	}

	/** Publishes and sends until `leave`; the tracks' ids. */
	publish(options?: SenderOptions): Promise<string[]> {
		return this.media.publish(options);
	}

	/** Resolves when a track's packets have come since the call. */
	receives(track: string, packets?: number): Promise<Received> {
		return this.media.receives(track, packets);
	}

	/** Forgets the longest gaps so far. */
	resetGaps(): void {
		for (const it of this.received.values()) it.longestGap = 0;
	}

	/** Ends the membership and closes everything. */
	async leave(): Promise<void> {
		await this.signal.request("leave", {}).catch(() => {});
		this.destroy();
	}

	/** Closes everything without a word, as a crash would. */
	destroy(): void {
		this.media.close();
		this.signal.close();
	}
}
