/** Which section each track is received in: one of the client's, or one of the node's own that will be offered. */
import type { RtpCapabilities } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import type { SdpSettings } from "../../shared/sdp.ts";
import { capabilitiesByAnswer, capabilitiesOf, filling, type Kind, receiving } from "./codecs.ts";
import type { RemoteDescription, RemoteSection } from "./read.ts";
import type { OwnMids, Slot } from "./slots.ts";

/** How a track is received over the connection. */
export interface Outlet {
	mid: string;
	rtpCapabilities: RtpCapabilities;
}

export interface OutletsHost {
	readonly settings: SdpSettings;
	readonly router: RtpCapabilities;
	/** What the client is to receive now. */
	subscriptions(): readonly { track: string }[];
}

interface Waiting {
	track: string;
	kind: Kind;
	resolve(outlet: Outlet): void;
	reject(error: unknown): void;
}

export class Outlets {
	readonly #host: OutletsHost;
	readonly #mids: OwnMids;
	/** What the client can do, by kind, as it last told. */
	readonly #known: Partial<Record<Kind, RtpCapabilities>> = {};
	/** Header extension ids as the client uses them, where ours do not count. */
	readonly #ids = new Map<number, string>();
	readonly #waiting: Waiting[] = [];
	/** By track: sections that are given out, and that nothing is received in yet. */
	readonly #filled = new Map<string, Slot>();

	constructor(host: OutletsHost, mids: OwnMids) {
		this.#host = host;
		this.#mids = mids;
	}

	/** What the client's offer tells of what it can do. `renumbered`: its header extensions have the router's ids. */
	learn(kind: Kind, section: RemoteSection, renumbered: boolean): void {
		this.#known[kind] = capabilitiesOf(section);
		if (renumbered) return;
		for (const { value, uri } of section.media.ext ?? []) this.#ids.set(value, uri);
	}

	/** What its answer tells of it, unless an offer has told more. */
	learnByAnswer(kind: Kind, section: RemoteSection, offered: Slot): void {
		this.#known[kind] ??= capabilitiesByAnswer(section, offered, this.#host.router);
	}

	/** In a section of the node's own. */
	own(mid = this.#mids.next()): Outlet {
		return { mid, rtpCapabilities: receiving(this.#host.router, this.#known, this.#ids) };
	}

	/** In a section for sending that nothing is received in yet, or in one of the node's own. */
	share(slots: readonly Slot[], track: string, kind: Kind): Outlet {
		const wanted = this.#wanted();
		// What was to be in it could not be received.
		for (const of of this.#filled.keys()) if (!wanted.has(of)) this.#filled.delete(of);
		const taken = new Set(this.#filled.values());
		const slot = slots.find(
			(it) => it.kind === kind && !it.stopped && !it.outlet && it.expected === undefined && !taken.has(it),
		);
		if (slot) this.#filled.set(track, slot);
		return this.own(slot?.mid);
	}

	/** When there is a section for it. */
	wait(track: string, kind: Kind): Promise<Outlet> {
		return new Promise((resolve, reject) => this.#waiting.push({ track, kind, resolve, reject }));
	}

	/** Gives those who wait a section that the client offered, or one of our own where that may be; tracks of the first. */
	serve(slots: readonly Slot[], remote: RemoteDescription): string[] {
		const { fill, offers } = this.#host.settings;
		const served: string[] = [];
		for (const waiting of this.#waiting.splice(0)) {
			const slot = fill && slots.find((it) => it.open && it.kind === waiting.kind);
			const section = slot && remote.sections.find(({ mid }) => mid === slot.mid);
			if (slot && section) {
				slot.capabilities = filling(this.#host.router, section);
				this.#fill(slot, slot.capabilities, waiting);
				served.push(waiting.track);
			} else if (offers) waiting.resolve(this.own());
			else this.#waiting.push(waiting);
		}
		return served;
	}

	/** Where nothing more is negotiated, those who wait take sections that are free. */
	refill(slots: readonly Slot[]): void {
		const wanted = this.#wanted();
		for (const [track, slot] of this.#filled) {
			// What was to be in it could not be received.
			if (!wanted.has(track)) slot.open = this.#filled.delete(track);
		}
		for (const waiting of this.#waiting.splice(0)) {
			const slot = slots.find(({ kind, open, stopped }) => kind === waiting.kind && open && !stopped);
			if (!wanted.has(waiting.track)) waiting.reject(new SwitchyardError("stale_endpoint", "unsubscribed meanwhile"));
			else if (slot?.capabilities) this.#fill(slot, slot.capabilities, waiting);
			else this.#waiting.push(waiting);
		}
	}

	/** The section that was given to a track. */
	givenTo(track: string): Slot | undefined {
		return this.#filled.get(track);
	}

	/** The track is received now, in whichever section. */
	placed(track: string): void {
		this.#filled.delete(track);
	}

	close(): void {
		for (const { reject } of this.#waiting.splice(0)) reject(new SwitchyardError("stale_endpoint"));
	}

	#wanted(): Set<string> {
		return new Set(this.#host.subscriptions().map(({ track }) => track));
	}

	#fill(slot: Slot, rtpCapabilities: RtpCapabilities, { track, resolve }: Waiting): void {
		slot.open = false;
		this.#filled.set(track, slot);
		resolve({ mid: slot.mid, rtpCapabilities });
	}
}
