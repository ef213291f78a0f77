/** Fills the space with tiles: as large as they can be, or one on a stage with the rest beside it. */
import { h } from "./dom.ts";
import type { Tile } from "./tile.ts";

const GAP = 10;
const ASPECT = 16 / 9;

export class Grid {
	readonly element = h("div", { class: "grid" });
	readonly #stage = h("div", { class: "stage" });
	readonly #tiles = h("div", { class: "tiles" });
	readonly #all: Tile[] = [];

	constructor() {
		this.element.append(this.#stage, this.#tiles);
		new ResizeObserver(() => this.layout()).observe(this.element);
	}

	add(tile: Tile): void {
		tile.onPin = () => this.layout();
		this.#all.push(tile);
		this.layout();
	}

	remove(tile: Tile): void {
		tile.remove();
		this.#all.splice(this.#all.indexOf(tile), 1);
		this.layout();
	}

	layout(): void {
		const staged = this.#all.find(({ pinned }) => pinned) ?? this.#all.findLast(({ screen }) => screen);
		const rest = this.#all.filter((tile) => tile !== staged);
		this.element.classList.toggle("staged", staged !== undefined);
		place(this.#stage, staged ? [staged] : []);
		place(this.#tiles, rest);
		const { clientWidth: width, clientHeight: height } = this.#tiles;
		const size = staged ? undefined : bestSize(rest.length, width, height);
		this.#tiles.style.setProperty("--tile-width", size ? `${size}px` : "");
	}
}

/** Moves only what is elsewhere: a video that is moved in the document stops for a moment. */
function place(parent: HTMLElement, tiles: readonly Tile[]): void {
	tiles.forEach(({ element }, i) => {
		if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
	});
}

/** The widest tile of which so many fit. */
function bestSize(count: number, width: number, height: number): number {
	let best = 0;
	for (let columns = 1; columns <= count; columns++) {
		const rows = Math.ceil(count / columns);
		const byWidth = (width - GAP * (columns - 1)) / columns;
		const byHeight = ((height - GAP * (rows - 1)) / rows) * ASPECT;
		best = Math.max(best, Math.floor(Math.min(byWidth, byHeight)));
	}
	return best;
}
