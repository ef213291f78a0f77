/** Where pictures are in a mix: a grid as square as can be, each picture as large as its place allows. */
import type { Size } from "../../shared/media.ts";

export interface Tile extends Size {
	x: number;
	y: number;
}

/** Rows are filled from the first on; the last one, when it is not full, is in the middle. Even numbers throughout. */
export function grid(count: number, { width, height }: Size): Tile[] {
	if (count === 0) return [];
	const columns = Math.ceil(Math.sqrt(count));
	const rows = Math.ceil(count / columns);
	const tile = { width: even(width / columns), height: even(height / rows) };
	return Array.from({ length: count }, (_, i) => {
		const row = Math.floor(i / columns);
		const inRow = row === rows - 1 ? count - row * columns : columns;
		const left = (width - inRow * tile.width) / 2;
		return { ...tile, x: even(left + (i % columns) * tile.width), y: row * tile.height };
	});
}

/** Colour is sampled for every other pixel. */
function even(length: number): number {
	return Math.floor(length / 2) * 2;
}
