/** Fills the space with tiles: as large as they can be, or one on a stage with the rest beside it. */
import { h } from "./dom.ts";
import { layOut, type Rectangle } from "./layout.ts";
import type { Tile } from "./tile.ts";

export class Grid {
	readonly #stage = h("div", { class: "stage" });
	readonly #rest = h("div", { class: "tiles" });
	readonly element = h("div", { class: "grid" }, this.#stage, this.#rest);
	/** Others as they came, oneself last. */
	readonly #tiles: Tile[] = [];
	#pinned: Tile | undefined;

	constructor() {
		// Follows the window at once; only people coming and going is worth a motion.
		new ResizeObserver(() => this.#layOut(false)).observe(this.element);
	}

	add(tile: Tile): void {
		tile.onPin = () => this.#pin(tile);
		tile.onAspect = () => this.#layOut(true);
		const last = this.#tiles.at(-1);
		if (last?.own && !last.screen) this.#tiles.splice(-1, 0, tile);
		else this.#tiles.push(tile);
		this.#layOut(true);
	}

	remove(tile: Tile): void {
		tile.remove();
		this.#tiles.splice(this.#tiles.indexOf(tile), 1);
		if (this.#pinned === tile) this.#pinned = undefined;
		this.#layOut(true);
	}

	#pin(tile: Tile): void {
		this.#pinned = this.#pinned === tile ? undefined : tile;
		for (const one of this.#tiles) one.pinned = one === this.#pinned;
		this.#layOut(true);
	}

	#layOut(moving: boolean): void {
		const { clientWidth: width, clientHeight: height } = this.element;
		// One's own screen on the stage would show itself in itself.
		const staged = this.#pinned ?? this.#tiles.findLast(({ screen, own }) => screen && !own);
		const rest = this.#tiles.filter((tile) => tile !== staged);
		const { stage, box, tiles } = layOut(rest.length, width, height, staged?.aspect);
		this.element.classList.toggle("staged", staged !== undefined);
		this.element.classList.toggle("moving", moving);
		keep(this.#stage, staged ? [staged] : []);
		keep(this.#rest, rest);
		if (staged && stage) {
			put(this.#stage, stage);
			put(staged.element, { ...stage, x: 0, y: 0 });
		}
		put(this.#rest, box);
		rest.forEach((tile, i) => {
			const place = tiles[i];
			if (place) put(tile.element, place);
		});
	}
}

function put({ style }: HTMLElement, { x, y, width, height }: Rectangle): void {
	style.translate = `${Math.round(x)}px ${Math.round(y)}px`;
	style.width = `${Math.round(width)}px`;
	style.height = `${Math.round(height)}px`;
}

/** Not in every browser, and not in TypeScript's library yet: a move without the pause of taking out and putting in. */
type Mover = { moveBefore?: (node: Node, before: Node | null) => void };

/** Moves only what is elsewhere: a video that is taken out of the document stops for a moment. */
function keep(parent: HTMLElement & Mover, tiles: readonly Tile[]): void {
	tiles.forEach(({ element }, i) => {
		const before = parent.children[i] ?? null;
		if (before === element) return;
		if (element.isConnected && parent.isConnected && parent.moveBefore) parent.moveBefore(element, before);
		else parent.insertBefore(element, before);
	});
}
