/** The value below which a share of all values lies (nearest rank); undefined of nothing. */
export function percentile(values: readonly number[], share: number): number | undefined {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export interface Spread {
	p50?: number;
	p95?: number;
	max?: number;
}

export function spread(values: readonly number[]): Spread {
	return {
		p50: rounded(percentile(values, 0.5)),
		p95: rounded(percentile(values, 0.95)),
		max: rounded(largest(values)),
	};
}

const largest = (values: readonly number[]) =>
	values.length === 0 ? undefined : values.reduce((a, b) => Math.max(a, b));

/** To a tenth: a clock that two processes share is not better. */
const rounded = (value: number | undefined) => (value === undefined ? undefined : Math.round(value * 10) / 10);
