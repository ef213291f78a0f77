/**
 * The media sections of a connection, in their order, as both sides know them or are being told. A place is never
 * given to another kind (browsers refuse that), and the first is never stopped, since it holds up the bundle.
 */
import type { RtpCapabilities } from "mediasoup/types";
import type { Section, SentLayer } from "../../shared/sdp.ts";
import type { SubscribedTrack } from "../rtc/subscriptions.ts";
import type { Codec, Extension, Sent } from "./codecs.ts";

export interface Slot {
	readonly mid: string;
	readonly kind: "audio" | "video" | "application" | "other";
	/** The media type of the `other` kind, which is always stopped. */
	type?: string;
	stopped: boolean;
	/** What the client sends in it. */
	sent?: Sent;
	/** The codec that the client put first in it. */
	favourite?: string;
	/** The client sends in it, to another node so far. */
	carried?: { layers: readonly SentLayer[]; extensions: readonly number[] };
	/** SSRCs of what is sent in simulcast, once they are known. */
	layers?: readonly SentLayer[];
	/** What comes to the client in it. */
	outlet?: SubscribedTrack;
	/** The track that came to the client in it from another node. */
	expected?: string;
	/** The client offered to receive in it, and nothing does yet. */
	open?: boolean;
	/** What to consume with, where the client's own numbers count. */
	capabilities?: RtpCapabilities;
	/** As last written. */
	codecs: readonly Codec[];
	extensions: readonly Extension[];
}

/** Of the node's own sections; browsers number theirs. */
export class OwnMids {
	#last = 0;

	/** Where another node left off its mids are taken. */
	constructor(slots: readonly Slot[] = []) {
		for (const { mid } of slots) if (isOwn(mid)) this.#last = Math.max(this.#last, Number(mid.slice(1)));
	}

	next(): string {
		return `s${++this.#last}`;
	}
}

export function isOwn(mid: string): boolean {
	return /^s\d+$/.test(mid);
}

export function newSlot(mid: string, kind: Slot["kind"]): Slot {
	return { mid, kind, stopped: false, codecs: [], extensions: [] };
}

/** For the client to send in, as it likes of what the node can receive. */
export function invitation(mid: string, kind: "audio" | "video", { headerExtensions = [] }: RtpCapabilities): Slot {
	const extensions = headerExtensions.filter((it) => it.kind === kind).map(({ preferredId }) => preferredId);
	return { ...newSlot(mid, kind), carried: { layers: [], extensions } };
}

export function slotsFrom(sections: readonly Section[]): Slot[] {
	return sections.map(({ mid, kind, track, sends, layers = [], extensions = [], stopped = false }) => ({
		...newSlot(mid, kind),
		stopped,
		...(sends && { carried: { layers, extensions } }),
		...(track !== undefined && { expected: track }),
	}));
}

/** `numbered`: header extensions have the router's ids. */
export function sectionsOf(slots: readonly Slot[], numbered: boolean): Section[] {
	return slots.map(({ mid, kind, outlet, expected, sent, carried, stopped, ...slot }) => {
		// Without ids that another node can use, it cannot tell layers apart either.
		const sentLayers = sent?.rids.map((rid) => slot.layers?.find((it) => it.rid === rid) ?? { rid });
		const layers = (numbered && sentLayers) || carried?.layers || [];
		const used = sent?.rtpParameters.headerExtensions?.map(({ id }) => id);
		const extensions = (numbered && used) || carried?.extensions || [];
		return {
			// A kind that is not known is never anything but stopped.
			...{ mid, kind: kind === "other" ? "application" : kind },
			...((outlet || expected !== undefined) && { track: outlet?.track ?? expected }),
			...((sent || carried) && { sends: true }),
			...(layers.length > 0 && { layers: [...layers] }),
			...(extensions.length > 0 && { extensions: [...extensions] }),
			...(stopped && { stopped }),
		};
	});
}

/** Gives a new section its place: one that is free and of its kind, or the next. */
export function place(slots: Slot[], slot: Slot): void {
	const at = slots.findIndex(({ stopped, kind }) => stopped && kind === slot.kind);
	if (at < 0) slots.push(slot);
	else slots[at] = slot;
}
