/** Which layers of a track a subscriber gets, from what it asked for. */
import type { Size, TrackSettings } from "../../shared/media.ts";

export interface Choice {
	/** Send nothing. */
	paused: boolean;
	/** For a track with several layers. */
	layers?: { spatialLayer: number; temporalLayer?: number };
}

/** An element a little larger than a layer is served by it: nobody sees the difference, everybody's line does. */
const ENOUGH = 0.85;

/**
 * The lowest layer that fills the element (as `object-fit: contain` would), under the cap. An element of no size is
 * out of view, and gets nothing.
 *
 * @param sizes of the track's spatial layers, lowest first; empty when unknown
 * @param count of spatial layers; 1 when the track has no choice
 */
export function chooseLayers(settings: TrackSettings, sizes: readonly Size[], count: number): Choice {
	const { paused = false, layer, size } = settings;
	const unseen = size != null && (size.width === 0 || size.height === 0);
	if (count <= 1) return { paused: paused || unseen };
	const most = Math.min(layer?.spatial ?? count - 1, count - 1);
	let spatialLayer = most;
	const full = sizes.at(-1);
	if (size && !unseen && full && sizes.length === count && full.width > 0 && full.height > 0) {
		const width = full.width * Math.min(size.width / full.width, size.height / full.height);
		const enough = sizes.findIndex((it) => it.width >= width * ENOUGH);
		if (enough >= 0) spatialLayer = Math.min(enough, most);
	}
	return { paused: paused || unseen, layers: { spatialLayer, temporalLayer: layer?.temporal } };
}
