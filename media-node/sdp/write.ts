/** Writes session descriptions. The node is an ICE-lite agent (RFC 8445 section 2.5): its candidates are all in them. */
import type { WebRtcTransport } from "mediasoup/types";
import * as sdpTransform from "sdp-transform";
import { type Codec, codecLines, type Extension, isOneLine } from "./codecs.ts";
import type { Direction } from "./read.ts";

export interface SectionText {
	mid: string;
	kind: string;
	stopped: boolean;
	direction: Direction;
	codecs: readonly Codec[];
	extensions: readonly Extension[];
	/** What is sent to the client in it. */
	sends?: { stream: string; track: string; ssrc?: number; rtx?: number; cname?: string };
	/** What the client sends in it, as its own simulcast names it; lowest first. */
	rids: readonly string[];
}

export interface SessionText {
	id: number;
	version: number;
	setup: "actpass" | "active" | "passive";
	allowMixed: boolean;
	sections: readonly SectionText[];
	sctp?: { port: number; maxMessageSize: number };
}

type Session = Parameters<typeof sdpTransform.write>[0];
type Media = Session["media"][number];
/** A port in a section says nothing where candidates do (RFC 8839 section 4.2.1.2). */
const DISCARD = 9;

export function writeDescription(text: SessionText, transport: WebRtcTransport): string {
	const live = text.sections.filter(({ stopped }) => !stopped);
	const session = {
		version: 0,
		origin: {
			...{ username: "switchyard", sessionId: text.id, sessionVersion: text.version },
			...{ netType: "IN", ipVer: 4, address: "0.0.0.0" },
		},
		name: "-",
		timing: { start: 0, stop: 0 },
		icelite: "ice-lite",
		...(live.length > 0 && { groups: [{ type: "BUNDLE", mids: live.map(({ mid }) => mid).join(" ") }] }),
		...(text.allowMixed && { extmapAllowMixed: "extmap-allow-mixed" }),
		msidSemantic: { semantic: "WMS", token: "*" },
		media: text.sections.map((section) => (section.stopped ? ended(section) : media(section, text, transport))),
	};
	return sdpTransform.write(session as unknown as Session);
}

const CONNECTION = { version: 4, ip: "0.0.0.0" };

function protocolOf(kind: string): string {
	return kind === "application" ? "UDP/DTLS/SCTP" : "UDP/TLS/RTP/SAVPF";
}

/** RFC 3264 section 6: a refused section repeats a format. */
function ended({ mid, kind, codecs }: SectionText) {
	const payloads = kind === "application" ? "webrtc-datachannel" : String(codecs[0]?.payloadType ?? 0);
	return {
		...{
			type: kind,
			port: 0,
			protocol: protocolOf(kind),
			payloads,
			connection: CONNECTION,
			mid,
			direction: "inactive",
		},
		...{ rtp: [], fmtp: [] },
	};
}

function media(section: SectionText, { setup, sctp }: SessionText, transport: WebRtcTransport): Media {
	const { mid, kind, direction, codecs, extensions, sends, rids } = section;
	const { iceParameters, iceCandidates, dtlsParameters } = transport;
	const fingerprint = dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === "sha-256");
	const common = {
		...{ type: kind, port: DISCARD, protocol: protocolOf(kind), connection: CONNECTION, mid },
		iceUfrag: iceParameters.usernameFragment,
		icePwd: iceParameters.password,
		candidates: iceCandidates.map(({ foundation, priority, address, port, protocol, tcpType }) => ({
			...{ foundation, component: 1, transport: protocol, priority, ip: address, port, type: "host" },
			...(tcpType && { tcptype: tcpType }),
		})),
		endOfCandidates: "end-of-candidates",
		...(fingerprint && { fingerprint: { type: fingerprint.algorithm, hash: fingerprint.value } }),
		setup,
	};
	if (kind === "application") {
		const { port = 5000, maxMessageSize = 262_144 } = sctp ?? {};
		const own = { payloads: "webrtc-datachannel", sctpPort: port, maxMessageSize, rtp: [], fmtp: [] };
		return { ...common, ...own } as unknown as Media;
	}
	return {
		...common,
		...{ direction, rtcpMux: "rtcp-mux", rtcpRsize: "rtcp-rsize" },
		...codecLines(codecs),
		ext: extensions.map(({ id, uri }) => ({ value: id, uri })),
		...(rids.length > 0 && {
			rids: rids.map((id) => ({ id, direction: "recv" })),
			...(rids.length > 1 && { simulcast: { dir1: "recv", list1: rids.join(";") } }),
		}),
		...(sends && outgoing(sends)),
	} as unknown as Media;
}

function outgoing({ stream, track, ssrc, rtx, cname = "" }: NonNullable<SectionText["sends"]>) {
	// Ids may hold what the library's own grammar of this line does not know.
	const msid = { invalid: [{ value: `msid:${stream || "-"} ${track}` }] };
	if (ssrc === undefined) return msid;
	const name = cname !== "" && isOneLine(cname) ? cname : "-";
	const ssrcs = rtx === undefined ? [ssrc] : [ssrc, rtx];
	return {
		...msid,
		ssrcs: ssrcs.map((id) => ({ id, attribute: "cname", value: name })),
		...(rtx !== undefined && { ssrcGroups: [{ semantics: "FID", ssrcs: `${ssrc} ${rtx}` }] }),
	};
}
