/** What a page shows of a connection, out of the reports of both transports (W3C webrtc-stats). Pure. */
import type { ConnectionStats, RoomStats, Source, TrackStats } from "./api.ts";

/** The members used here; not every browser has each. */
interface Entry {
	id: string;
	type: string;
	timestamp: number;
	kind?: string;
	mid?: string;
	rid?: string;
	codecId?: string;
	mimeType?: string;
	bytesSent?: number;
	bytesReceived?: number;
	framesPerSecond?: number;
	frameWidth?: number;
	frameHeight?: number;
	packetsLost?: number;
	jitter?: number;
	active?: boolean;
	localId?: string;
	nominated?: boolean;
	state?: string;
	selectedCandidatePairId?: string;
	currentRoundTripTime?: number;
	availableOutgoingBitrate?: number;
	localCandidateId?: string;
	remoteCandidateId?: string;
	candidateType?: string;
	protocol?: string;
}

export interface StatsTrack {
	/** The media section that carries it. */
	mid: string;
	track: string;
	participant: string;
	source: Source;
	kind: "audio" | "video";
	layer?: { spatial: number; temporal?: number };
}

/** Bytes of each stream and of each transport at the last call, for bitrates. */
export type Before = Map<string, { bytes: number; at: number }>;

interface Side {
	report: Iterable<Entry>;
	tracks: StatsTrack[];
}

/** A connection to another participant, which carries both ways. */
export interface Direct {
	participant: string;
	report: Iterable<Entry>;
	sent: StatsTrack[];
	received: StatsTrack[];
}

export function normalize(
	send: Side | undefined,
	recv: Side | undefined,
	before: Before,
	direct: readonly Direct[] = [],
): RoomStats {
	const now: Before = new Map();
	const sent = send ? [read("send", "", send, before, now)] : [];
	const received = recv ? [read("recv", "", recv, before, now)] : [];
	for (const { participant, report, ...tracks } of direct) {
		// Read twice below.
		const entries = [...report];
		sent.push(read("send", participant, { report: entries, tracks: tracks.sent }, before, now));
		received.push(read("recv", participant, { report: entries, tracks: tracks.received }, before, now));
	}
	before.clear();
	for (const [key, value] of now) before.set(key, value);
	const all = [...sent, ...received];
	const connections = all.flatMap(({ connection }) => connection ?? []);
	return {
		rtt: all.find(({ pair }) => pair?.currentRoundTripTime !== undefined)?.pair?.currentRoundTripTime,
		availableOutgoingBitrate: sent.find(({ pair }) => pair)?.pair?.availableOutgoingBitrate,
		outgoingBitrate: sum(sent.flatMap(({ tracks }) => tracks)),
		incomingBitrate: sum(received.flatMap(({ tracks }) => tracks)),
		tracks: all.flatMap(({ tracks }) => tracks),
		// Both directions of a direct one have the same.
		connections: connections.filter(
			({ participant }, at) =>
				participant === undefined || connections.findIndex((one) => one.participant === participant) === at,
		),
	};
}

/** `of`: the participant at the other end, or none for a node. */
function read(direction: "send" | "recv", of: string, side: Side, before: Before, now: Before) {
	const entries = [...side.report];
	const byId = new Map(entries.map((entry) => [entry.id, entry]));
	const streams = entries.filter((entry) => entry.type === (direction === "send" ? "outbound-rtp" : "inbound-rtp"));
	const remote = new Map(
		entries.flatMap((e) => (e.type === "remote-inbound-rtp" && e.localId ? [[e.localId, e]] : [])),
	);
	const tracks = side.tracks.map((track): TrackStats => {
		const own = streams.filter((stream) => stream.mid === track.mid);
		// The largest layer that is sent: what the best receiver sees.
		const largest = own
			.filter((stream) => stream.active !== false)
			.reduce<Entry | undefined>((a, b) => ((b.frameWidth ?? 0) >= (a?.frameWidth ?? 0) ? b : a), undefined);
		const losses = own.flatMap((s) => {
			const { packetsLost } = direction === "send" ? (remote.get(s.id) ?? {}) : s;
			return packetsLost === undefined ? [] : [packetsLost];
		});
		const jitter = (direction === "send" && largest ? remote.get(largest.id) : largest)?.jitter;
		const mimeType = largest?.codecId ? byId.get(largest.codecId)?.mimeType : undefined;
		return {
			direction,
			track: track.track,
			participant: track.participant,
			source: track.source,
			kind: track.kind,
			bitrate: own.reduce((total, stream) => total + bitrate(`${direction} ${of}`, direction, stream, before, now), 0),
			framesPerSecond: largest?.framesPerSecond,
			width: largest?.frameWidth,
			height: largest?.frameHeight,
			packetsLost: losses.length > 0 ? losses.reduce((a, b) => a + b, 0) : undefined,
			jitter,
			codec: mimeType?.split("/")[1],
			layer: direction === "recv" ? track.layer : highestSent(own),
		};
	});
	const pair = selectedPair(entries, byId);
	return { tracks, pair, connection: pair && connectionOf(direction, of, pair, byId) };
}

function connectionOf(
	direction: "send" | "recv",
	of: string,
	pair: Entry,
	byId: ReadonlyMap<string, Entry>,
): ConnectionStats {
	const candidate = (id: string | undefined) => (id === undefined ? undefined : byId.get(id));
	return {
		participant: of || undefined,
		direction: of ? undefined : direction,
		rtt: pair.currentRoundTripTime,
		local: candidate(pair.localCandidateId)?.candidateType,
		remote: candidate(pair.remoteCandidateId)?.candidateType,
		protocol: candidate(pair.localCandidateId)?.protocol,
	};
}

function bitrate(of: string, direction: "send" | "recv", stream: Entry, before: Before, now: Before): number {
	const bytes = (direction === "send" ? stream.bytesSent : stream.bytesReceived) ?? 0;
	const key = `${of} ${stream.id}`;
	now.set(key, { bytes, at: stream.timestamp });
	const last = before.get(key);
	if (!last || stream.timestamp <= last.at || bytes < last.bytes) return 0;
	return Math.round(((bytes - last.bytes) * 8_000) / (stream.timestamp - last.at));
}

/** Simulcast streams have the rids r0, r1, r2, lowest first. */
function highestSent(streams: Entry[]): TrackStats["layer"] {
	const active = streams.flatMap(({ rid, active, framesPerSecond }) => {
		const spatial = /^r(\d+)$/.exec(rid ?? "")?.[1];
		return spatial !== undefined && active !== false && (framesPerSecond ?? 0) > 0 ? [Number(spatial)] : [];
	});
	return active.length > 0 ? { spatial: Math.max(...active) } : undefined;
}

/** Firefox has no transport entry and marks the pair itself. */
function selectedPair(entries: Entry[], byId: Map<string, Entry>): Entry | undefined {
	const selected = entries.find((entry) => entry.type === "transport")?.selectedCandidatePairId;
	if (selected) return byId.get(selected);
	return entries.find((entry) => entry.type === "candidate-pair" && entry.nominated && entry.state === "succeeded");
}

function sum(tracks: TrackStats[]): number {
	return tracks.reduce((total, { bitrate }) => total + bitrate, 0);
}
