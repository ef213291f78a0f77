/** Descriptions of a connection: the node offers, its client answers, one at a time. What it sends is published. */
import { type ErrorBody, SwitchyardError } from "../../../shared/errors.ts";
import type { Description, SdpSettings, SentTrack } from "../../../shared/sdp.ts";
import { SdpSettings as Settings } from "../../../shared/sdp.ts";
import type { Core } from "../../room/core.ts";
import { describe, publishSent, renegotiate } from "../../room/descriptions.ts";
import type { Member } from "../../room/state.ts";
import { wants } from "../../room/subscriptions.ts";
import { eventFrame } from "./frames.ts";
import { connected, interactionOf } from "./interaction.ts";
import { log, logFrom, logOf } from "./log.ts";
import { expectConnection, keep, type Peer, peerFor, tell } from "./peer.ts";

export function sdpSettings({ options: { videoFormat } }: Peer, audioOnly: boolean): SdpSettings {
	return Settings.parse({
		invites: audioOnly ? ["audio"] : ["audio", "video"],
		codecs: ["audio/opus", `video/${videoFormat}`],
		statistics: true,
	});
}

/** The node offers. A client that has not answered is given no other: it would open its devices twice. */
export function onOffer(core: Core, member: Member, { sdp }: Description): void {
	const peer = peerFor(member);
	if (peer.offeredAt !== undefined) {
		peer.held = true;
		keep(core, member);
		logFrom(core, member, "debug", "signaling", "server_pending_local_description_blocking_offer", logOf(member));
		return;
	}
	peer.offeredAt = Date.now();
	keep(core, member);
	tell(core, member, eventFrame("offer", JSON.stringify({ type: "offer", sdp })));
	logFrom(core, member, "debug", "signaling", "server_set_local_description", logOf(member));
}

/** The client answers. */
export function onAnswer(core: Core, member: Member, sdp: string): void {
	const peer = peerFor(member);
	// To nothing that it was asked.
	if (peer.offeredAt === undefined) return;
	const { stale, held } = peer;
	peer.offeredAt = undefined;
	peer.stale = undefined;
	peer.held = undefined;
	peer.agreed = true;
	if (stale || held) {
		if (held) renegotiate(core, member, "");
		keep(core, member);
		return;
	}
	const request = ++peer.used;
	peer.answering = request;
	try {
		describe(core, member, request, { connection: "", description: { type: "answer", sdp } });
	} catch (error) {
		// To an offer of a node that is gone: the next one offers anew.
		if (SwitchyardError.from(error).code !== "stale_endpoint") throw error;
		peer.answering = undefined;
	}
	keep(core, member);
}

/** The node has taken the answer. */
export function onAgreed(core: Core, member: Member): void {
	const peer = peerFor(member);
	peer.answering = undefined;
	if (!peer.connected && peer.connectBy === undefined) expectConnection(peer, Date.now(), false);
	keep(core, member);
	logFrom(core, member, "debug", "signaling", "server_set_remote_description", logOf(member));
}

/** Another node goes on with its connection, and offers that anew: what it is answering is void. */
export function onMoved(core: Core, member: Member): void {
	const peer = peerFor(member);
	peer.answering = undefined;
	if (peer.offeredAt !== undefined) peer.stale = true;
	keep(core, member);
}

/** Its node is gone. */
export function onNodeLost(core: Core, member: Member): void {
	const peer = peerFor(member);
	onMoved(core, member);
	// However long it takes to find one: its client is there.
	peer.connected = false;
	peer.connectBy = undefined;
	keep(core, member);
}

export function onMedia(core: Core, member: Member, connected: boolean): void {
	const peer = peerFor(member);
	peer.connected = connected;
	expectConnection(peer, Date.now(), true);
	keep(core, member);
	log(core, "info", "peer", `server_connection_state_${connected ? "connected" : "disconnected"}`, logOf(member));
	if (!connected) offerAnew(core, member, "server_ice_disconnected", true);
}

/** Of whoever may have missed something, or has lost its way. Not while an offer is with it. */
export function offerAnew(core: Core, member: Member, cause: string, restart: boolean): void {
	const { offeredAt, answering } = peerFor(member);
	logFrom(core, member, "debug", "signaling", "server_create_offer_requested", { ...logOf(member), cause });
	if (offeredAt === undefined && answering === undefined) renegotiate(core, member, "", restart);
}

/** One track of each kind, as the protocol has it, in the stream that others were told of. */
export function publishAll(core: Core, member: Member, sends: readonly SentTrack[] | undefined): void {
	const interaction = interactionOf(core);
	if (!sends || !interaction) return;
	const peer = peerFor(member);
	const taken = new Set<string>();
	const name = ({ kind }: SentTrack) => {
		if (taken.has(kind) || (kind === "video" && interaction.audioOnly)) return undefined;
		taken.add(kind);
		const source = kind === "audio" ? ("audio" as const) : ("camera" as const);
		return { track: `ducksoup-${member.join}-${kind}`, source, stream: peer.stream };
	};
	const failed = (sent: SentTrack, error: ErrorBody) =>
		log(core, "error", "track", "in_track_failed", { ...logOf(member), value: sent.kind, error: error.message });
	publishSent(core, member, sends, name, () => ++peer.used, failed);
	keep(core, member);
}

/** Tells the log of tracks that nodes receive by now. */
export function noteTracks(core: Core, member: Member): void {
	const peer = peerFor(member);
	const noted = new Set(peer.noted);
	for (const { info, live, coding } of core.tracksOf(member.id)) {
		if (!live || noted.has(info.id)) continue;
		noted.add(info.id);
		log(core, "info", "track", "in_track_received", { ...logOf(member), kind: info.kind, mime: coding?.mimeType });
		const there = connected(core)
			.flatMap(({ id }) => core.tracksOf(id))
			.filter((track) => track.live);
		log(core, "info", "interaction", "in_track_added_to_interaction", { ...logOf(member), count: there.length });
	}
	peer.noted = [...noted];
	core.members.touch(member.id);
}

/** All that is expected of it comes. */
export function isComplete(core: Core, member: Member): boolean {
	const interaction = interactionOf(core);
	if (!peerFor(member).connected) return false;
	const kinds = new Set(core.tracksOf(member.id).flatMap(({ live, info }) => (live ? [info.kind] : [])));
	return kinds.has("audio") && (interaction?.audioOnly === true || kinds.has("video"));
}

/** It has agreed to receive all that it is to receive. */
export function isServed(core: Core, member: Member): boolean {
	const { offeredAt, answering, held } = peerFor(member);
	if (offeredAt !== undefined || answering !== undefined || held) return false;
	const sections = member.connections?.[""] ?? [];
	const received = new Set(sections.flatMap(({ track, stopped }) => (track && !stopped ? [track] : [])));
	return [...core.tracks.values()].every((track) => !wants(core, member, track) || received.has(track.info.id));
}
