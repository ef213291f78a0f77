/** Where things go in the picture of a room: nodes by region, those whom each serves under it, and pipes between. */
export interface PlacedPerson {
	id: string;
	name: string;
	publishes: boolean;
	away: boolean;
}

export interface DiagramNode {
	id: string;
	region: string;
	state: string;
	people: readonly PlacedPerson[];
}

export interface DiagramPipe {
	from: string;
	to: string;
	tracks: number;
}

export interface Box {
	x: number;
	y: number;
	width: number;
	height: number;
}

export interface NodeBox extends Box {
	node: DiagramNode;
	shown: readonly PlacedPerson[];
	/** How many more there are than are shown. */
	more: number;
}

export interface PipeLine {
	a: string;
	b: string;
	/** Tracks from a to b, and back. */
	there: number;
	back: number;
	path: string;
	label: { x: number; y: number };
}

export interface Layout {
	width: number;
	height: number;
	regions: (Box & { name: string })[];
	nodes: NodeBox[];
	pipes: PipeLine[];
}

export const NODE_HEIGHT = 46;
export const ROW = 24;
const NODE_WIDTH = 210;
const LEAST_WIDTH = 130;
/** Room for a pipe's label. */
const GAP = 76;
const ROW_GAP = 36;
const PAD = 16;
const TITLE = 42;
/** Over the nodes of a region and beside everything: where pipes bend. */
const BEND = 22;
const SIDE = 64;
const MOST_PEOPLE = 8;

export function layOut(nodes: readonly DiagramNode[], pipes: readonly DiagramPipe[], width: number): Layout {
	const side = pipes.length > 0 ? SIDE : 0;
	const inner = width - 2 * PAD - side;
	const nodeWidth = Math.max(LEAST_WIDTH, Math.min(NODE_WIDTH, inner));
	const fits = Math.max(1, Math.floor((inner + GAP) / (nodeWidth + GAP)));
	const lifted = pipes.length > 0 ? BEND : 0;

	const layout: Layout = { width, height: 0, regions: [], nodes: [], pipes: [] };
	/** Regions side by side end together. */
	const level = (top: number) => {
		const beside = layout.regions.filter((it) => it.y === top);
		const tallest = Math.max(0, ...beside.map(({ height }) => height));
		for (const it of beside) it.height = tallest;
		return tallest;
	};
	let [x, y] = [0, 0];
	for (const name of [...new Set(nodes.map(({ region }) => region))].sort()) {
		const of = nodes.filter(({ region }) => region === name);
		const columns = Math.min(fits, of.length);
		const regionWidth = columns * (nodeWidth + GAP) - GAP + 2 * PAD;
		if (x > 0 && x + regionWidth > width - side) [x, y] = [0, y + level(y) + ROW_GAP];
		let bottom = y + TITLE + lifted;
		for (let i = 0; i < of.length; i += columns) {
			const row = of.slice(i, i + columns).map((node, column) => {
				return place(node, x + PAD + column * (nodeWidth + GAP), bottom, nodeWidth);
			});
			layout.nodes.push(...row);
			bottom = Math.max(...row.map(bottomOf)) + (i + columns < of.length ? ROW_GAP : PAD);
		}
		layout.regions.push({ name, x, y, width: regionWidth, height: bottom - y });
		level(y);
		layout.height = Math.max(layout.height, bottom);
		x += regionWidth + GAP - 2 * PAD;
	}
	layout.pipes = connect(layout.nodes, pipes);
	return layout;
}

function place(node: DiagramNode, x: number, y: number, width: number): NodeBox {
	const all = node.people.length;
	const shown = node.people.slice(0, all > MOST_PEOPLE ? MOST_PEOPLE - 1 : MOST_PEOPLE);
	return { node, x, y, width, height: NODE_HEIGHT, shown, more: all - shown.length };
}

function bottomOf({ y, shown, more }: NodeBox): number {
	const rows = shown.length + (more > 0 ? 1 : 0);
	return y + NODE_HEIGHT + (rows > 0 ? 8 + rows * ROW : 0);
}

/** One line for both directions; nodes that are not in the picture have none. */
function connect(boxes: readonly NodeBox[], pipes: readonly DiagramPipe[]): PipeLine[] {
	const lines = new Map<string, PipeLine>();
	for (const { from, to, tracks } of pipes) {
		const [a, b] = [from, to].map((id) => boxes.find(({ node }) => node.id === id));
		if (!a || !b || a === b) continue;
		const isTurned = boxes.indexOf(a) > boxes.indexOf(b);
		const [first, second] = isTurned ? [b, a] : [a, b];
		const key = JSON.stringify([first.node.id, second.node.id]);
		const line = lines.get(key) ?? {
			a: first.node.id,
			b: second.node.id,
			there: 0,
			back: 0,
			...route(first, second, boxes),
		};
		line[isTurned ? "back" : "there"] += tracks;
		lines.set(key, line);
	}
	return [...lines.values()];
}

/** Straight between neighbours, over what stands between in the same row, and around the right side otherwise. */
function route(a: NodeBox, b: NodeBox, boxes: readonly NodeBox[]): Pick<PipeLine, "path" | "label"> {
	const middle = NODE_HEIGHT / 2;
	const [ra, rb] = [a.x + a.width, b.x + b.width];
	if (a.y === b.y) {
		const isNext = !boxes.some((it) => it.y === a.y && it.x > a.x && it.x < b.x);
		if (isNext) {
			return { path: `M${ra} ${a.y + middle}H${b.x}`, label: { x: (ra + b.x) / 2, y: a.y + middle } };
		}
		const [ax, bx, top] = [a.x + a.width / 2, b.x + b.width / 2, a.y - BEND * 1.25];
		return {
			path: `M${ax} ${a.y}C${ax} ${top} ${bx} ${top} ${bx} ${b.y}`,
			label: { x: (ax + bx) / 2, y: a.y - BEND * 0.94 },
		};
	}
	// What goes further bends further out, so that lines lie beside each other.
	const span = Math.min(3, Math.abs(boxes.indexOf(a) - boxes.indexOf(b)));
	const out = Math.max(ra, rb) + PAD + 20 * span;
	const [ay, by] = [a.y + middle, b.y + middle];
	// A curve's middle is an eighth of its ends and three of its bends.
	const x = (ra + rb) / 8 + (out * 3) / 4;
	return { path: `M${ra} ${ay}C${out} ${ay} ${out} ${by} ${rb} ${by}`, label: { x, y: (ay + by) / 2 } };
}
