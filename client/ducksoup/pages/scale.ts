/** The axis of a chart. */

/** Round values from 0 to at least `most`, three to five of them. */
export function ticks(most: number): number[] {
	if (!(most > 0)) return [0, 1];
	const rough = most / 3;
	const power = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough) as number;
	const count = Math.max(1, Math.ceil(Number((most / step).toFixed(9))));
	return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

/** Points of one line; undefined where there is a gap. */
export function path(points: readonly ([x: number, y: number] | undefined)[]): string {
	let open = false;
	let text = "";
	for (const point of points) {
		if (point) text += `${open ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
		open = point !== undefined;
	}
	return text;
}
