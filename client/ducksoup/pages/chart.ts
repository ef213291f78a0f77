/** Lines over the last minutes, newest at the right; pointing at a time tells its values. */
import { s } from "../../admin/svg.ts";
import { h } from "../../demo/dom.ts";
import { path, ticks } from "./scale.ts";

export interface Line {
	name: string;
	/** A class that gives the colour. */
	tone: "one" | "two" | "three" | "four";
	dashed?: boolean;
}
interface Point {
	at: number;
	values: (number | undefined)[];
}

const HEIGHT = 168;
const EDGE = { top: 10, right: 10, bottom: 22, left: 46 };
const FAR_APART_MS = 5_000;
const LEAST_MS = 30_000;

export class Chart {
	readonly element: HTMLElement;
	readonly #lines: readonly Line[];
	readonly #spanMs: number;
	readonly #least: number;
	readonly #format: (value: number) => string;
	readonly #svg = s("svg", { class: "chart-canvas", role: "img", height: HEIGHT });
	readonly #figures: HTMLElement[];
	#points: Point[] = [];
	/** Where somebody points, as a share of the width. */
	#pointed: number | undefined;

	/** `least`: what the axis reaches at any rate. */
	constructor(
		title: string,
		lines: readonly Line[],
		{
			unit = "",
			digits = 0,
			seconds = 60,
			least = 1,
		}: { unit?: string; digits?: number; seconds?: number; least?: number },
	) {
		this.#lines = lines;
		this.#spanMs = seconds * 1_000;
		this.#least = least;
		this.#format = (value) =>
			value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
		this.#figures = lines.map(() => h("b", {}, "–"));
		const legend = lines.map(({ name, tone, dashed }, i) => {
			const key = h("i", { class: dashed ? "key dashed" : "key", data: { tone } });
			return h("li", {}, key, `${name} `, this.#figures[i]);
		});
		const head = h("figcaption", {}, h("strong", {}, title), unit ? h("small", {}, unit) : false);
		this.element = h("figure", { class: "chart" }, head, this.#svg as unknown as HTMLElement, h("ul", {}, ...legend));
		this.#svg.setAttribute("aria-label", title);
		this.#svg.addEventListener("pointermove", (event) => {
			const { left, width } = this.#svg.getBoundingClientRect();
			this.#pointed = (event.clientX - left - EDGE.left) / (width - EDGE.left - EDGE.right);
			this.#draw();
		});
		this.#svg.addEventListener("pointerleave", () => {
			this.#pointed = undefined;
			this.#draw();
		});
		new ResizeObserver(() => this.#draw()).observe(this.element);
	}

	/** A value for each line, in their order. */
	add(values: (number | undefined)[], at = Date.now()): void {
		this.#points.push({ at, values });
		this.#points = this.#points.filter((point) => point.at > at - this.#spanMs - FAR_APART_MS);
		this.#draw();
	}

	clear(): void {
		this.#points = [];
		this.#draw();
	}

	#draw(): void {
		const width = this.element.clientWidth - 2;
		if (width <= 0) return;
		const latest = this.#points.at(-1)?.at ?? Date.now();
		// What has just begun is not squeezed into a corner of the whole time.
		const span = Math.min(this.#spanMs, Math.max(LEAST_MS, latest - (this.#points[0]?.at ?? latest)));
		const begin = latest - span;
		const all = this.#points.flatMap(({ values }) => values.map((value) => value ?? 0));
		const marks = ticks(Math.max(this.#least, ...all));
		const most = marks.at(-1) as number;
		const inner = { width: width - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
		const x = (at: number) => EDGE.left + ((at - begin) / span) * inner.width;
		const y = (value: number) => EDGE.top + inner.height * (1 - value / most);

		const parts: SVGElement[] = marks.map((mark) => {
			const label = s("text", { x: EDGE.left - 8, y: y(mark) + 4, class: "mark" }, short(mark));
			const grid = s("line", { x1: EDGE.left, x2: width - EDGE.right, y1: y(mark), y2: y(mark), class: "grid" });
			return s("g", {}, grid, label);
		});
		for (const back of [1, 0.5, 0]) {
			const text = back === 0 ? "now" : `−${Math.round((span * back) / 1_000)} s`;
			const anchor = back === 1 ? "start" : back === 0 ? "end" : "middle";
			const at = { x: EDGE.left + inner.width * (1 - back), y: HEIGHT - 6, "text-anchor": anchor };
			parts.push(s("text", { ...at, class: "time" }, text));
		}
		this.#lines.forEach(({ tone, dashed }, i) => {
			const points: ([number, number] | undefined)[] = [];
			let before = Number.POSITIVE_INFINITY;
			for (const { at, values } of this.#points) {
				if (at < begin) continue;
				if (at - before > FAR_APART_MS) points.push(undefined);
				before = at;
				const value = values[i];
				points.push(value === undefined ? undefined : [x(at), y(value)]);
			}
			parts.push(s("path", { d: path(points), class: dashed ? "line dashed" : "line", "data-tone": tone }));
		});
		const pointed = this.#nearest(begin, span);
		if (pointed) {
			const at = x(pointed.at);
			parts.push(s("line", { x1: at, x2: at, y1: EDGE.top, y2: HEIGHT - EDGE.bottom, class: "cross" }));
			pointed.values.forEach((value, i) => {
				const tone = this.#lines[i]?.tone ?? "one";
				if (value !== undefined)
					parts.push(s("circle", { cx: at, cy: y(value), r: 3.5, class: "dot-at", "data-tone": tone }));
			});
		}
		this.#svg.setAttribute("width", String(width));
		this.#svg.replaceChildren(...parts);
		const told = (pointed ?? this.#points.at(-1))?.values;
		this.#figures.forEach((figure, i) => {
			const value = told?.[i];
			figure.textContent = value === undefined ? "–" : this.#format(value);
		});
	}

	#nearest(begin: number, span: number): Point | undefined {
		if (this.#pointed === undefined) return undefined;
		const at = begin + this.#pointed * span;
		const distance = (point: Point) => Math.abs(point.at - at);
		return this.#points.reduce<Point | undefined>((best, point) => {
			return !best || distance(point) < distance(best) ? point : best;
		}, undefined);
	}
}

function short(value: number): string {
	return value >= 10_000 ? `${value / 1_000}k` : String(value);
}
