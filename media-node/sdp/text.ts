/** What the section of a slot says: its direction as the node sees it, codecs, extensions and streams. */
import type { RtpCapabilities } from "mediasoup/types";
import type { SdpSettings } from "../../shared/sdp.ts";
import type { Codec, Extension } from "./codecs.ts";
import { byPreference, isOneLine } from "./codecs.ts";
import type { Slot } from "./slots.ts";
import type { SectionText } from "./write.ts";

type Settings = Pick<SdpSettings, "once" | "stream" | "codecs">;

/** `codecs`: what a client is to send in the first place, where it goes on from another node. */
export function sectionText(slot: Slot, router: RtpCapabilities, settings: Settings): SectionText {
	const { mid, kind, type = kind, stopped, sent, carried, outlet } = slot;
	// What comes later may be coded otherwise.
	const later = settings.once && (outlet || slot.open) ? laterIn(slot) : undefined;
	const receives = sent !== undefined || carried !== undefined;
	// What a client sends comes first: it would go over to another codec that does.
	const parts = [
		sent?.rtpParameters,
		carried && {
			codecs: byPreference(routerCodecs(router, kind), settings.codecs),
			headerExtensions: routerExtensions(router, kind, carried.extensions),
		},
		outlet?.parameters?.rtpParameters,
		later,
	].filter((part) => part !== undefined);
	if (parts.length > 0) {
		slot.codecs = unique(
			parts.flatMap(({ codecs }) => codecs),
			({ payloadType }) => payloadType,
		);
		slot.extensions = unique(
			parts.flatMap(({ headerExtensions = [] }) => headerExtensions),
			({ id }) => id,
		);
	}
	// Nothing is in it yet, or any more; a section names a codec all the same.
	if (slot.codecs.length === 0) slot.codecs = routerCodecs(router, kind).slice(0, 1);
	return {
		...{ mid, kind: type, stopped },
		direction: outlet || later ? (receives ? "sendrecv" : "sendonly") : receives ? "recvonly" : "inactive",
		...{ codecs: slot.codecs, extensions: slot.extensions },
		rids: sent?.rids ?? carried?.layers.map(({ rid }) => rid) ?? [],
		...(outlet?.parameters && { sends: streamOf(outlet.parameters, settings) }),
		...(!outlet && later && { sends: { stream: settings.stream ?? "", track: mid } }),
	};
}

/** All that a section can carry; undefined when there is nothing. */
function laterIn({ kind, capabilities: { codecs = [], headerExtensions = [] } = {} }: Slot) {
	const own = codecs.flatMap(({ kind: of, preferredPayloadType, ...codec }) =>
		of === kind && preferredPayloadType !== undefined ? [{ ...codec, payloadType: preferredPayloadType }] : [],
	);
	const extensions = headerExtensions.filter((it) => it.kind === kind);
	if (own.length === 0) return undefined;
	return { codecs: own, headerExtensions: extensions.map(({ uri, preferredId }) => ({ uri, id: preferredId })) };
}

type Parameters = NonNullable<NonNullable<Slot["outlet"]>["parameters"]>;

/** Under the publisher's own ids, or, of one that named none, those of participant and track. */
function streamOf({ rtpParameters, participant, track }: Parameters, settings: Settings): SectionText["sends"] {
	const { encodings = [], msid = "", rtcp } = rtpParameters;
	const [encoding] = encodings;
	const named = isOneLine(msid) ? /^(\S+) (\S+)$/.exec(msid) : null;
	const ids = {
		stream: settings.stream ?? named?.[1] ?? encodeURIComponent(participant),
		track: named?.[2] ?? track,
	};
	if (settings.once) return ids;
	return {
		...ids,
		ssrc: encoding?.ssrc ?? 0,
		...(encoding?.rtx && { rtx: encoding.rtx.ssrc }),
		cname: rtcp?.cname ?? "",
	};
}

function routerCodecs({ codecs = [] }: RtpCapabilities, kind: string): Codec[] {
	return codecs.flatMap(({ kind: of, preferredPayloadType, ...codec }) =>
		of === kind && preferredPayloadType !== undefined ? [{ ...codec, payloadType: preferredPayloadType }] : [],
	);
}

function routerExtensions(
	{ headerExtensions = [] }: RtpCapabilities,
	kind: string,
	ids: readonly number[],
): Extension[] {
	return headerExtensions
		.filter((it) => it.kind === kind && ids.includes(it.preferredId))
		.map(({ uri, preferredId }) => ({ uri, id: preferredId }));
}

function unique<T>(items: readonly T[], key: (item: T) => unknown): T[] {
	return [...new Map(items.map((item) => [key(item), item])).values()];
}
