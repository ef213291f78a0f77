/** Where tiles go: rectangles from numbers, no elements. */
export interface Rectangle {
	x: number;
	y: number;
	width: number;
	height: number;
}

export interface Layout {
	/** What is shown large. */
	stage: Rectangle | undefined;
	/** The box of the other tiles; it scrolls where they do not fit. */
	box: Rectangle;
	/** Within the box. */
	tiles: Rectangle[];
}

const GAP = 10;
/** What cameras send, and what they send on average where phones are. */
const CAMERA = 16 / 9;
const UPRIGHT_CAMERA = 4 / 3;
/** Below this nobody is recognized, so it scrolls instead, px. */
const LEAST_WIDTH = 104;
const LEAST_STRIP = 150;
/** Share of the height, at most, for the stage above tiles. */
const STAGE_HEIGHT = 0.62;

export function layOut(count: number, width: number, height: number, stageAspect?: number): Layout {
	if (stageAspect === undefined) {
		return { stage: undefined, box: { x: 0, y: 0, width, height }, tiles: grid(count, width, height) };
	}
	if (count === 0) {
		const stage = largestOf(stageAspect, { x: 0, y: 0, width, height });
		return { stage, box: { x: width, y: 0, width: 0, height }, tiles: [] };
	}
	return width > height * 1.1
		? stageBeside(count, width, height, stageAspect)
		: stageAbove(count, width, height, stageAspect);
}

/** The columns that show the most of everybody. Rows are centred, the last one too. */
function grid(count: number, width: number, height: number, fewestColumns = 1): Rectangle[] {
	if (count === 0 || width <= 0 || height <= 0) return [];
	const upright = width < height;
	// Tiles may leave the shape of a camera to fill the space, as long as little of a picture is cut off.
	const [narrowest, widest] = count === 1 ? [0.45, 2.2] : [upright ? 0.75 : 4 / 3, CAMERA];
	const camera = upright ? UPRIGHT_CAMERA : CAMERA;
	let best = { columns: 1, width: 0, height: 0, shown: 0 };
	for (let columns = Math.min(fewestColumns, count); columns <= count; columns++) {
		const rows = Math.ceil(count / columns);
		const cellWidth = (width - GAP * (columns - 1)) / columns;
		const cellHeight = (height - GAP * (rows - 1)) / rows;
		if (cellHeight <= 0) continue;
		const aspect = Math.min(widest, Math.max(narrowest, cellWidth / cellHeight));
		const tileWidth = Math.min(cellWidth, cellHeight * aspect);
		const cut = Math.min(aspect / camera, camera / aspect);
		const shown = (tileWidth ** 2 / aspect) * Math.sqrt(cut);
		if (shown > best.shown) best = { columns, width: tileWidth, height: tileWidth / aspect, shown };
	}
	if (best.width < LEAST_WIDTH && count > 1) {
		const columns = Math.max(1, Math.min(count, Math.floor((width + GAP) / (LEAST_WIDTH + GAP))));
		const tileWidth = (width - GAP * (columns - 1)) / columns;
		best = { columns, width: tileWidth, height: (tileWidth * 3) / 4, shown: 0 };
	}
	return inRows(count, best, width, height);
}

function inRows(
	count: number,
	tile: { columns: number; width: number; height: number },
	width: number,
	height: number,
): Rectangle[] {
	const rows = Math.ceil(count / tile.columns);
	const top = Math.max(0, (height - rows * tile.height - (rows - 1) * GAP) / 2);
	return Array.from({ length: count }, (_, i) => {
		const row = Math.floor(i / tile.columns);
		const inRow = Math.min(tile.columns, count - row * tile.columns);
		const left = (width - inRow * tile.width - (inRow - 1) * GAP) / 2;
		return {
			x: left + (i - row * tile.columns) * (tile.width + GAP),
			y: top + row * (tile.height + GAP),
			width: tile.width,
			height: tile.height,
		};
	});
}

function stageBeside(count: number, width: number, height: number, aspect: number): Layout {
	const widest = Math.min(260, Math.max(140, width * 0.2));
	// Everybody below each other, where that leaves them wide enough; else two columns, and then it scrolls.
	const single = Math.min(widest, ((height - GAP * (count - 1)) / count) * CAMERA);
	const columns = single < LEAST_STRIP && rowsHeight(count, 2, widest) <= height ? 2 : 1;
	const strip = columns === 1 && single >= LEAST_STRIP ? single : widest;
	const tileWidth = (strip - GAP * (columns - 1)) / columns;
	const rows = Math.ceil(count / columns);
	const tileHeight = Math.min(tileWidth, Math.max(tileWidth / CAMERA, (height - GAP * (rows - 1)) / rows));
	return {
		stage: largestOf(aspect, { x: 0, y: 0, width: width - strip - GAP, height }),
		box: { x: width - strip, y: 0, width: strip, height },
		tiles: inRows(count, { columns, width: tileWidth, height: tileHeight }, strip, height),
	};
}

function rowsHeight(count: number, columns: number, strip: number): number {
	const rows = Math.ceil(count / columns);
	return rows * ((strip - GAP * (columns - 1)) / columns / CAMERA) + GAP * (rows - 1);
}

/** The rest below it, two or more in a row; both together in the middle. */
function stageAbove(count: number, width: number, height: number, aspect: number): Layout {
	const stageHeight = Math.min(width / aspect, height * STAGE_HEIGHT);
	const left = height - stageHeight - GAP;
	const tiles = grid(count, width, left, Math.min(2, count)).map((tile) => ({ ...tile }));
	if (count === 1 && tiles[0])
		tiles[0] = largestOf(CAMERA, { x: width * 0.15, y: 0, width: width * 0.7, height: left });
	const first = Math.min(...tiles.map(({ y }) => y));
	for (const tile of tiles) tile.y -= first;
	const used = Math.min(left, Math.max(...tiles.map((tile) => tile.y + tile.height)));
	const top = (height - stageHeight - GAP - used) / 2;
	return {
		stage: largestOf(aspect, { x: 0, y: top, width, height: stageHeight }),
		box: { x: 0, y: top + stageHeight + GAP, width, height: used },
		tiles,
	};
}

/** The largest of that shape in the middle of a rectangle. */
function largestOf(aspect: number, { x, y, width, height }: Rectangle): Rectangle {
	const fitted = Math.min(width, height * aspect);
	return {
		x: x + (width - fitted) / 2,
		y: y + (height - fitted / aspect) / 2,
		width: fitted,
		height: fitted / aspect,
	};
}
