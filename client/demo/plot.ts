/** A line of the last minute, newest at the right. */
import { h } from "./dom.ts";

const POINTS = 60;
const TOP = 5;
const BOTTOM = 2;

export class Plot {
	readonly element: HTMLElement;
	readonly #canvas = h("canvas", { aria: { hidden: "true" } });
	readonly #value = h("strong", {}, "–");
	readonly #most = h("small", {});
	readonly #format: (value: number) => string;
	/** The scale does not go below it, so that small changes of small values stay small. */
	readonly #least: number;

	constructor(label: string, format: (value: number) => string, least: number) {
		this.#format = format;
		this.#least = least;
		const caption = h("figcaption", {}, h("span", {}, label), this.#value);
		this.element = h("figure", { class: "plot" }, caption, this.#canvas, this.#most);
	}

	/** At most a minute of values; undefined where there is a gap. */
	show(values: readonly (number | undefined)[]): void {
		const last = values.at(-1);
		this.#value.textContent = last === undefined ? "–" : this.#format(last);
		const most = Math.max(...values.map((value) => value ?? 0), this.#least);
		this.#most.textContent = this.#format(most);
		this.#draw(values, most);
	}

	#draw(values: readonly (number | undefined)[], most: number): void {
		const { clientWidth: width, clientHeight: height } = this.#canvas;
		const context = this.#canvas.getContext("2d");
		if (width === 0 || !context) return;
		this.#canvas.width = width * devicePixelRatio;
		this.#canvas.height = height * devicePixelRatio;
		context.scale(devicePixelRatio, devicePixelRatio);
		const { color } = getComputedStyle(this.#canvas);
		context.strokeStyle = context.fillStyle = color;
		context.lineJoin = context.lineCap = "round";

		context.globalAlpha = 0.18;
		context.lineWidth = 1;
		context.setLineDash([2, 4]);
		context.beginPath();
		context.moveTo(0, TOP);
		context.lineTo(width, TOP);
		context.stroke();
		context.setLineDash([]);

		const x = (i: number) => ((POINTS - values.length + i) / (POINTS - 1)) * (width - 3);
		const y = (value: number) => height - BOTTOM - (value / most) * (height - TOP - BOTTOM);
		for (const run of runs(values)) {
			const line = new Path2D();
			for (const [i, value] of run) line.lineTo(x(i), y(value));
			const area = new Path2D(line);
			area.lineTo(x(run.at(-1)?.[0] ?? 0), height);
			area.lineTo(x(run[0]?.[0] ?? 0), height);
			context.globalAlpha = 0.13;
			context.fill(area);
			context.globalAlpha = 1;
			context.lineWidth = 1.6;
			context.stroke(line);
		}
		const last = values.at(-1);
		if (last === undefined) return;
		context.beginPath();
		context.arc(x(values.length - 1), y(last), 2.5, 0, 2 * Math.PI);
		context.fill();
	}
}

/** Stretches without a gap, each value with its place. */
function runs(values: readonly (number | undefined)[]): [number, number][][] {
	const found: [number, number][][] = [];
	let open: [number, number][] | undefined;
	values.forEach((value, i) => {
		if (value === undefined) open = undefined;
		else if (open) open.push([i, value]);
		else {
			open = [[i, value]];
			found.push(open);
		}
	});
	return found;
}
