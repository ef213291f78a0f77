/**
 * Publishing and watching over HTTP: WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep). What is read of session
 * descriptions here is what HTTP needs to know; the node reads the rest.
 */
import * as z from "zod";
import { SwitchyardError } from "./errors.ts";

export const SDP_TYPE = "application/sdp";
/** RFC 8840. */
export const FRAGMENT_TYPE = "application/trickle-ice-sdpfrag";
/** Relations of the `Link` headers. */
export const REL = {
	iceServer: "ice-server",
	layer: "urn:ietf:params:whep:ext:core:layer",
	events: "urn:ietf:params:whep:ext:core:server-sent-events",
} as const;

/** What a page may be told while it watches. */
export const EventType = z.enum(["active", "inactive", "layers", "reconnect", "viewercount"]);
export type EventType = z.infer<typeof EventType>;
/** Those wanted of them. Names that are unknown here are left out. */
export const EventTypes = z
	.array(z.string().max(64))
	.max(32)
	.transform((names) => EventType.options.filter((type) => names.includes(type)));

/** From the room to whoever holds the stream of events. */
export const StreamedEvent = z.object({ event: EventType, data: z.record(z.string(), z.unknown()) });
export type StreamedEvent = z.infer<typeof StreamedEvent>;

const index = z.number().int().min(0).max(7);
const pixels = z.number().int().min(1).max(16_384);
/** Which layer of a video is wanted. Nothing but `mediaId`: whatever the node finds best. */
export const LayerChoice = z.object({
	/** The section's number; the first with video when absent. */
	mediaId: z.union([z.string().regex(/^\d{1,3}$/), z.number().int().min(0).max(999).transform(String)]).optional(),
	rid: z.string().max(64).optional(),
	/** As an earlier draft called `rid`. */
	encodingId: z.string().max(64).optional(),
	spatialLayerId: index.optional(),
	temporalLayerId: index.optional(),
	maxSpatialLayerId: index.optional(),
	maxTemporalLayerId: index.optional(),
	maxWidth: pixels.optional(),
	maxHeight: pixels.optional(),
});
export type LayerChoice = z.infer<typeof LayerChoice>;

/** One layer of a video, in the event `layers`. */
export interface LayerNews {
	rid?: string;
	spatialLayerId: number;
	width?: number;
	height?: number;
}

/** `camera`: microphone and camera; `screen`: a screen and its sound. */
export const Feed = z.enum(["camera", "screen"]);
export type Feed = z.infer<typeof Feed>;

// ---------------------------------------------------------------- session descriptions

export interface OfferedSection {
	kind: "audio" | "video" | "other";
	mid: string;
	/** As its client sees it. */
	sends: boolean;
	receives: boolean;
	/** Payload types by codec, in lower case: `video/vp8`. */
	codecs: { mimeType: string; payloadType: number }[];
}

/** What HTTP needs to know of a description. */
export interface Described {
	ufrag: string;
	/** Those in use: not refused, nor stopped. */
	sections: OfferedSection[];
	/** The lines that a fragment repeats: where the bundle's transport is, and the candidates. */
	lines: { options: string[]; head: string[]; candidates: string[] };
}

const SDP_LINE = /^[a-z]=/;
const UFRAG = /^a=ice-ufrag:([A-Za-z0-9+/]{4,256})$/;
const PASSWORD = /^a=ice-pwd:([A-Za-z0-9+/]{22,256})$/;
/** RFC 8839 section 5.1, loosely: what is in it does not matter to a node, which looks at where packets come from. */
const CANDIDATE = /^a=candidate:[A-Za-z0-9+/]{1,32} \d{1,5} \S{1,16} \d{1,10} \S{1,255} \d{1,5} typ \S+( \S+)*$/;
const MOST_CANDIDATES = 256;

function linesOf(text: string): string[] {
	const lines = text.split(/\r\n|\r|\n/).filter((line) => line !== "");
	const wrong = lines.find((line) => !SDP_LINE.test(line));
	if (wrong !== undefined || lines.length === 0) malformed("a line that is none of SDP");
	return lines;
}

function malformed(what: string): never {
	throw new SwitchyardError("bad_request", `sdp: ${what}`);
}

function firstMatch(lines: readonly string[], pattern: RegExp): string | undefined {
	for (const line of lines) {
		const match = pattern.exec(line);
		if (match) return match[1];
	}
	return undefined;
}

/** Throws `bad_request`. */
export function readDescription(text: string): Described {
	const lines = linesOf(text);
	if (lines[0] !== "v=0") malformed("it does not begin with v=0");
	const starts = lines.flatMap((line, at) => (line.startsWith("m=") ? at : []));
	if (starts.length === 0) malformed("it has no media section");
	const session = lines.slice(0, starts[0]);
	const all = starts.map((start, n) => lines.slice(start, starts[n + 1]));
	const ufrag = firstMatch(lines, UFRAG);
	if (ufrag === undefined || firstMatch(lines, PASSWORD) === undefined) malformed("it lacks ice-ufrag and ice-pwd");
	const live = all.filter((section) => isLive(section));
	const first = live[0] ?? [];
	return {
		ufrag,
		sections: all.flatMap((section, at) => (isLive(section) ? readSection(section, at, session) : [])),
		lines: {
			options: lines.filter((line) => line === "a=ice-lite" || line.startsWith("a=ice-options:")).slice(0, 4),
			head: [
				...session.filter((line) => line.startsWith("a=group:BUNDLE")),
				...first.filter((line) => line.startsWith("m=") || line.startsWith("a=mid:")),
			],
			candidates: first.filter((line) => line.startsWith("a=candidate:")),
		},
	};
}

/** Its port is not 0, or it is bundled (RFC 3264 section 8.2, RFC 9143 section 6). */
function isLive(section: readonly string[]): boolean {
	return !/^m=\S+ 0 /.test(section[0] ?? "") || section.includes("a=bundle-only");
}

function readSection(section: readonly string[], at: number, session: readonly string[]): OfferedSection {
	const type = /^m=(\S+) /.exec(section[0] ?? "")?.[1];
	const kind = type === "audio" || type === "video" ? type : "other";
	const direction = /^a=(sendrecv|sendonly|recvonly|inactive)$/;
	const wanted = firstMatch(section, direction) ?? firstMatch(session, direction) ?? "sendrecv";
	const codecs = section.flatMap((line) => {
		const [, payload, codec] = /^a=rtpmap:(\d{1,3}) ([^/\s]+)\//.exec(line) ?? [];
		return codec === undefined ? [] : { mimeType: `${type}/${codec}`.toLowerCase(), payloadType: Number(payload) };
	});
	return {
		kind,
		mid: firstMatch(section, /^a=mid:(\S+)$/) ?? String(at),
		sends: wanted === "sendrecv" || wanted === "sendonly",
		receives: wanted === "sendrecv" || wanted === "recvonly",
		codecs,
	};
}

/** What a client tells of its candidates, or of a restart (RFC 8840 section 4.4). */
export interface Fragment {
	ufrag: string;
}

/** Throws `bad_request`. Candidates are looked at and not kept. */
export function readFragment(text: string): Fragment {
	const lines = linesOf(text);
	const ufrag = firstMatch(lines, UFRAG);
	if (ufrag === undefined || firstMatch(lines, PASSWORD) === undefined) malformed("it lacks ice-ufrag and ice-pwd");
	const candidates = lines.filter((line) => line.startsWith("a=candidate:"));
	if (candidates.length > MOST_CANDIDATES) malformed("it has too many candidates");
	const wrong = candidates.find((line) => !CANDIDATE.test(line));
	if (wrong !== undefined) malformed(`it has a candidate that cannot be read`);
	return { ufrag };
}
