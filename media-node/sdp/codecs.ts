/**
 * Between the sections of a description and mediasoup's parameters. What a client sends keeps the numbers that it
 * offered, mediasoup maps them. What it is sent has the router's, and a header extension reaches it only under the id
 * that the router gives it; docs/sdp.md tells what follows from that.
 */
import type * as mediasoup from "mediasoup/types";
import { extractRtpCapabilities } from "mediasoup-client/handlers/sdp/commonUtils";
import * as ortc from "mediasoup-client/ortc";
import type * as client from "mediasoup-client/types";
import type { SentLayer } from "../../shared/sdp.ts";
import { bad, type Media, type RemoteSection } from "./read.ts";

export type Kind = "audio" | "video";
export type Codec = mediasoup.RtpCodecParameters;
export interface Extension {
	id: number;
	uri: string;
}

const MID = "urn:ietf:params:rtp-hdrext:sdes:mid";

/** What a client sends in a section: as mediasoup is to receive it, and what the section says of it. */
export interface Sent {
	stream: string;
	track: string;
	rtpParameters: mediasoup.RtpParameters;
	/** As in the client's `a=simulcast`; empty without. */
	rids: string[];
}

/** What the client can receive, or send, of a section's kind. */
export function capabilitiesOf(section: Pick<RemoteSection, "media">): mediasoup.RtpCapabilities {
	try {
		const capabilities = extractRtpCapabilities({ sdpObject: { media: [section.media] } as never });
		// It is always offered as two (RFC 7587 section 7); GStreamer leaves them out unless its pipeline says so.
		for (const codec of capabilities.codecs ?? []) {
			if (codec.mimeType.toLowerCase() === "audio/opus") codec.channels = 2;
		}
		ortc.validateAndNormalizeRtpCapabilities(capabilities);
		return capabilities as mediasoup.RtpCapabilities;
	} catch (error) {
		return bad(`has codecs that cannot be read: ${error instanceof Error ? error.message : error}`);
	}
}

/** What an answer tells: nothing of codecs and extensions that were not offered. */
export function capabilitiesByAnswer(
	section: Pick<RemoteSection, "media" | "kind">,
	offered: { codecs: readonly Codec[]; extensions: readonly Extension[] },
	router: mediasoup.RtpCapabilities,
): mediasoup.RtpCapabilities {
	const { codecs = [], headerExtensions = [] } = capabilitiesOf(section);
	const asked = new Set(offered.codecs.map(({ payloadType }) => payloadType));
	const named = new Set(offered.extensions.map(({ uri }) => uri));
	const others = router.codecs?.filter(
		({ kind, preferredPayloadType: type }) => kind === section.kind && type !== undefined && !asked.has(type),
	);
	const unasked = router.headerExtensions?.filter(({ kind, uri }) => kind === section.kind && !named.has(uri));
	return {
		codecs: [...codecs, ...(others ?? [])],
		headerExtensions: [...headerExtensions, ...(unasked ?? [])],
	};
}

/** Those that are preferred first, each before what repairs it. */
export function byPreference(codecs: readonly Codec[], preferred: readonly string[]): Codec[] {
	const wanted = preferred.map((it) => it.toLowerCase());
	const rank = ({ mimeType, parameters }: Codec): number => {
		const media = codecs.find(({ payloadType }) => payloadType === parameters?.apt);
		const at = wanted.indexOf((media?.mimeType ?? mimeType).toLowerCase());
		return at < 0 ? wanted.length : at;
	};
	return codecs.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * What to consume a track with for a client that is offered it: its codecs, and the router's extensions that it knows.
 * A kind that it has told nothing of is taken to be understood whole.
 */
export function receiving(
	router: mediasoup.RtpCapabilities,
	known: Partial<Record<Kind, mediasoup.RtpCapabilities>>,
	/** Ids that mean something already: in a bundle each means the same everywhere (RFC 8843 section 9.2). */
	taken: ReadonlyMap<number, string>,
): mediasoup.RtpCapabilities {
	const uris = new Set(taken.values());
	const clashes = (id: number, uri: string) =>
		(taken.get(id) ?? uri) !== uri || (uris.has(uri) && taken.get(id) !== uri);
	const codecs: mediasoup.RtpCodecCapability[] = [];
	const headerExtensions: mediasoup.RtpHeaderExtension[] = [];
	for (const kind of ["audio", "video"] as const) {
		const told = known[kind];
		codecs.push(...((told ?? router).codecs ?? []).filter((codec) => codec.kind === kind));
		const understood = told && new Set(told.headerExtensions?.map(({ uri }) => uri));
		for (const extension of router.headerExtensions ?? []) {
			const { uri, preferredId } = extension;
			if (extension.kind !== kind || clashes(preferredId, uri)) continue;
			if (!understood || understood.has(uri)) headerExtensions.push(extension);
		}
	}
	return { codecs, headerExtensions };
}

/** What to consume a track with for a section that the client offered: only what has the same numbers on both sides. */
export function filling(
	router: mediasoup.RtpCapabilities,
	section: Pick<RemoteSection, "media">,
): mediasoup.RtpCapabilities {
	const told = capabilitiesOf(section);
	// The router's retransmissions have other numbers than any client's; a lost packet is sent again as it was.
	const codecs = (told.codecs ?? []).filter(
		(codec) =>
			!codec.mimeType.toLowerCase().endsWith("/rtx") &&
			router.codecs?.some(
				({ mimeType, preferredPayloadType }) =>
					mimeType.toLowerCase() === codec.mimeType.toLowerCase() &&
					preferredPayloadType === codec.preferredPayloadType,
			),
	);
	const headerExtensions = (router.headerExtensions ?? []).filter(({ kind, uri, preferredId }) =>
		told.headerExtensions?.some((it) => it.kind === kind && it.uri === uri && it.preferredId === preferredId),
	);
	return { codecs, headerExtensions };
}

/** One that both sides know, for a section in which nothing flows; empty where there is none. */
export function sharedCodecs(
	section: Pick<RemoteSection, "media" | "kind">,
	router: mediasoup.RtpCapabilities,
): Codec[] {
	const own = capabilitiesOf(section) as client.RtpCapabilities;
	const shared = ortc.getExtendedRtpCapabilities(own, routerFor(router), true);
	const { codecs } = ortc.getSendingRtpParameters(section.kind as Kind, shared);
	return (codecs.length > 0 ? ortc.reduceCodecs(codecs) : []) as Codec[];
}

/** mediasoup knows no layers of these but those within one encoding. */
const ONE_ENCODING = ["video/vp9", "video/av1"];

export interface SendingChoice {
	/** MIME types by preference. */
	preferred: readonly string[];
	/** One before all of them. */
	mimeType?: string;
	/**
	 * Header extensions go by the ids that the client offered; by the router's; or by the router's as far as the client
	 * did not offer that id for another.
	 */
	numbers: "offered" | "router" | "agreeing";
}

/** Undefined: it has no codec that the router knows. */
export function sentIn(
	section: RemoteSection,
	router: mediasoup.RtpCapabilities,
	{ preferred, numbers, mimeType }: SendingChoice,
): Sent | undefined {
	const kind = section.kind as Kind;
	const own = capabilitiesOf(section);
	const shared = ortc.getExtendedRtpCapabilities(own as client.RtpCapabilities, routerFor(router), true);
	const rank = (codec: { mimeType: string }) => {
		const wanted = mimeType === undefined ? preferred : [mimeType, ...preferred];
		const at = wanted.findIndex((it) => it.toLowerCase() === codec.mimeType.toLowerCase());
		return at < 0 ? wanted.length : at;
	};
	const rids = ridsOf(section.media);
	shared.codecs = shared.codecs
		.filter((codec) => rids.length < 2 || !ONE_ENCODING.includes(codec.mimeType.toLowerCase()))
		.toSorted((a, b) => rank(a) - rank(b));
	const parameters = ortc.getSendingRtpParameters(kind, shared);
	if (parameters.codecs.length === 0) return undefined;
	// One codec is agreed on, and its retransmissions: a track does not change its codec on the way.
	const codecs = ortc.reduceCodecs(parameters.codecs);
	const offered = new Map((section.media.ext ?? []).map(({ value, uri }) => [value, uri]));
	const headerExtensions = shared.headerExtensions
		.filter((it) => it.kind === kind && (it.direction === "sendrecv" || it.direction === "sendonly"))
		.map(({ uri, sendId, recvId, encrypt }) => ({ uri, id: numbers === "offered" ? sendId : recvId, encrypt }))
		.filter(({ uri, id }) => numbers !== "agreeing" || (offered.get(id) ?? uri) === uri);
	const { msid } = section;
	return {
		...msid,
		rids,
		rtpParameters: {
			mid: section.mid,
			codecs,
			headerExtensions,
			encodings: encodingsOf(section.media, rids, codecs.length > 1),
			rtcp: { cname: cnameOf(section.media), reducedSize: true },
		} as mediasoup.RtpParameters,
	};
}

/** mediasoup-client changes what it is given. */
function routerFor(router: mediasoup.RtpCapabilities): client.RtpCapabilities {
	return structuredClone(router) as client.RtpCapabilities;
}

function cnameOf({ ssrcs }: Media): string {
	return ssrcs?.find(({ attribute }) => attribute === "cname")?.value ?? "";
}

/** Those that are sent and not begun paused (`~`, RFC 8853 section 5.1), lowest quality first, as mediasoup wants them. */
function ridsOf({ rids = [], simulcast }: Media): string[] {
	const sent = rids.filter(({ direction }) => direction === "send").map(({ id }) => String(id));
	const listed =
		simulcast?.dir1 === "send" ? simulcast.list1 : simulcast?.dir2 === "send" ? simulcast.list2 : undefined;
	if (listed === undefined) return sent.slice(0, 1);
	const named = listed.split(";").map((alternatives) => alternatives.split(",")[0]?.replace(/^~/, "") ?? "");
	const known = named.filter((rid) => sent.includes(rid));
	if (known.length > 4) bad("has more than four simulcast layers in a section");
	return byQuality(known);
}

/** Layers that another node told apart by their names are known by their SSRCs from then on. */
export function knowLayers(sent: Sent, layers: readonly SentLayer[]): void {
	for (const encoding of sent.rtpParameters.encodings ?? []) {
		const { ssrc, rtx } = layers.find(({ rid }) => rid === encoding.rid) ?? {};
		if (ssrc === undefined) continue;
		encoding.ssrc = ssrc;
		if (rtx !== undefined && sent.rtpParameters.codecs.length > 1) encoding.rtx = { ssrc: rtx };
	}
}

/** Nothing in a description says which layer is the larger one: their names do, in all that is in use. */
const LADDERS: readonly (readonly string[])[] = [
	["q", "h", "f"],
	["l", "m", "h"],
	["low", "mid", "high"],
	["low", "medium", "high"],
	["lo", "mid", "hi"],
	["small", "medium", "large"],
];

function byQuality(rids: readonly string[]): string[] {
	const ladder = LADDERS.find((names) => rids.every((rid) => names.includes(rid.toLowerCase())));
	if (ladder) return rids.toSorted((a, b) => ladder.indexOf(a.toLowerCase()) - ladder.indexOf(b.toLowerCase()));
	const numbered = rids.every((rid) => /\d+$/.test(rid));
	const number = (rid: string) => Number(/\d+$/.exec(rid)?.[0]);
	return numbered ? rids.toSorted((a, b) => number(a) - number(b)) : [...rids];
}

function encodingsOf(
	{ ssrcs = [], ssrcGroups = [], ext = [] }: Media,
	rids: readonly string[],
	withRtx: boolean,
): mediasoup.RtpEncodingParameters[] {
	if (rids.length > 0) return rids.map((rid) => ({ rid }));
	const groups = ssrcGroups.map(({ semantics, ssrcs: list }) => ({ semantics, list: list.split(/\s+/).map(Number) }));
	const repair = new Map(groups.filter(({ semantics }) => semantics === "FID").map(({ list: [a, b] }) => [a, b]));
	const simulcast = groups.find(({ semantics }) => semantics === "SIM")?.list;
	const repairs = new Set(repair.values());
	const media = simulcast ?? [...new Set(ssrcs.map(({ id }) => Number(id)))].filter((ssrc) => !repairs.has(ssrc));
	const valid = (ssrc: number | undefined) => Number.isInteger(ssrc) && Number(ssrc) > 0 && Number(ssrc) < 2 ** 32;
	if (media.some((ssrc) => !valid(ssrc))) bad("has an invalid SSRC");
	// Several without a group are of tracks that share a section, which unified plan does not know (RFC 9429).
	if (simulcast === undefined && media.length > 1) bad("has several streams in one section");
	if (media.length > 4) bad("has more than four simulcast layers in a section");
	if (media.length === 0) {
		// mediasoup does not go by payload types alone: nothing of it would ever arrive.
		if (!ext.some(({ uri }) => uri === MID)) bad("names neither SSRCs nor the header extension of mids");
		return [{}];
	}
	return media.map((ssrc) => {
		const rtx = repair.get(ssrc);
		return withRtx && rtx !== undefined && valid(rtx) ? { ssrc, rtx: { ssrc: rtx } } : { ssrc };
	});
}

/** What one client says of its codecs gets into descriptions for others, and must not bring lines of its own. */
export function isOneLine(text: string): boolean {
	return !/\p{Cc}/u.test(text);
}

/** The parts of a section that name its codecs. */
export function codecLines(codecs: readonly Codec[]) {
	return {
		payloads: codecs.map(({ payloadType }) => payloadType).join(" "),
		rtp: codecs.map(({ payloadType, mimeType, clockRate, channels = 1 }) => ({
			payload: payloadType,
			codec: mimeType.slice(mimeType.indexOf("/") + 1),
			rate: clockRate,
			...(channels > 1 && { encoding: channels }),
		})),
		fmtp: codecs.flatMap(({ payloadType, parameters = {} }) => {
			const config = Object.entries(parameters)
				.map(([key, value]) => `${key}=${value}`)
				.filter(isOneLine)
				.join(";");
			return config === "" ? [] : [{ payload: payloadType, config }];
		}),
		rtcpFb: codecs.flatMap(({ payloadType, rtcpFeedback = [] }) =>
			rtcpFeedback.map(({ type, parameter }) => ({
				payload: payloadType,
				type,
				...(parameter && { subtype: parameter }),
			})),
		),
	};
}
