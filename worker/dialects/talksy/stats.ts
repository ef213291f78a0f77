/** A client's statistics and its room's, from what nodes measure. */
import type { ReceivedStream, SentStream } from "../../../shared/statistics.ts";
import {
	type ClientStats,
	QUALITIES,
	type ReceivedTrackStats,
	type RoomStats,
	type SentTrackStats,
} from "../../../shared/talksy.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { statisticsOf } from "../../room/statistics.ts";
import { DIALECT, memoryOf } from "./client.ts";
import { idsOf, sourceOf } from "./tracks.ts";
import { spokenMs } from "./voice.ts";

export function clientStats(core: Core, member: Member): ClientStats {
	const measured = statisticsOf(core, member);
	const own = member.dialect === DIALECT ? memoryOf(member) : undefined;
	return {
		id: member.id,
		name: member.name ?? "",
		publisher_bandwidth: own?.bandwidth ?? 0,
		consumer_bandwidth: measured?.available ?? 0,
		current_bitrate: measured?.sendBitrate ?? 0,
		current_publish_limitation: own?.limitation ?? "none",
		voice_activity_duration_ms: own ? spokenMs(member) : 0,
		sent_track_stats: (measured?.sent ?? []).flatMap((stream) => sentStats(core, stream) ?? []),
		received_track_stats: (measured?.received ?? receivedOf(core, member)).flatMap(
			(stream) => receivedStats(core, stream) ?? [],
		),
	};
}

/** Of clients of other protocols the bit rates are known that were asked for, and no more. */
function receivedOf(core: Core, member: Member): ReceivedStream[] {
	return core.tracksOf(member.id).map((track) => ({
		...{ track: track.info.id, codec: track.coding?.mimeType ?? "", bytes: 0, packets: 0, lost: 0 },
		bitrate: core.bitrates.of(track) ?? 0,
	}));
}

function sentStats(core: Core, stream: SentStream): SentTrackStats | undefined {
	const track = core.tracks.get(stream.track);
	if (!track || track.info.kind === "data") return undefined;
	const { stream: stream_id, track: id } = idsOf(track);
	const { codec, lost, packets, fractionLost, bytes, bitrate, layer, layers = 1 } = stream;
	return {
		...{ id, stream_id, kind: track.info.kind, codec, packets_lost: lost, packets_sent: packets },
		...{ fraction_lost: fractionLost, bytes_sent: bytes, current_bitrate: bitrate, source: sourceOf(track) },
		quality: layers > 1 ? qualityOf(layer ?? -1, layers) : bitrate > 0 ? QUALITIES.length : 0,
		max_quality: QUALITIES.length,
	};
}

/** The best layer is high, however many there are. */
function qualityOf(layer: number, layers: number): number {
	return layer < 0 ? 0 : Math.max(1, QUALITIES.length - (layers - 1 - layer));
}

function receivedStats(core: Core, stream: ReceivedStream): ReceivedTrackStats | undefined {
	const track = core.tracks.get(stream.track);
	if (!track || track.info.kind === "data") return undefined;
	const { stream: stream_id, track: id } = idsOf(track);
	const { rid = "", codec, bitrate, lost, packets, bytes } = stream;
	return {
		...{ id, stream_id, rid, kind: track.info.kind, codec, current_bitrate: bitrate },
		...{ packets_lost: lost, packets_received: packets, bytes_received: bytes },
	};
}

/** What of the room goes through nodes now. Those that are not asked each second are asked first. */
export async function roomStats(core: Core): Promise<RoomStats> {
	if (core.record) await core.bitrates.measure();
	const members = [...core.members.values()];
	const measured = members.flatMap((member) => statisticsOf(core, member) ?? []);
	const clients = members.map((member) => clientStats(core, member));
	const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
	const received = clients.flatMap(({ received_track_stats }) => received_track_stats);
	const sent = clients.flatMap(({ sent_track_stats }) => sent_track_stats);
	return {
		active_sessions: members.filter((member) => core.serving(member.id)?.state === "open").length,
		clients_count: members.length,
		bitrate_sent: sum(measured.map(({ sendBitrate }) => sendBitrate)),
		bitrate_received: sum(received.map(({ current_bitrate }) => current_bitrate)),
		bytes_ingress: sum(measured.map(({ bytesReceived }) => bytesReceived)),
		bytes_egress: sum(measured.map(({ bytesSent }) => bytesSent)),
		// Layers of a track are one track.
		received_tracks: countKinds([...new Map(received.map((it) => [it.id, it])).values()]),
		sent_tracks: countKinds(sent),
		timestamp: new Date().toISOString(),
		client_stats: Object.fromEntries(clients.map((client) => [client.id, client])),
	};
}

function countKinds(streams: readonly { kind: "audio" | "video" }[]): { audio: number; video: number } {
	const audio = streams.filter(({ kind }) => kind === "audio").length;
	return { audio, video: streams.length - audio };
}
