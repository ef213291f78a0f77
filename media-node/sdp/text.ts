/** What the section of a slot says: its direction as the node sees it, codecs, extensions and streams. */
import type { RtpCapabilities } from "mediasoup/types";
import type { Codec, Extension } from "./codecs.ts";
import { byPreference, isOneLine } from "./codecs.ts";
import type { Slot } from "./slots.ts";
import type { SectionText } from "./write.ts";

/** `preferred`: MIME types that a client is to send in the first place, where it goes on from another node. */
export function sectionText(slot: Slot, router: RtpCapabilities, preferred: readonly string[]): SectionText {
	const { mid, kind, type = kind, stopped, sent, carried, outlet } = slot;
	const receives = sent !== undefined || carried !== undefined;
	const parts = [
		outlet?.parameters?.rtpParameters,
		sent?.rtpParameters,
		carried && {
			codecs: byPreference(routerCodecs(router, kind), preferred),
			headerExtensions: routerExtensions(router, kind, carried.extensions),
		},
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
		direction: outlet ? (receives ? "sendrecv" : "sendonly") : receives ? "recvonly" : "inactive",
		...{ codecs: slot.codecs, extensions: slot.extensions },
		rids: sent?.rids ?? carried?.layers.map(({ rid }) => rid) ?? [],
		...(outlet?.parameters && { sends: streamOf(outlet.parameters) }),
	};
}

type Parameters = NonNullable<NonNullable<Slot["outlet"]>["parameters"]>;

/** Under the publisher's own ids, or, of one that named none, those of participant and track. */
function streamOf({ rtpParameters, participant, track }: Parameters): SectionText["sends"] {
	const { encodings = [], msid = "", rtcp } = rtpParameters;
	const [encoding] = encodings;
	const named = isOneLine(msid) ? /^(\S+) (\S+)$/.exec(msid) : null;
	return {
		stream: named?.[1] ?? encodeURIComponent(participant),
		track: named?.[2] ?? track,
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
