/** What members publish. */
import { SwitchyardError } from "../../shared/errors.ts";
import type { LinkCommand } from "../../shared/link.ts";
import { ALL_LAYERS, type Kind, type TrackInfo, type TrackMedia } from "../../shared/media.ts";
import { isMixTrack } from "../../shared/mix.ts";
import type { RequestOf } from "../../shared/native.ts";
import type { Source } from "../../shared/tokens.ts";
import type { Core } from "./core.ts";
import { command, together } from "./links.ts";
import { dropPipes, flowAgain, flowAnew, nodesWith, onNotPublished } from "./pipes.ts";
import { checkSize } from "./sizes.ts";
import type { Endpoint, Member, Track } from "./state.ts";

const KIND: Record<Source, Kind> = {
	audio: "audio",
	camera: "video",
	screen: "video",
	screenAudio: "audio",
	data: "data",
};

/** `screen` gives the right to its sound too. */
function mayPublish(member: Member, source: Source): boolean {
	const { publish } = member.rights;
	return publish.includes(source) || (source === "screenAudio" && publish.includes("screen"));
}

/**
 * Asks the node to receive a track; answered when it does (`published` or `failed` on the link). The subscriptions of
 * everybody who wants it travel in the same frame, so that a track costs one round trip to the node, whatever the
 * number of its viewers.
 */
export function publish(core: Core, member: Member, request: number, wish: Omit<RequestOf<"publish">, "type">): void {
	if (!mayPublish(member, wish.source)) throw new SwitchyardError("forbidden", `no right to publish ${wish.source}`);
	if (isMixTrack(wish.track)) throw new SwitchyardError("bad_request", "track: reserved for the mix");
	const kind = KIND[wish.source];
	if (wish.media && wish.media.kind !== kind) {
		throw new SwitchyardError("bad_request", `media.kind: a ${wish.source} track is ${kind}`);
	}
	checkSize(core, "metadata", wish.metadata);
	const endpoint = core.serving(member.id);
	if (wish.endpoint === undefined) {
		if (core.topology !== "mesh") throw new SwitchyardError("stale_endpoint", "endpoint: needed, this is no mesh");
		if (!member.mesh) throw new SwitchyardError("unsupported", "joined without mesh");
	} else if (!wish.media) throw new SwitchyardError("bad_request", "media: needed on an endpoint");
	else if (endpoint?.id !== wish.endpoint || endpoint.state !== "open") throw new SwitchyardError("stale_endpoint");
	const there = core.tracks.get(wish.track);
	if (there && there.participant !== member.id) throw new SwitchyardError("conflict", "track: another participant's");
	if (!there) {
		const mine = core.tracksOf(member.id).length;
		if (mine >= core.limits.maxTracksPerParticipant)
			throw new SwitchyardError("too_many_tracks", "the participant's limit");
		const most = core.room.settings.maxTracks ?? core.limits.maxTracksPerRoom;
		if (core.tracks.size >= most) throw new SwitchyardError("too_many_tracks", "the room's limit");
	}
	// Of one that is there already the room knows better: somebody may have muted it, unheard by its client so far.
	const muted = there?.info.muted ?? wish.muted;
	const info: TrackInfo = {
		id: wish.track,
		kind,
		source: wish.source,
		muted,
		layers: wish.layers,
		label: kind === "data" ? (wish.media?.kind === "data" ? wish.media.label : (wish.label ?? "")) : undefined,
		metadata: wish.metadata,
	};
	if (!endpoint || !wish.media || wish.endpoint === undefined) {
		publishDirectly(core, member, info);
		core.answer(member.id, request, { ok: true });
		return;
	}
	const cause = { participant: member.id, request };
	const asked = { cause, at: Date.now() };
	const toNode: LinkCommand = {
		type: "publish",
		endpoint: endpoint.id,
		track: wish.track,
		source: wish.source,
		media: wish.media,
		layers: wish.layers,
		muted,
		cause,
	};
	if (there && there.endpoint !== endpoint.id && core.endpoints.has(there.endpoint)) {
		// Its member is moving: whoever receives it follows when it has arrived.
		there.next = { endpoint: endpoint.id, info, asked };
		there.coding = codingOf(wish.media);
		core.tracks.touch(wish.track);
		command(core, endpoint.epoch, [toNode]);
		return;
	}
	const track: Track = {
		participant: member.id,
		endpoint: endpoint.id,
		info,
		coding: codingOf(wish.media),
		live: there?.live ?? false,
		asked,
		demand: {},
		demanded: there?.demanded ?? ALL_LAYERS,
		pipes: there?.pipes ?? {},
	};
	core.tracks.set(wish.track, track);
	together(core, () => {
		// First: a node cannot send on what it was not told of yet.
		command(core, endpoint.epoch, [toNode]);
		command(core, endpoint.epoch, flowAnew(core, track));
	});
}

/** Simulcast has an encoding per layer; SVC one that says how many are in it (`L3T3`, W3C webrtc-svc), without names. */
function codingOf(media: TrackMedia): Track["coding"] {
	if (media.kind === "data") return undefined;
	const { codecs, encodings = [], msid } = media.rtpParameters;
	const layered = encodings.length === 1 ? Number(/^[LS](\d)/.exec(encodings[0]?.scalabilityMode ?? "")?.[1] ?? 1) : 0;
	const layers = layered > 1 ? Array.from({ length: layered }, () => "") : encodings.map(({ rid = "" }) => rid);
	return { mimeType: codecs[0]?.mimeType ?? "", layers: layers.length > 1 ? layers : [], msid };
}

/** In a mesh there is nobody to ask: the track is there for all. One that an endpoint carries goes on there as long. */
function publishDirectly(core: Core, member: Member, info: TrackInfo): void {
	const there = core.tracks.get(info.id);
	if (there?.live) return;
	const nothing = { demand: {}, demanded: ALL_LAYERS, pipes: {} };
	core.tracks.set(info.id, { participant: member.id, endpoint: "", info, live: true, ...nothing });
	core.lastN.update();
	core.emit({ type: "trackPublished", participant: member.id, track: info }, { except: member.id });
}

/** The node receives a track: it is there for all, or has arrived on the endpoint its member moved to. */
export function onPublished(core: Core, track: Track, endpoint: Endpoint): boolean {
	const { next } = track;
	const arrives = next?.endpoint === endpoint.id;
	if (!arrives && track.endpoint !== endpoint.id) return false;
	if (track.asked || arrives || !track.live) core.tracks.touch(track.info.id);
	track.asked = undefined;
	if (arrives) {
		track.endpoint = endpoint.id;
		track.info = { ...next.info, muted: track.info.muted };
		track.next = undefined;
		const { id, muted } = track.info;
		// It may have been muted or unmuted since it was asked for.
		command(core, endpoint.epoch, [{ type: "mute", track: id, muted }, ...flowAnew(core, track)]);
	}
	// Also one that arrives may be new: the node that was left need not have said that it had it.
	if (!track.live) {
		track.live = true;
		const { participant, info } = track;
		core.lastN.update();
		core.emit({ type: "trackPublished", participant, track: info }, { except: participant });
	}
	return true;
}

/** The node cannot receive a track. While it moves, the former endpoint still carries it. */
export function onNotTaken(core: Core, track: Track, endpoint: Endpoint): void {
	if (track.next?.endpoint === endpoint.id) {
		track.next = undefined;
		core.tracks.touch(track.info.id);
		onNotPublished(core, track, endpoint.epoch);
		flowAgain(core);
	} else if (track.endpoint === endpoint.id) dropTrack(core, track);
}

export function unpublish(core: Core, member: Member, id: string): void {
	const track = mustBeTrack(core, id);
	if (track.participant !== member.id) throw new SwitchyardError("forbidden", "track: another participant's");
	dropTrack(core, track);
}

/** Ends a track for everybody. */
export function dropTrack(core: Core, track: Track): void {
	const { id } = track.info;
	if (!core.tracks.delete(id)) return;
	for (const side of [track.endpoint, track.next?.endpoint]) {
		const endpoint = side === undefined ? undefined : core.endpoints.get(side);
		if (endpoint) command(core, endpoint.epoch, [{ type: "unpublish", endpoint: endpoint.id, track: id }]);
	}
	dropPipes(core, track);
	forgetChoices(core);
	core.lastN.update();
	if (track.live) core.emit({ type: "trackUnpublished", participant: track.participant, track: id });
}

/** Choices about tracks that are gone would pile up for as long as a member stays. */
export function forgetChoices(core: Core): void {
	for (const member of core.members.values()) {
		for (const id of Object.keys(member.subscriptions)) {
			if (!core.tracks.has(id)) {
				delete member.subscriptions[id];
				core.members.touch(member.id);
			}
		}
	}
}

/** One's own track; a moderator can mute another's, and only its owner can unmute it. */
export function mute(core: Core, member: Member, id: string, muted: boolean): void {
	const track = mustBeTrack(core, id);
	if (track.participant !== member.id) {
		if (!member.rights.moderate) throw new SwitchyardError("forbidden", "track: another participant's");
		if (!muted) throw new SwitchyardError("forbidden", "only its owner can unmute a track");
	}
	setMuted(core, track, muted, member.id);
}

/** Everyone but who asked is told, its owner too. */
export function setMuted(core: Core, track: Track, muted: boolean, by?: string): void {
	if (track.info.muted === muted) return;
	track.info.muted = muted;
	const { id } = track.info;
	core.tracks.touch(id);
	for (const epoch of nodesWith(core, track)) command(core, epoch, [{ type: "mute", track: id, muted }]);
	if (track.live) core.emit({ type: "trackUpdated", participant: track.participant, track: id, muted }, { except: by });
}

export function mustBeTrack(core: Core, id: string): Track {
	const track = core.tracks.get(id);
	if (!track) throw new SwitchyardError("not_found", `no track ${id} here`);
	return track;
}
