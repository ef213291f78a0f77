/** Figures and tables as people read them. */

const NUMBER = /^(–|[\d.]+( ?%| [kMG]?b\/s| m?s)?)$/;

/** Columns as wide as their widest cell; numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
	const right = head.map((_, i) => rows.length > 0 && rows.every((row) => NUMBER.test(row[i] ?? "")));
	const line = (cells: readonly string[]) =>
		cells
			.map((cell, i) => (right[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
			.join("  ")
			.trimEnd();
	return [line(head), ...rows.map(line)].join("\n");
}

/** Names and what they are, one a line. */
export function facts(rows: readonly (readonly [name: string, value: string])[]): string {
	const width = Math.max(...rows.map(([name]) => name.length));
	return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}

export function bitrate(bitsPerSecond: number): string {
	if (bitsPerSecond >= 1e9) return `${(bitsPerSecond / 1e9).toFixed(2)} Gb/s`;
	if (bitsPerSecond >= 1e6) return `${(bitsPerSecond / 1e6).toFixed(1)} Mb/s`;
	return `${(bitsPerSecond / 1e3).toFixed(0)} kb/s`;
}

export function percent(share: number, digits = 0): string {
	return `${(share * 100).toFixed(digits)} %`;
}

export function milliseconds(value: number | undefined): string {
	if (value === undefined) return "–";
	return value >= 10_000 ? `${(value / 1_000).toFixed(1)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

/** A time, to the second and in UTC: what a log has too. */
export function moment(ms: number): string {
	return new Date(ms).toISOString().replace("T", " ").replace(/\.\d+/, "");
}

export function count(many: number, one: string, more = `${one}s`): string {
	return `${many} ${many === 1 ? one : more}`;
}

export function bar(share: number, width: number): string {
	const full = Math.round(Math.min(1, Math.max(0, share)) * width);
	return "█".repeat(full) + "░".repeat(width - full);
}
