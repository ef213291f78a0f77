/** What the client library calls its states and updates, and what it is told of a session. */
export const SfuClientState = Object.freeze({
	DISCONNECTED: "disconnected",
	CONNECTING: "connecting",
	AUTHENTICATED: "authenticated",
	CONNECTED: "connected",
	RECOVERING: "recovering",
	CLOSED: "closed",
} as const);
export type SfuClientState = (typeof SfuClientState)[keyof typeof SfuClientState];

export const CLIENT_UPDATE = Object.freeze({
	BROADCAST: "broadcast",
	DISCONNECT: "disconnect",
	INFO_CHANGE: "info_change",
	TRACK: "track",
} as const);

export const STREAM_TYPES = ["audio", "camera", "screen"] as const;
export type StreamType = (typeof STREAM_TYPES)[number];
export type SessionId = string | number;

export interface SessionInfo {
	isTalking?: boolean;
	isCameraOn?: boolean;
	isScreenSharingOn?: boolean;
	isSelfMuted?: boolean;
	isDeaf?: boolean;
	isRaisingHand?: boolean;
}
