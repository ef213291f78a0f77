/** What goes through an interaction's tracks, from what nodes measure: for its log, and for the statistics feed. */
import type { TrackRates } from "../../../shared/ducksoup.ts";
import type { EndpointStatistics } from "../../../shared/statistics.ts";
import type { Core } from "../../room/core.ts";
import type { Member } from "../../room/state.ts";
import { statisticsOf } from "../../room/statistics.ts";
import { connected, interactionOf } from "./interaction.ts";
import { log } from "./log.ts";

/** Sound has one; video goes by what its receivers can take, between these, kbit/s. */
const AUDIO_TARGET = 64;
const VIDEO_TARGET = { least: 150, initial: 800, most: 1_800 };

export interface Rates {
	/** The key of the interaction in the feed. */
	interaction: string;
	tracks: Record<string, TrackRates>;
}

/** Undefined: nothing runs. */
export function ratesOf(core: Core): Rates | undefined {
	const interaction = interactionOf(core);
	if (!interaction) return undefined;
	const { page, namespace, name } = interaction;
	const tracks = connected(core).flatMap((member) => ratesFrom(core, member));
	return { interaction: `${page}#${namespace}#${name}`, tracks: Object.fromEntries(tracks) };
}

function ratesFrom(core: Core, member: Member): [string, TrackRates][] {
	const received = statisticsOf(core, member)?.received ?? [];
	return core.tracksOf(member.id).flatMap(({ live, info: { id, kind } }): [string, TrackRates][] => {
		if (!live || kind === "data") return [];
		const bitrate = received.filter(({ track }) => track === id).reduce((sum, stream) => sum + stream.bitrate, 0);
		const receivers = [...core.members.values()].flatMap((it) => statisticsOf(core, it) ?? []);
		const out = receivers.flatMap(({ sent }) => sent.filter(({ track }) => track === id));
		const sum = out.reduce((total, stream) => total + stream.bitrate, 0);
		const rates: TrackRates = {
			...{ From: member.id, Kind: kind, IntputKbs: kilobits(bitrate) },
			// Each receiver gets the same.
			OutputKbs: out.length > 0 ? kilobits(sum / out.length) : 0,
			TargetKbs: kind === "audio" ? AUDIO_TARGET : videoTarget(receivers.filter((it) => gets(it, id))),
		};
		return [[id, rates]];
	});
}

function gets({ sent }: EndpointStatistics, id: string): boolean {
	return sent.some(({ track }) => track === id);
}

/** What the receiver can take that can take the least. */
function videoTarget(receivers: readonly EndpointStatistics[]): number {
	const known = receivers.flatMap(({ available }) => (available === undefined ? [] : [kilobits(available)]));
	if (known.length === 0) return VIDEO_TARGET.initial;
	return Math.max(VIDEO_TARGET.least, Math.min(VIDEO_TARGET.most, ...known));
}

function kilobits(bitrate: number): number {
	return Math.round(bitrate / 1_000);
}

/** Of packets that a receiver lost, from which on the original counts a way as lossy. */
const LOSSY = 25 / 256;

/**
 * What the reports of RTCP said last: ours of what comes from somebody, and theirs of what others' media they are sent.
 * Nodes read the packets, and tell of them about once a second.
 */
export function logReports(core: Core, member: Member): void {
	const measured = statisticsOf(core, member);
	for (const { track, lost, packets } of measured?.received ?? []) {
		const kind = core.tracks.get(track)?.info.kind;
		if (kind) log(core, "trace", "track", `${kind}_in_rtcp_emitted`, { from: member.id, value: { lost, packets } });
	}
	for (const { track, lost, packets, fractionLost } of measured?.sent ?? []) {
		const info = core.tracks.get(track);
		if (!info) continue;
		const fields = { from: info.participant, toUser: member.id, kind: info.info.kind };
		log(core, "trace", "track", "received_rtcp_on_sender", { ...fields, value: { lost, packets, fractionLost } });
		if (fractionLost > LOSSY)
			log(core, "debug", "track", "loss_threshold_exceeded", { ...fields, value: fractionLost });
	}
}

/** About once a second for each connection. */
export function logRates(core: Core, member: Member): void {
	for (const [, { From, Kind, IntputKbs, OutputKbs, TargetKbs }] of ratesFrom(core, member)) {
		const fields = { from: From, unit: "kbit/s" };
		log(core, "debug", "track", `${Kind}_in_bitrate`, { ...fields, value: IntputKbs });
		log(core, "debug", "track", `${Kind}_out_bitrate`, { ...fields, value: OutputKbs, target: TargetKbs });
	}
}
