/** Who is served where, as a picture. */
import { h } from "../demo/dom.ts";
import {
	type DiagramNode,
	type DiagramPipe,
	type Layout,
	layOut,
	NODE_HEIGHT,
	type NodeBox,
	type PipeLine,
	type PlacedPerson,
	ROW,
} from "./diagram-layout.ts";
import { count } from "./figures.ts";
import { s } from "./svg.ts";

/** About as wide as a letter of the picture's text. */
const LETTER = 6.9;

export class Diagram {
	readonly element = h("div", { class: "diagram" });
	readonly #resized: ResizeObserver;
	#nodes: readonly DiagramNode[] = [];
	#pipes: readonly DiagramPipe[] = [];
	#drawn = "";

	constructor() {
		this.#resized = new ResizeObserver(() => this.#draw());
		this.#resized.observe(this.element);
	}

	show(nodes: readonly DiagramNode[], pipes: readonly DiagramPipe[]): void {
		this.#nodes = nodes;
		this.#pipes = pipes;
		this.#draw();
	}

	close(): void {
		this.#resized.disconnect();
	}

	#draw(): void {
		const width = this.element.clientWidth;
		const state = JSON.stringify([width, this.#nodes, this.#pipes]);
		if (width === 0 || state === this.#drawn) return;
		this.#drawn = state;
		const layout = layOut(this.#nodes, this.#pipes, width);
		this.element.replaceChildren(picture(layout));
	}
}

function picture({ width, height, regions, nodes, pipes }: Layout): SVGSVGElement {
	return s(
		"svg",
		{ viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-labelledby": "diagram-title diagram-text" },
		s("title", { id: "diagram-title" }, "Where the room’s participants are served"),
		s("desc", { id: "diagram-text" }, describe(nodes, pipes)),
		...regions.map(({ name, x, y, width, height }) =>
			s(
				"g",
				{ class: "area" },
				s("rect", { x: x + 0.5, y: y + 0.5, width: width - 1, height: height - 1, rx: 14 }),
				s("text", { x: x + 16, y: y + 23 }, name || "region not known"),
			),
		),
		...pipes.map(({ path }) => s("path", { class: "pipe", d: path })),
		...nodes.map(node),
		...pipes.map(label),
	);
}

function node({ node, x, y, width, height, shown, more }: NodeBox): SVGGElement {
	const left = x + 18;
	const rows = shown.length + (more > 0 ? 1 : 0);
	const rowY = (i: number) => y + height + 8 + i * ROW + ROW / 2;
	const fits = Math.floor((width - 44) / LETTER);
	return s(
		"g",
		{ class: `box ${node.state}`, "data-node": node.id },
		rows > 0 && s("path", { class: "stem", d: `M${left} ${y + height}V${rowY(rows - 1)}` }),
		...shown.flatMap((person, i) => [
			s("path", { class: "stem", d: `M${left} ${rowY(i)}h12` }),
			dot(person, left + 16, rowY(i)),
			s(
				"text",
				{ x: left + 28, y: rowY(i), "data-person": person.id },
				s("title", {}, `${person.name} (${person.id})`),
				cut(person.name, fits),
			),
		]),
		more > 0 && s("path", { class: "stem", d: `M${left} ${rowY(rows - 1)}h12` }),
		more > 0 && s("text", { class: "quiet", x: left + 18, y: rowY(rows - 1) }, `and ${more} more`),
		s("rect", { x, y, width, height, rx: 10 }),
		s("circle", { class: "lamp", cx: left, cy: y + NODE_HEIGHT / 2, r: 5 }),
		s("text", { class: "name", x: left + 14, y: y + 19 }, s("title", {}, node.id), cut(node.id, fits)),
		s(
			"text",
			{ class: "quiet", x: left + 14, y: y + 35 },
			`${node.state} · ${count(node.people.length, "person", "people")}`,
		),
	);
}

/** Full for who publishes, empty for who only watches, pale for who is away. */
function dot({ publishes, away }: PlacedPerson, cx: number, cy: number): SVGCircleElement {
	return s("circle", { class: `dot${publishes ? " publishes" : ""}${away ? " away" : ""}`, cx, cy, r: 4.5 });
}

function label(pipe: PipeLine): SVGGElement {
	const { there, back, label } = pipe;
	const text = back > 0 && there > 0 ? `${there} ⇄ ${back}` : String(there + back);
	const width = text.length * 7 + 14;
	return s(
		"g",
		{ class: "pipe-label" },
		s("title", {}, sentence(pipe)),
		s("rect", { x: label.x - width / 2, y: label.y - 10, width, height: 20, rx: 10 }),
		s("text", { x: label.x, y: label.y }, text),
	);
}

function sentence({ a, b, there, back }: PipeLine): string {
	const ways = [
		there > 0 && `${count(there, "track")} from ${a} to ${b}`,
		back > 0 && `${count(back, "track")} from ${b} to ${a}`,
	];
	return ways.filter(Boolean).join(", ") || `no track between ${a} and ${b}`;
}

/** The same in words, for who cannot see it. */
function describe(nodes: readonly NodeBox[], pipes: readonly PipeLine[]): string {
	const served = nodes.map(({ node: { id, region, state, people } }) => {
		const names = people.map(({ name }) => name).join(", ") || "nobody";
		return `${id} (${[region, state].filter(Boolean).join(", ")}) serves ${names}.`;
	});
	return [...served, ...pipes.map((pipe) => `Pipe: ${sentence(pipe)}.`)].join(" ");
}

const cut = (text: string, most: number) => (text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text);
