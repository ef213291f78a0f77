/** What `connect` and `createLocalTracks` take. */
import type { SubscribeDefault } from "./words.ts";

export interface ConnectOptions {
	/** Where the edge is: `https://edge.example`. A path before `/v1` is kept. */
	url: string;
	room: string;
	/** A participant token, or what fetches one: called again when an old one will not do, with the room it is for. */
	token: string | ((room: string) => string | Promise<string>);
	name?: string;
	metadata?: unknown;
	presence?: unknown;
	/** Which tracks are received without asking for each; `all` by default. */
	subscribe?: SubscribeDefault;
	/** One picture and one sound of all that would be received, from a participant `~mix`: for a weak line or machine. */
	mixed?: boolean;
	/** Ask for video in the size of the elements it is attached to; true by default. */
	adaptive?: boolean;
	iceTransportPolicy?: "all" | "relay";
	/** False: signaling only, no audio, video or data channels. True by default where there is WebRTC. */
	media?: boolean;
	/** False: media goes by a node only, so that nobody learns of this participant's address. True by default. */
	mesh?: boolean;
	/** Gives up connecting. Once connected it has no effect. */
	signal?: AbortSignal;
	/** For runtimes without a global one. */
	WebSocket?: new (
		url: string,
		protocols: string[],
	) => WebSocket;
}

export interface LocalTracksOptions {
	/** The microphone; true by default. */
	audio?: boolean | MediaTrackConstraints;
	/** The camera; true by default. */
	camera?: boolean | MediaTrackConstraints;
}
/** By source, ready for `me.publish(track, { source })`. */
export interface CapturedTracks {
	audio?: MediaStreamTrack;
	camera?: MediaStreamTrack;
}
