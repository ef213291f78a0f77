/** Summaries of measurements, and how they are shown. */

/** The value below which a share (0 to 1) of the sorted values lies. */
export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
	return percentile(values, 0.5);
}

export interface Spread {
	median: number;
	least: number;
	most: number;
}

/** Median and range over runs: with a handful of runs, a deviation would pretend to know more. */
export function spread(values: readonly number[]): Spread {
	return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** `1.02 (0.98–1.10)` */
export function showSpread({ median: middle, least, most }: Spread, digits = 2): string {
	return `${middle.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}

/** A table for a terminal, and for Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
	const line = (row: readonly string[]) => `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`;
	return [line(head), `|${widths.map((w) => "-".repeat(w + 2)).join("|")}|`, ...rows.map(line)].join("\n");
}

/** What a bench gives back: figures for machines, a table for people, and a bar that it holds or not. */
export interface Figures {
	name: string;
	what: string;
	head: readonly string[];
	rows: readonly (readonly string[])[];
	/** What a reader of the table must know of this run. */
	notes?: readonly string[];
	json: unknown;
	bars: readonly { bar: string; value: number; held: boolean }[];
}
