/** What a load has shown. */
import { bitrate, count, facts, milliseconds, percent } from "../lib/format.ts";
import { type Spread, spread } from "./statistics.ts";
import { FROZEN_MS, type Subscription } from "./subscription.ts";

export interface LoadOptions {
	rooms: number;
	/** Per room, and so are the watchers. */
	publishers: number;
	watchers: number;
	seconds: number;
	audio: boolean;
	video: boolean;
	/** How many join at a time. */
	concurrency: number;
}

export interface Measured {
	joinMs: readonly number[];
	/** Why joins failed. */
	failures: readonly string[];
	subscriptions: readonly Subscription[];
	/** How long was measured, and what this process used of a core in it. */
	seconds: number;
	bytes: number;
	cpu: number;
	/** How late this process's own timers were at worst: gaps as long may be its own. */
	lateMs: number;
	interrupted: boolean;
}

export interface Report {
	options: LoadOptions;
	interrupted: boolean;
	seconds: number;
	joins: { ok: number; failed: number; ms: Spread; reasons: Record<string, number> };
	/** From the start of a watcher's join. `missing`: subscriptions that never got one. */
	firstPacket: { ms: Spread; missing: number };
	packets: { received: number; lost: number; bitrate: number };
	/** The longest of each subscription. */
	gaps: { ms: Spread; freezes: number };
	process: { cpu: number; lateMs: number };
}

export function report(options: LoadOptions, measured: Measured): Report {
	const { joinMs, failures, subscriptions, seconds, bytes, cpu, lateMs, interrupted } = measured;
	const sum = (of: (subscription: Subscription) => number) => subscriptions.reduce((all, it) => all + of(it), 0);
	const started = subscriptions.filter(({ firstPacketMs }) => firstPacketMs !== undefined);
	const reasons: Record<string, number> = {};
	for (const reason of failures) reasons[reason] = (reasons[reason] ?? 0) + 1;
	return {
		options,
		interrupted,
		seconds: round(seconds),
		joins: { ok: joinMs.length, failed: failures.length, ms: spread(joinMs), reasons },
		firstPacket: {
			ms: spread(started.map(({ firstPacketMs = 0 }) => firstPacketMs)),
			missing: subscriptions.length - started.length,
		},
		packets: {
			received: sum(({ received }) => received),
			lost: sum(({ lost }) => lost),
			bitrate: seconds > 0 ? Math.round((bytes * 8) / seconds) : 0,
		},
		gaps: { ms: spread(started.map(({ longestGap }) => longestGap)), freezes: sum(({ freezes }) => freezes) },
		process: { cpu: round(cpu, 1_000), lateMs: round(lateMs) },
	};
}

const round = (value: number, to = 10) => Math.round(value * to) / to;

export function describeReport({ interrupted, seconds, joins, firstPacket, packets, gaps, process }: Report): string {
	const { received, lost } = packets;
	const share = percent(lost / Math.max(1, received + lost), 2);
	const reasons = Object.entries(joins.reasons).map(([reason, many]) => ["", `${many} × ${reason}`] as const);
	return facts([
		["measured", `${seconds} s${interrupted ? ", stopped early" : ""}`],
		["joins", `${joins.ok} ok, ${joins.failed} failed`],
		...reasons,
		["join time", words(joins.ms)],
		["first packet", `${words(firstPacket.ms)}${firstPacket.missing ? `; ${firstPacket.missing} never came` : ""}`],
		["packets", `${received} received, ${lost} lost (${share}), ${bitrate(packets.bitrate)}`],
		["longest gaps", `${words(gaps.ms)}; ${count(gaps.freezes, "freeze")} over ${FROZEN_MS} ms`],
		["this process", `${percent(process.cpu)} of a core, its timers at most ${milliseconds(process.lateMs)} late`],
	]);
}

function words({ p50, p95, max }: Spread): string {
	return max === undefined ? "–" : `p50 ${milliseconds(p50)}, p95 ${milliseconds(p95)}, max ${milliseconds(max)}`;
}
