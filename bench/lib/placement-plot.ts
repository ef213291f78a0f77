/** The picture of docs/placement.md: how full nodes are, and how far beyond the nearest node people are served. */

const [WIDTH, HEIGHT] = [760, 300];
const PANEL = { width: 320, height: 200, top: 50 } as const;

const STYLE = `
	text { font: 12px system-ui, sans-serif; fill: #444; }
	.title { font-weight: 600; }
	.axis { stroke: #999; fill: none; }
	.before { fill: #3b82c4; fill-opacity: .55; }
	.after { fill: none; stroke: #d9542b; stroke-width: 2; }
	.line { fill: none; stroke: #3b82c4; stroke-width: 2; }
	@media (prefers-color-scheme: dark) {
		text { fill: #ccc; }
		.axis { stroke: #777; }
	}`;

export function plot(before: readonly number[], after: readonly number[], beyond: readonly number[]): string {
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="How full nodes are, and how far beyond the nearest node participants are served">
<style>${STYLE}
</style>
${panel(50, "How full nodes are", "consumers / capacity", "share of nodes", ["0", "0.25", "0.5", "0.75", "1"], fullness(before, after))}
${legend()}
${panel(420, "Beyond the nearest node", "km", "share of participants", ["0", "500", "1000", "1500", "2000"], cumulative(beyond, 2_000))}
</svg>
`;
}

function panel(
	x: number,
	title: string,
	xLabel: string,
	yLabel: string,
	ticks: readonly string[],
	body: string,
): string {
	const { width, height, top } = PANEL;
	const marks = ticks.map((tick, i) => {
		const at = (width * i) / (ticks.length - 1);
		return `<text x="${at}" y="${height + 16}" text-anchor="middle">${tick}</text>`;
	});
	return `<g transform="translate(${x} ${top})">
<text class="title" x="0" y="-30">${title}</text>
<text x="0" y="-12">${yLabel}</text>
${body}
<path class="axis" d="M0 0V${height}H${width}"/>
${marks.join("\n")}
<text x="${width / 2}" y="${height + 36}" text-anchor="middle">${xLabel}</text>
</g>`;
}

function legend(): string {
	return `<g transform="translate(190 20)">
<rect class="before" width="12" height="12"/><text x="17" y="10">all joined</text>
<path class="after" d="M85 6h14"/><text x="104" y="10">after the failure</text>
</g>`;
}

/** Two histograms over 0 to 1, in steps of 0.025. */
function fullness(before: readonly number[], after: readonly number[]): string {
	const bins = 40;
	const count = (values: readonly number[]) => {
		const counts = new Array<number>(bins).fill(0);
		for (const value of values) {
			const bin = Math.min(bins - 1, Math.floor(value * bins));
			counts[bin] = (counts[bin] ?? 0) + 1 / values.length;
		}
		return counts;
	};
	const [first, second] = [count(before), count(after)];
	const most = Math.max(...first, ...second);
	const step = PANEL.width / bins;
	const y = (share: number) => (PANEL.height * (1 - share / most)).toFixed(1);
	const bars = first.map((share, i) => {
		const top = Number(y(share));
		return `<rect x="${i * step}" y="${top}" width="${step - 1}" height="${(PANEL.height - top).toFixed(1)}"/>`;
	});
	const outline = second
		.map((share, i) => `${i === 0 ? "M" : "H"}${i * step}${i === 0 ? " " : "V"}${y(share)}`)
		.join("");
	return `<g class="before">${bars.join("")}</g>
<path class="after" d="${outline}H${PANEL.width}"/>
<text x="4" y="10">${(most * 100).toFixed(0)} %</text>`;
}

function cumulative(values: readonly number[], most: number): string {
	const sorted = [...values].sort((a, b) => a - b);
	const points = Array.from({ length: 81 }, (_, i) => {
		const limit = (most * i) / 80;
		let [low, high] = [0, sorted.length];
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((sorted[middle] ?? 0) <= limit + 0.5) low = middle + 1;
			else high = middle;
		}
		return `${((PANEL.width * i) / 80).toFixed(1)} ${(PANEL.height * (1 - low / sorted.length)).toFixed(1)}`;
	});
	return `<path class="line" d="M${points.join("L")}"/><text x="4" y="10">100 %</text>`;
}
