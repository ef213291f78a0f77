/** A participant's media side on this node: its tracks and its subscriptions, on transports that its client reaches. */
import type { Producer, RtpCapabilities, WebRtcTransport } from "mediasoup/types";
import type { LinkCommand, LinkReport } from "../../shared/link.ts";
import type { IceParameters } from "../../shared/media.ts";
import type { Direction } from "../../shared/native.ts";
import type { ParticipantEffects } from "../effects/participant.ts";
import type { Mix } from "../mixing/mix.ts";
import type { Home } from "./home.ts";
import type { Receiver, SubscribedTrack } from "./subscriptions.ts";
import type { Inlet, RoomTrack } from "./tracks.ts";

export type Open = Extract<LinkCommand, { type: "open" }>;
export type Opened = Extract<LinkReport, { type: "opened" }>;
type MediaState = "connected" | "disconnected";

export abstract class Endpoint {
	readonly id: string;
	readonly participant: string;
	readonly tracks = new Map<string, RoomTrack>();
	/** What is done to what it sends. */
	effects: ParticipantEffects | undefined;
	readonly subscriptions = new Map<string, SubscribedTrack>();
	/** Resolves when it is there; rejects when it could not be made. */
	abstract readonly opened: Promise<Opened>;
	/** Resolves when all that was told of it beforehand is done as well; nothing needs to wait for it. */
	abstract readonly prepared: Promise<void>;
	/** What others send reaches it mixed. */
	mix: Mix | undefined;
	/** What goes through it is told about once a second. */
	readonly measured: boolean;
	/** What it receives waits until its client is ready for it. */
	abstract readonly holds: boolean;
	onMediaState: (state: MediaState) => void = () => {};
	/** What its client told of itself cannot be used. */
	onUnusable: (error: unknown) => void = () => {};
	/** Where it lives: a router, and the server whose port its transports share. */
	readonly home: Promise<Home>;
	#mediaState: MediaState | undefined;
	#closed = false;

	constructor({ endpoint, participant, sdp }: Open, home: Promise<Home>) {
		this.measured = sdp?.statistics ?? false;
		this.id = endpoint;
		this.participant = participant;
		this.home = home;
	}

	/** What a subscription needs of it. */
	abstract receiver(published: RoomTrack): Promise<Receiver>;
	/** What a published track needs of it. */
	abstract sender(): Promise<Inlet>;
	/** New ICE credentials for one of its transports (RFC 8445 section 9). */
	abstract restartIce(direction: Direction): Promise<IceParameters>;
	/** Those there are now. */
	abstract transports(): WebRtcTransport[];
	/** What its client can decode; undefined while only the client knows. */
	get capabilities(): RtpCapabilities | undefined {
		return undefined;
	}
	/** Whatever is received for it, in whichever way. */
	get inputs(): readonly SubscribedTrack[] {
		return [...this.subscriptions.values(), ...(this.mix?.inputs ?? [])];
	}
	/** A track that it publishes has its producer. */
	produced(_producer: Producer): void {}
	/** What it receives has changed. */
	changed(): void {}

	get closed(): boolean {
		return this.#closed;
	}

	/** Undefined until the client's first connection. */
	get mediaState(): MediaState | undefined {
		return this.#mediaState;
	}

	/** It lives on this router. */
	async livesOn(home: Home): Promise<boolean> {
		return this.home.then((it) => it === home).catch(() => false);
	}

	close(): void {
		this.#closed = true;
		this.effects?.close();
		this.mix?.close();
		// First, since all that is on a transport ends with it, in one message to the worker.
		for (const transport of this.transports()) transport.close();
		for (const track of this.tracks.values()) track.close();
		for (const subscription of this.subscriptions.values()) subscription.close();
	}

	protected watch(transport: WebRtcTransport): void {
		transport.on("icestatechange", () => this.#check());
		transport.on("dtlsstatechange", () => this.#check());
	}

	/** A client may use one of several alone, so what was never used says nothing. */
	#check(): void {
		if (this.#closed) return;
		const used = this.transports().filter(({ iceState }) => iceState !== "new");
		const lost = used.some(
			({ iceState, dtlsState }) => iceState === "disconnected" || dtlsState === "failed" || dtlsState === "closed",
		);
		const up = used.length > 0 && used.every(({ dtlsState }) => dtlsState === "connected");
		const state = lost ? "disconnected" : up ? "connected" : undefined;
		if (!state || state === this.#mediaState) return;
		this.#mediaState = state;
		this.onMediaState(state);
	}
}
