/** Axes, and lines that have no more points than a picture can show. */
import type { Sample } from "./courses.ts";

export interface Point {
	at: number;
	value: number;
}

const TENS = [1, 2, 2.5, 5, 10] as const;
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200];

/** Round values from zero to at least `most`, about `count` apart. */
export function ticksTo(most: number, count: number): number[] {
	const rough = Math.max(most, 1) / count;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = Math.max(1, (TENS.find((ten) => ten * power >= rough && Number.isInteger(ten * power)) ?? 10) * power);
	const ticks = [0];
	while ((ticks.at(-1) ?? 0) < most || ticks.length < 2) ticks.push(ticks.length * step);
	return ticks;
}

/** Round numbers of seconds between these. */
export function timesBetween(from: number, to: number, count: number): number[] {
	const rough = (to - from) / count;
	const step = SECONDS.find((it) => it >= rough) ?? Math.ceil(rough / 3_600) * 3_600;
	const ticks: number[] = [];
	for (let count = Math.ceil(from / step); count * step <= to; count++) ticks.push(count * step + 0);
	return ticks;
}

/** What was measured about each second as lines: each point the mean of its share of the time, and a gap where nothing was. */
export function linesOf(samples: readonly Sample[], from: number, to: number, most: number): Point[][] {
	const share = Math.max((to - from) / most, 0.001);
	const gap = Math.max(3.5, 2.5 * share);
	const lines: Point[][] = [];
	let gathered: Point[] = [];
	let last: number | undefined;
	const flush = () => {
		if (gathered.length > 0) lines.at(-1)?.push({ at: mean(gathered, "at"), value: mean(gathered, "value") });
		gathered = [];
	};
	let current: number | undefined;
	for (const { at, value } of samples) {
		if (value === undefined) continue;
		const place = Math.floor((at - from) / share);
		if (place !== current) flush();
		current = place;
		if (last === undefined || at - last > gap) {
			flush();
			lines.push([]);
		}
		gathered.push({ at, value });
		last = at;
	}
	flush();
	return lines;
}

/** What counts until the next is said, as steps: of several in one share of the time the last. */
export function stepsOf(samples: readonly Sample[], from: number, to: number, most: number): Point[][] {
	const share = Math.max((to - from) / most, 0.001);
	const kept = new Map<number, Sample>();
	// What was said before counts at the beginning.
	for (const sample of samples) kept.set(Math.max(-1, Math.floor((sample.at - from) / share)), sample);
	const lines: Point[][] = [];
	let before: Point | undefined;
	for (const sample of kept.values()) {
		const at = Math.max(sample.at, from);
		if (before) lines.at(-1)?.push({ at, value: before.value });
		else if (sample.value !== undefined) lines.push([]);
		const now = sample.value === undefined ? undefined : { at, value: sample.value };
		if (now && now.value !== before?.value) lines.at(-1)?.push(now);
		before = now;
	}
	return lines;
}

export function mean<K extends string>(those: readonly Record<K, number>[], key: K): number {
	return those.reduce((sum, it) => sum + it[key], 0) / Math.max(those.length, 1);
}
