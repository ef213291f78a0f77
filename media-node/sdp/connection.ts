/**
 * One peer connection of a client (JSEP, RFC 9429), as its remote side. Both may offer, one negotiation at a time; what
 * changes meanwhile is in the next. All of it is bundled over one transport.
 */
import type { RtpCapabilities, WebRtcTransport } from "mediasoup/types";
import { SwitchyardError } from "../../shared/errors.ts";
import {
	type ConnectionState,
	type Description,
	type SdpSettings,
	type Section,
	type SentLayer,
	SentTrack,
} from "../../shared/sdp.ts";
import type { SubscribedTrack } from "../rtc/subscriptions.ts";
import { Carrier } from "./carrier.ts";
import { filling, type Kind, knowLayers, type SendingChoice, type Sent, sentIn, sharedCodecs } from "./codecs.ts";
import { type Outlet, Outlets } from "./outlets.ts";
import { bad, type RemoteDescription, type RemoteSection, readDescription } from "./read.ts";
import { invitation, isOwn, newSlot, OwnMids, place, type Slot, sectionsOf, slotsFrom } from "./slots.ts";
import { sectionText } from "./text.ts";

export interface ConnectionHost {
	readonly settings: SdpSettings;
	readonly router: RtpCapabilities;
	/** Makes the connection's transport, once. */
	transport(sctp: boolean): Promise<WebRtcTransport>;
	/** What the client is to receive over it now, as far as it can be. */
	subscriptions(): SubscribedTrack[];
	/** The client takes no part in a track that was offered. */
	refused(subscription: SubscribedTrack): void;
	/** An offer of the node's own. */
	offer(description: Description, state: ConnectionState): void;
	/** It may send. */
	readonly maySend: boolean;
}

/** An offer of the node that its client has not answered. */
export interface Outstanding {
	description: Description;
	state: ConnectionState;
}

export class Connection {
	readonly #host: ConnectionHost;
	#slots: Slot[];
	readonly #mids: OwnMids;
	readonly #outlets: Outlets;
	readonly #carrier: Carrier;
	/** The node's offer that has no answer yet, and what to go back to when it is withdrawn. */
	#offered: { slots: Slot[]; description: Description } | undefined;
	/** Both sides have agreed once, or another node had. */
	#begun: boolean;
	/** Where there is one offer and one answer: they have been exchanged. */
	#settled = false;
	/** The client is to offer before anything can be received. */
	readonly #clientFirst: boolean;
	/** Answers give header extensions the router's ids. */
	#renumbers: boolean | undefined;
	/** Whether anything has changed or not: another node began it, or it is to begin. */
	#mustOffer: boolean;
	/** It begins with sections for the client to send in, and what is received shares them. */
	readonly #invites: boolean;
	#restarting = false;
	#closed = false;
	/** Everything here happens one after the other. */
	#last: Promise<unknown> = Promise.resolve();

	constructor(host: ConnectionHost, { clientFirst, sections }: { clientFirst: boolean; sections?: Section[] }) {
		this.#host = host;
		const { settings, router } = host;
		// Only one is for sending.
		const invites = clientFirst ? settings.invites : [];
		this.#slots = slotsFrom(sections ?? []);
		this.#mids = new OwnMids(this.#slots);
		if (!sections) this.#slots = invites.map((kind) => invitation(this.#mids.next(), kind, router));
		this.#outlets = new Outlets(host, this.#mids);
		this.#carrier = new Carrier((sctp) => host.transport(sctp));
		this.#begun = sections !== undefined;
		this.#invites = invites.length > 0;
		this.#mustOffer = sections !== undefined || this.#invites;
		this.#clientFirst = clientFirst && !this.#invites;
	}

	get sections(): Section[] {
		return sectionsOf(this.#slots, this.#renumbers ?? true);
	}

	/** The layers that come in a section are known now. */
	learn(mid: string, layers: readonly SentLayer[]): void {
		const slot = this.#slots.find((it) => it.mid === mid);
		if (slot) slot.layers = layers;
	}

	/** The offer that the client has not answered. */
	get outstanding(): Outstanding | undefined {
		return this.#offered && { description: this.#offered.description, state: this.#state() };
	}

	/** Resolves when there is a way for the track to the client. */
	outlet(track: string, kind: Kind): Promise<Outlet> {
		// From another source, or another node, it stays in its section.
		const there = this.#slots.find((it) => it.kind === kind && (it.outlet?.track === track || it.expected === track));
		if (there?.capabilities) return Promise.resolve({ mid: there.mid, rtpCapabilities: there.capabilities });
		if (there) return Promise.resolve(this.#outlets.own(there.mid));
		if (this.#invites) return Promise.resolve(this.#outlets.share(this.#slots, track, kind));
		const { fill, once } = this.#host.settings;
		if (fill || (once && (this.#settled || this.#offered)) || (this.#clientFirst && !this.#begun)) {
			const outlet = this.#outlets.wait(track, kind);
			if (this.#settled) this.#outlets.refill(this.#slots);
			return outlet;
		}
		return Promise.resolve(this.#outlets.own());
	}

	/** A client's description; resolves to the answer to an offer. */
	describe(description: Description): Promise<{ description?: Description; state: ConnectionState }> {
		return this.#inTurn(async () => {
			if (this.#closed) throw new SwitchyardError("stale_endpoint");
			const remote = readDescription(description.sdp);
			if (description.type === "offer") return this.#answer(remote);
			await this.#agree(remote);
			return { state: this.#state() };
		});
	}

	/** Offers what has changed, if it may and something has. */
	negotiate(restart = false): Promise<void> {
		return this.#inTurn(async () => {
			if (restart) this.#restarting = true;
			await this.#offer();
		});
	}

	close(): void {
		this.#closed = true;
		this.#outlets.close();
		this.#carrier.close();
	}

	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#last.then(work);
		this.#last = done.catch(() => {});
		return done;
	}

	// ------------------------------------------------------------ what is received

	/**
	 * Puts what is received in its sections, and takes out what ended. An answer adds and stops none. True: something
	 * changed.
	 */
	#sync(type: Description["type"]): boolean {
		const now = new Set(this.#host.subscriptions().filter((it) => it.parameters));
		let changed = false;
		for (const slot of this.#slots) {
			if (!slot.outlet || now.has(slot.outlet)) continue;
			const { track } = slot.outlet;
			// The same track from another source stays where it is.
			slot.outlet = [...now].find((it) => it.track === track && it.parameters?.mid === slot.mid);
			slot.open = !slot.outlet && slot.capabilities !== undefined;
			changed = true;
		}
		const placed = new Set(this.#slots.map(({ outlet }) => outlet));
		for (const subscription of now) {
			const { mid = "", kind } = subscription.parameters ?? {};
			if (placed.has(subscription) || kind === undefined) continue;
			let slot = this.#outlets.givenTo(subscription.track) ?? this.#slots.find((it) => it.mid === mid);
			if (!slot) {
				if (type === "answer") continue;
				slot = newSlot(mid, kind);
				place(this.#slots, slot);
			}
			this.#outlets.placed(subscription.track);
			slot.outlet = subscription;
			slot.expected = undefined;
			slot.stopped = false;
			changed = true;
		}
		if (type === "answer") return changed;
		for (const [at, slot] of this.#slots.entries()) {
			const { mid, kind, stopped, outlet, expected, sent, carried } = slot;
			if (at === 0 || stopped || !isOwn(mid) || kind === "application") continue;
			if (outlet || sent || carried || expected !== undefined) continue;
			slot.stopped = true;
			changed = true;
		}
		return changed;
	}

	// ------------------------------------------------------------ the client offers

	async #answer(remote: RemoteDescription): Promise<{ description: Description; state: ConnectionState }> {
		if (this.#offered) {
			if (!this.#host.settings.polite)
				throw new SwitchyardError("conflict", "sdp: an offer of ours is not answered yet");
			this.#slots = this.#offered.slots;
			this.#offered = undefined;
		}
		this.#checkOrder(remote);
		const sctp = remote.sections.some(({ kind, stopped }) => kind === "application" && !stopped);
		const restarted = this.#carrier.isRestart(remote);
		const transport = await this.#carrier.connect(remote, sctp);
		if (restarted) await transport.restartIce();
		this.#renumbers ??= this.#mayRenumber(remote);
		for (const [at, section] of remote.sections.entries()) this.#take(section, at, transport);
		this.#begun = true;
		const served = this.#outlets.serve(this.#slots, remote);
		if (served.length > 0) await this.#ready(served);
		this.#sync("answer");
		const description = { type: "answer" as const, sdp: this.#write(transport, "answer") };
		this.#settled = this.#host.settings.once;
		this.#release();
		return { description, state: this.#state() };
	}

	/**
	 * Firefox is not known to take other ids. Where a video holds up the bundle hardly any id is free, and its layers
	 * could not be told apart: it keeps the client's, and what is received has no header extensions.
	 */
	#mayRenumber({ mozilla, sections }: RemoteDescription): boolean {
		const first = sections.find(({ stopped }) => !stopped);
		return this.#host.settings.renumber && !mozilla && first?.kind !== "video";
	}

	/** Until the consumers of these tracks are there, or cannot be. */
	async #ready(tracks: readonly string[]): Promise<void> {
		const wanted = this.#host.subscriptions().filter(({ track }) => tracks.includes(track));
		await Promise.allSettled(wanted.map(({ ready }) => ready));
	}

	/** RFC 9429 section 5.2.2: sections stay in their order, and a new one may only take the place of one that ended. */
	#checkOrder({ sections }: RemoteDescription): void {
		if (sections.length < this.#slots.length) bad("lacks sections that were there before");
		for (const [at, slot] of this.#slots.entries()) {
			const section = sections[at];
			if (section?.mid === slot.mid && (section.kind === slot.kind || slot.stopped)) continue;
			if (!slot.stopped || section?.kind !== slot.kind) bad(`has another section in the place of ${slot.mid}`);
		}
	}

	/** One section of the client's offer. */
	#take(section: RemoteSection, at: number, transport: WebRtcTransport): void {
		const { mid, kind, direction } = section;
		let slot = this.#slots[at];
		if (slot?.mid !== mid) {
			slot = newSlot(mid, kind);
			if (kind === "other") slot.type = section.media.type;
			this.#slots[at] = slot;
		}
		slot.carried = undefined;
		slot.stopped = section.stopped || kind === "other" || (kind === "application" && !transport.sctpParameters);
		slot.open = false;
		if (kind !== "audio" && kind !== "video") return;
		if (slot.stopped) {
			slot.sent = undefined;
			this.#refuse(slot);
			return;
		}
		this.#outlets.learn(kind, section, this.#renumbers ?? false);
		const receives = direction === "sendrecv" || direction === "recvonly";
		const sends = direction === "sendrecv" || direction === "sendonly";
		if (!receives) this.#refuse(slot);
		slot.open = receives && !slot.outlet && slot.expected === undefined;
		if (slot.open && this.#host.settings.once) slot.capabilities = filling(this.#host.router, section);
		slot.sent = sends && this.#host.maySend ? this.#sent(slot, section, at) : undefined;
		if (slot.sent || slot.outlet) return;
		slot.codecs = sharedCodecs(section, this.#host.router);
		// Neither side has a codec that the other knows.
		if (slot.codecs.length === 0) slot.stopped = true;
	}

	#sent(slot: Slot, section: RemoteSection, at: number): Sent | undefined {
		const [first] = section.media.rtp;
		const favourite = first && `${section.kind}/${first.codec}`;
		// It stays with a codec until the client puts another one first.
		const same = slot.favourite === favourite ? slot.sent?.rtpParameters.codecs[0]?.mimeType : undefined;
		slot.favourite = favourite;
		// Where it receives already it sends the same: a section has one list for both directions.
		const received = slot.outlet?.parameters?.rtpParameters.codecs[0]?.mimeType;
		return sentIn(section, this.#host.router, this.#choice(at, received ?? same));
	}

	/**
	 * Browsers let an answer give another id to a header extension, but in the section that holds up the bundle no id
	 * that they offered for another (seen in Chromium 156).
	 */
	#choice(at: number, mimeType?: string): SendingChoice {
		const first = this.#slots.findIndex(({ stopped }) => !stopped) === at;
		const numbers = this.#renumbers === false ? "offered" : first ? "agreeing" : "router";
		return { preferred: this.#host.settings.codecs, mimeType, numbers };
	}

	#refuse(slot: Slot): void {
		const { outlet } = slot;
		slot.outlet = undefined;
		slot.expected = undefined;
		if (outlet) this.#host.refused(outlet);
	}

	// ------------------------------------------------------------ the node offers

	async #offer(): Promise<void> {
		const { offers, once } = this.#host.settings;
		if (this.#settled && !this.#closed) {
			this.#sync("answer");
			this.#outlets.refill(this.#slots);
			this.#release();
			return;
		}
		if (this.#closed || this.#offered || !offers || (this.#clientFirst && !this.#begun)) return;
		const before = this.#slots.map((slot) => ({ ...slot }));
		const changed = this.#sync("offer");
		const added = this.#addApplication();
		if (once) this.#addEmpty();
		if (!changed && !added && !this.#mustOffer && !this.#restarting) return;
		if (this.#slots.every(({ stopped }) => stopped)) return;
		const transport = await this.#carrier.made(
			this.#slots.some(({ kind, stopped }) => kind === "application" && !stopped),
		);
		if (this.#restarting && this.#carrier.connected) await transport.restartIce();
		this.#restarting = false;
		const description = { type: "offer" as const, sdp: this.#write(transport, "offer") };
		this.#offered = { slots: before, description };
		this.#host.offer(description, this.#state());
	}

	/** A section for data channels, where there are to be some and the client did not offer one. */
	#addApplication(): boolean {
		const wanted = this.#clientFirst && this.#host.settings.channels.length > 0;
		if (!wanted || this.#slots.some(({ kind }) => kind === "application")) return false;
		place(this.#slots, newSlot(this.#mids.next(), "application"));
		return true;
	}

	/** A section of each kind, for what comes later. */
	#addEmpty(): void {
		for (const kind of ["audio", "video"] as const) {
			if (this.#slots.some((slot) => slot.kind === kind)) continue;
			const { mid, rtpCapabilities } = this.#outlets.own();
			place(this.#slots, { ...newSlot(mid, kind), open: true, capabilities: rtpCapabilities });
		}
	}

	/** The client's answer. */
	async #agree(remote: RemoteDescription): Promise<void> {
		if (!this.#offered) throw new SwitchyardError("conflict", "sdp: there is no offer to answer");
		if (remote.sections.length !== this.#slots.length) bad("answers another number of sections than were offered");
		for (const [at, { mid }] of this.#slots.entries()) {
			if (remote.sections[at]?.mid !== mid && !this.#slots[at]?.stopped) bad(`does not answer section ${mid}`);
		}
		await this.#carrier.connect(remote, false);
		this.#offered = undefined;
		this.#begun = true;
		this.#mustOffer = false;
		for (const [at, slot] of this.#slots.entries()) {
			const section = remote.sections[at];
			if (!section || slot.stopped) continue;
			const { kind, direction } = section;
			const receives = !section.stopped && (direction === "sendrecv" || direction === "recvonly");
			const sends = !section.stopped && (direction === "sendrecv" || direction === "sendonly");
			if (section.stopped) slot.stopped = true;
			if (kind !== "audio" && kind !== "video") continue;
			if (!receives && slot.outlet) this.#refuse(slot);
			if (!sends || !this.#host.maySend) slot.sent = undefined;
			else if (slot.carried) {
				slot.sent = sentIn(section, this.#host.router, this.#choice(at));
				slot.layers = slot.carried.layers;
				if (slot.sent) knowLayers(slot.sent, slot.layers);
			}
			slot.carried = undefined;
			if (!section.stopped) this.#outlets.learnByAnswer(kind, section, slot);
			if (!this.#host.settings.once) continue;
			slot.capabilities = receives ? filling(this.#host.router, section) : undefined;
			slot.open = receives && !slot.outlet;
		}
		this.#settled = this.#host.settings.once;
		this.#release();
	}

	/** What both sides have agreed on may flow. */
	#release(): void {
		for (const { outlet } of this.#slots) outlet?.release();
	}

	// ------------------------------------------------------------ what is told of it

	#write(transport: WebRtcTransport, type: Description["type"]): string {
		const { settings, router } = this.#host;
		const sections = this.#slots.map((slot) => sectionText(slot, router, settings));
		return this.#carrier.write(transport, type, sections);
	}

	#state(): ConnectionState {
		const sends = this.#slots.flatMap(({ mid, kind, sent }) => {
			if (!sent) return [];
			const { stream, track, rtpParameters } = sent;
			const parsed = SentTrack.safeParse({ mid, kind, stream, track, rtpParameters });
			return parsed.success ? [parsed.data] : bad(`section ${mid}: ${parsed.error.issues[0]?.message}`);
		});
		return { sections: this.sections, sends };
	}
}
