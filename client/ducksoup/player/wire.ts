/** The envelope: JSON frames with a `kind`; what a client sends carries text, an object as JSON inside it. */
export type ErrorKind = `error-${string}`;

export interface Joined {
	context: string;
	iceServers: RTCIceServer[];
}
export interface Other {
	userId: string;
	/** Of the MediaStream that is this participant's. */
	streamId: string;
}
/** Paths of a participant's recordings; null without any. */
export type Files = Record<string, string[] | null>;

export interface Frame {
	kind: string;
	payload: unknown;
}

/** Undefined for what is no frame. */
export function decode(text: unknown): Frame | undefined {
	if (typeof text !== "string") return undefined;
	try {
		const { kind, payload = null } = JSON.parse(text) as Partial<Frame>;
		return typeof kind === "string" ? { kind, payload } : undefined;
	} catch {
		return undefined;
	}
}

/** Nothing to say is a frame without the key. */
export function encode(kind: string, payload?: unknown): string {
	const text = payload === undefined || payload === null || payload === "" ? undefined : asText(payload);
	return JSON.stringify({ kind, payload: text });
}

function asText(payload: unknown): string | undefined {
	return typeof payload === "string" ? payload : JSON.stringify(payload);
}

/**
 * Where the socket is opened: with the page's address, which the server writes down. A socket's address may hold no
 * fragment, and an address in a query must be escaped wholly.
 */
export function socketUrl(signalingUrl: string, page: string): string {
	const url = signalingUrl.replace(/#.*$/s, "");
	const href = encodeURIComponent(page.replace(/#.*$/s, ""));
	return `${url}${url.includes("?") ? "&" : "?"}href=${href}`;
}
