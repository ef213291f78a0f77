/** Reads a client's session description (RFC 8866; JSEP, RFC 9429) into what the connection needs of it. */
import * as sdpTransform from "sdp-transform";
import { SwitchyardError } from "../../shared/errors.ts";
import { DtlsParameters } from "../../shared/media.ts";

export type Direction = "sendrecv" | "sendonly" | "recvonly" | "inactive";
export type Media = sdpTransform.SessionDescription["media"][number];

export interface RemoteSection {
	mid: string;
	kind: "audio" | "video" | "application" | "other";
	/** Its port is 0 and it is not bundled: refused or stopped (RFC 3264 section 8.2). */
	stopped: boolean;
	/** As the client sees it. */
	direction: Direction;
	/** Ids of stream and track that the client sends in it (`a=msid`, RFC 8830). */
	msid: { stream: string; track: string };
	media: Media;
}

export interface RemoteDescription {
	sections: RemoteSection[];
	/** User fragment and password of its ICE agent: new ones mean a restart (RFC 8839 section 4.4.1.1.1). */
	ice: string;
	dtls: DtlsParameters;
	/** `a=extmap-allow-mixed` (RFC 8285 section 6). */
	allowMixed: boolean;
	/** Of Firefox's WebRTC rather than libwebrtc's, which the other browsers share. */
	mozilla: boolean;
}

const KINDS: ReadonlySet<string> = new Set(["audio", "video", "application"]);
const MID = /^[!#$%&'*+.0-9A-Za-z^_`{|}~-]{1,32}$/;
/** The SDP grammar wants 4 and 22 characters at least (RFC 8839 section 5.4). */
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;
const FINGERPRINT = /^([0-9A-F]{2}:){15,63}[0-9A-F]{2}$/i;
const MOST_SECTIONS = 500;
/** DTLS role of the side that wrote `a=setup` (RFC 8842 section 5). */
const ROLE = { active: "client", passive: "server", actpass: "auto" } as const;

/** Throws `bad_request` naming what is wrong. */
export function readDescription(sdp: string): RemoteDescription {
	if (!/^v=0\r?\n/.test(sdp)) bad("does not begin with v=0");
	const session = parse(sdp);
	if (session.media.length === 0) bad("has no media section");
	if (session.media.length > MOST_SECTIONS) bad(`has more than ${MOST_SECTIONS} media sections`);
	const sections = session.media.map((media, index) => readSection(media, index, session.direction));
	if (new Set(sections.map(({ mid }) => mid)).size !== sections.length) bad("names a mid twice");
	const live = session.media.filter((_, index) => !sections[index]?.stopped);
	checkBundle(session, sections);
	// Any section that is not stopped has the transport, being bundled (RFC 9143); the first alone need have it.
	const attribute = <T>(of: (media: Media | typeof session) => T | undefined) =>
		live.map(of).find((value) => value !== undefined) ?? of(session);
	const ufrag = String(attribute(({ iceUfrag }) => iceUfrag) ?? "");
	const password = String(attribute(({ icePwd }) => icePwd) ?? "");
	const fingerprint = attribute((it) => it.fingerprint);
	const setup = attribute((it) => it.setup) ?? "actpass";
	if (live.length > 0) {
		if (!UFRAG.test(ufrag) || !PASSWORD.test(password)) bad("lacks a valid ice-ufrag and ice-pwd");
		if (!fingerprint || !FINGERPRINT.test(fingerprint.hash)) bad("lacks a valid fingerprint");
		if (!(setup in ROLE)) bad(`has an unknown setup ${setup}`);
	}
	const dtls = DtlsParameters.safeParse({
		role: ROLE[setup as keyof typeof ROLE],
		fingerprints: [{ algorithm: fingerprint?.type.toLowerCase(), value: fingerprint?.hash.toUpperCase() }],
	});
	if (!dtls.success && live.length > 0) bad("has a fingerprint of an unknown kind");
	return {
		sections,
		ice: `${ufrag} ${password}`,
		dtls: dtls.data ?? { fingerprints: [] },
		mozilla: session.origin?.username.startsWith("mozilla") ?? false,
		allowMixed:
			session.extmapAllowMixed !== undefined || live.some(({ extmapAllowMixed }) => extmapAllowMixed !== undefined),
	};
}

function parse(sdp: string): sdpTransform.SessionDescription {
	try {
		return sdpTransform.parse(sdp);
	} catch {
		return bad("cannot be read");
	}
}

function readSection(media: Media, index: number, fallback: Direction | undefined): RemoteSection {
	const mid = media.mid === undefined ? String(index) : String(media.mid);
	if (!MID.test(mid)) bad(`has an invalid mid in section ${index}`);
	const stopped = media.port === 0 && media.bundleOnly === undefined;
	// Of drafts of RFC 8841, as browsers and apps had it until 2018: refused by itself, and the rest of the offer is served.
	const known = KINDS.has(media.type) && media.protocol !== "DTLS/SCTP";
	const wanted =
		media.type === "application" ? /^(UDP|TCP)\/DTLS\/SCTP$/ : /^(UDP|TCP)\/TLS\/RTP\/SAVPF?$|^RTP\/SAVPF$/;
	if (!stopped && known && !wanted.test(media.protocol)) {
		bad(`has a section ${mid} of protocol ${media.protocol}, which is not DTLS`);
	}
	return {
		mid,
		kind: known ? (media.type as RemoteSection["kind"]) : "other",
		stopped,
		direction: media.direction ?? fallback ?? "sendrecv",
		msid: readMsid(media),
		media,
	};
}

/** All that is alive goes over one transport. */
function checkBundle(session: sdpTransform.SessionDescription, sections: readonly RemoteSection[]): void {
	const live = sections.filter(({ stopped, kind }) => !stopped && kind !== "other");
	if (live.length < 2) return;
	const bundles = (session.groups ?? []).filter(({ type }) => type === "BUNDLE");
	const bundled = new Set(bundles.flatMap(({ mids }) => String(mids).split(" ")));
	if (live.some(({ mid }) => !bundled.has(mid))) bad("has sections that are not bundled (RFC 9143), which is needed");
}

/** From `a=msid`, or from the SSRC attribute that came before it. Firefox's ids are in braces, which the parser leaves. */
function readMsid(media: Media): RemoteSection["msid"] {
	const lines = (media as { invalid?: { value: string }[] }).invalid ?? [];
	const left = lines.map(({ value }) => /^msid:(\S+)(?: (\S+))?/.exec(value)).find((match) => match !== null);
	if (left) return { stream: noneAsEmpty(left[1]), track: left[2] ?? "" };
	const known = media.msid as unknown as { id: string; appdata?: string }[] | undefined;
	const [first] = known ?? [];
	if (first) return { stream: noneAsEmpty(first.id), track: first.appdata ?? "" };
	const old = media.ssrcs?.find(({ attribute }) => attribute === "msid")?.value?.split(" ");
	return { stream: noneAsEmpty(old?.[0]), track: old?.[1] ?? "" };
}

/** `-` is no stream (RFC 8830 section 2). */
function noneAsEmpty(stream = ""): string {
	return stream === "-" ? "" : stream;
}

export function bad(what: string): never {
	throw new SwitchyardError("bad_request", `sdp: ${what}`);
}
