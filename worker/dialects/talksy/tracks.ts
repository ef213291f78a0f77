/** Tracks under the ids that clients know: their publisher's own, or the room's where it named none. */
import type { ErrorBody } from "../../../shared/errors.ts";
import type { SentTrack } from "../../../shared/sdp.ts";
import type { AvailableTrack, SourceType, TalksyRequest } from "../../../shared/talksy.ts";
import type { Source } from "../../../shared/tokens.ts";
import type { Core } from "../../room/core.ts";
import { publishSent } from "../../room/descriptions.ts";
import type { Member, Track } from "../../room/state.ts";
import { subscribe } from "../../room/subscriptions.ts";
import { type Client, clientFor, keep, memoryOf, type OwnTrack, tell } from "./client.ts";
import { errorFrame, eventFrame } from "./frames.ts";
import { settingsFor } from "./quality.ts";

/** Stream and track as receivers have them in their descriptions. */
export function idsOf({ participant, info, coding }: Track): { stream: string; track: string } {
	const [stream, track] = coding?.msid?.split(" ") ?? [];
	const named = stream !== undefined && stream !== "-" ? stream : encodeURIComponent(participant);
	return { stream: named, track: track ?? info.id };
}

export function sourceOf({ info }: Track): SourceType {
	return info.source === "screen" || info.source === "screenAudio" ? "screen" : "media";
}

function keyOf(sent: SentTrack): string {
	return sent.track || sent.mid;
}

/** Clients choose these ids, and may choose such as every object has. */
function ownTrack(tracks: Client["tracks"], id: string): OwnTrack | undefined {
	return Object.hasOwn(tracks, id) ? tracks[id] : undefined;
}

/** The client was told of all that it sends: what is new of it waits for its source. */
export function onSends(core: Core, member: Member, sends: SentTrack[] | undefined): void {
	if (!sends) return;
	const client = clientFor(member);
	client.sends = sends;
	const known = client.tracks;
	const added: Record<string, { id: string }> = {};
	client.tracks = {};
	for (const sent of sends) {
		const id = keyOf(sent);
		const track = ownTrack(known, id);
		client.tracks[id] = track ?? { track: `talksy-${member.join}-${++client.counted}` };
		if (!track) added[id] = { id };
	}
	if (Object.keys(added).length > 0) tell(core, member, eventFrame("tracks_added", added));
	publishNamed(core, member);
}

export function nameSources(
	core: Core,
	member: Member,
	tracks: Extract<TalksyRequest, { type: "tracks_added" }>["data"],
): void {
	const client = clientFor(member);
	for (const [id, source] of Object.entries(tracks)) {
		const own = ownTrack(client.tracks, id);
		// Said once for all: who receives it knows it by that.
		if (own) own.source ??= source === "media" ? "media" : "screen";
	}
	publishNamed(core, member);
}

/** What has a source is published; what is not sent any more ends. */
function publishNamed(core: Core, member: Member): void {
	const client = clientFor(member);
	const name = (sent: SentTrack) => {
		const own = ownTrack(client.tracks, keyOf(sent));
		return own?.source && { track: own.track, source: roomSource(own.source, sent.kind) };
	};
	const failed = (_: SentTrack, error: ErrorBody) => tell(core, member, errorFrame(error.message));
	publishSent(core, member, client.sends, name, () => ++client.turn.used, failed);
	keep(core, member);
}

function roomSource(source: SourceType, kind: SentTrack["kind"]): Source {
	if (source === "screen") return kind === "audio" ? "screenAudio" : "screen";
	return kind === "audio" ? "audio" : "camera";
}

// ---------------------------------------------------------------- others' tracks

function isOffered(member: Member, track: Track): boolean {
	return track.live && track.participant !== member.id && track.info.kind !== "data";
}

/** To a newcomer: all that is there. */
export function announceAll(core: Core, member: Member): void {
	tellAvailable(core, member, [...core.tracks.values()]);
}

/** One has come. Those that come together are told of together. */
export function announce(core: Core, member: Member, id: string): void {
	const { announcing } = memoryOf(member);
	announcing.add(id);
	if (announcing.size > 1) return;
	core.later(() => {
		const ids = [...announcing];
		announcing.clear();
		if (core.members.get(member.id) !== member) return;
		tellAvailable(
			core,
			member,
			ids.flatMap((it) => core.tracks.get(it) ?? []),
		);
	});
}

function tellAvailable(core: Core, member: Member, tracks: readonly Track[]): void {
	const available: Record<string, AvailableTrack> = {};
	for (const track of tracks) {
		if (!isOffered(member, track)) continue;
		const { track: id } = idsOf(track);
		available[id] = {
			...{ id, client_id: track.participant, source_type: sourceOf(track) },
			kind: track.info.kind === "audio" ? "audio" : "video",
			// Scalable video is one stream (webrtc-svc), whose layers have no names.
			is_simulcast: track.coding?.layers.some((rid) => rid !== "") ?? false,
		};
	}
	if (Object.keys(available).length > 0) tell(core, member, eventFrame("tracks_available", available));
}

/** What is not there, or not any more, is named in an error; the rest is subscribed to. */
export function subscribeTo(
	core: Core,
	member: Member,
	wanted: Extract<TalksyRequest, { type: "subscribe_tracks" }>["data"],
): void {
	const missing: string[] = [];
	const tracks = wanted.flatMap(({ client_id, track_id }) => {
		const track = core.tracksOf(client_id).find((it) => isOffered(member, it) && idsOf(it).track === track_id);
		if (!track) missing.push(track_id);
		return track ? [{ track: track.info.id, on: true, ...settingsFor(clientFor(member), track) }] : [];
	});
	if (tracks.length > 0) subscribe(core, member, { tracks });
	if (missing.length > 0) tell(core, member, errorFrame(`no such track: ${missing.slice(0, 8).join(", ")}`));
}

/** What the client keeps of tracks that are gone. */
export function forgetGone(core: Core, member: Member, id: string): void {
	const client: Client = clientFor(member);
	const memory = memoryOf(member);
	memory.ssrcs.delete(id);
	memory.voices.delete(id);
	const timer = memory.sized.get(id)?.timer;
	if (timer !== undefined) clearTimeout(timer);
	memory.sized.delete(id);
	if (client.sizes[id] === undefined) return;
	delete client.sizes[id];
	core.members.touch(member.id);
}
