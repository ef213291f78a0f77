import type { Layer, Source } from "./words.ts";

export interface RoomStats {
	/** Of the sending side, else the receiving one. s */
	rtt: number | undefined;
	/** Bits per second. */
	availableOutgoingBitrate: number | undefined;
	/** Since the last call; bits per second. */
	outgoingBitrate: number;
	incomingBitrate: number;
	tracks: TrackStats[];
	/** One each way to the node, and one for both ways to each participant that is connected to directly. */
	connections: ConnectionStats[];
}

/** The path that ICE chose. */
export interface ConnectionStats {
	/** At the other end; undefined for a node. */
	participant: string | undefined;
	/** Of a connection to a node. */
	direction?: "send" | "recv";
	/** s */
	rtt?: number;
	/** Candidate types: `host`, `srflx`, `prflx`, or `relay` when a TURN server is in between. */
	local?: string;
	remote?: string;
	/** `udp`, `tcp` */
	protocol?: string;
}

export interface TrackStats {
	direction: "send" | "recv";
	/** Track id. */
	track: string;
	participant: string;
	source: Source;
	kind: "audio" | "video";
	/** Bits per second since the last call; 0 at the first. */
	bitrate: number;
	framesPerSecond?: number;
	width?: number;
	height?: number;
	/** All since the start. For a sent track: what the node reports. */
	packetsLost?: number;
	/** s */
	jitter?: number;
	/** `VP8`, `opus` */
	codec?: string;
	/** Received: the layer the node sends. Sent: how many layers are active, as the highest. */
	layer?: Layer;
}
