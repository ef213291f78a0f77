/** What the other types are made of. */

/** What a track shows or sounds. A microphone is `audio`. */
export type Source = "audio" | "camera" | "screen" | "screenAudio" | "data";
export type Kind = "audio" | "video" | "data";
/** A spatial (and temporal) layer; 0 is the lowest. */
export interface Layer {
	spatial: number;
	temporal?: number;
}
/** Device pixels. */
export interface Size {
	width: number;
	height: number;
}
/** 0 (nothing arrives) to 10 (perfect). */
export type Score = number;
export type Quality = "auto" | "low" | "medium" | "high";
export type VideoCodec = "vp8" | "vp9" | "h264" | "av1";
/** `mesh`: people send each other their media directly. */
export type Topology = "sfu" | "mesh";
export type SubscribeDefault = "all" | "none";
export type RoomState = "connected" | "reconnecting" | "closed";
export type MediaState = "new" | "connecting" | "connected" | "disconnected";
export type LeaveReason = "left" | "timeout" | "replaced" | "removed" | "moved" | "roomClosed";
/** Why a room is closed for this client. `lost`: it did not come back in time. `unauthorized`: the token is void. */
export type CloseReason =
	| "left"
	| "replaced"
	| "removed"
	| "roomClosed"
	| "resumedElsewhere"
	| "unauthorized"
	| "lost"
	| "refused";

export interface Rights {
	publish: Source[];
	subscribe: boolean;
	/** Messages to others. */
	send: boolean;
	moderate: boolean;
	/** Own effects; absent: no. */
	effects?: boolean;
	/** Recordings of anybody; absent: no. */
	record?: boolean;
}
