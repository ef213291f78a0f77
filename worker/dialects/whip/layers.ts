/** The layers of a video that is watched, and choosing one. */
import { SwitchyardError } from "../../../shared/errors.ts";
import type { Layer } from "../../../shared/media.ts";
import type { LayerChoice, LayerNews } from "../../../shared/whip.ts";
import type { Core } from "../../room/core.ts";
import type { Member, Track } from "../../room/state.ts";
import { subscribe } from "../../room/subscriptions.ts";
import { sessionOf } from "./session.ts";

/** As many as there can be. */
const TOP = 7;

/** By the section's number, best first; nothing where there are none to choose from. */
export function layersFor(core: Core, member: Member): Record<string, LayerNews[]> {
	const { watches } = sessionOf(member);
	const video = watches?.video === undefined ? undefined : core.tracks.get(watches.video);
	const at = watches?.sections.video;
	if (!video || at === undefined || !video.coding || video.coding.layers.length === 0) return {};
	const layers = video.coding.layers.map((rid, spatialLayerId) => {
		const size = video.info.layers?.[spatialLayerId];
		return { ...(rid !== "" && { rid }), spatialLayerId, ...size };
	});
	return { [at]: layers.toReversed() };
}

/** Throws `unsupported` when there is no such layer. */
export function chooseLayer(core: Core, member: Member, choice: LayerChoice): void {
	const { watches } = sessionOf(member);
	const video = watches?.video === undefined ? undefined : core.tracks.get(watches.video);
	if (!watches || !video) throw new SwitchyardError("conflict", "no video is watched now");
	if (choice.mediaId !== undefined && choice.mediaId !== String(watches.sections.video)) {
		throw new SwitchyardError("unsupported", `mediaId: ${watches.sections.video} is the section with video`);
	}
	subscribe(core, member, { tracks: [{ track: video.info.id, layer: layerOf(video, choice) ?? null }] });
}

function layerOf(video: Track, choice: LayerChoice): Layer | undefined {
	const names = video.coding?.layers ?? [];
	const bounds: number[] = [];
	const rid = choice.rid ?? choice.encodingId;
	if (rid !== undefined) {
		const at = names.indexOf(rid);
		if (at < 0)
			throw new SwitchyardError("unsupported", `rid: there are ${names.map((it) => it || "-").join(", ") || "none"}`);
		bounds.push(at);
	}
	const { spatialLayerId, maxSpatialLayerId, maxWidth, maxHeight } = choice;
	if (spatialLayerId !== undefined) {
		if (spatialLayerId > Math.max(0, names.length - 1)) {
			throw new SwitchyardError("unsupported", `spatialLayerId: there are ${Math.max(1, names.length)}`);
		}
		bounds.push(spatialLayerId);
	}
	if (maxSpatialLayerId !== undefined) bounds.push(maxSpatialLayerId);
	if (maxWidth !== undefined || maxHeight !== undefined) {
		bounds.push(largestWithin(video, maxWidth ?? Number.POSITIVE_INFINITY, maxHeight ?? Number.POSITIVE_INFINITY));
	}
	const temporal = choice.temporalLayerId ?? choice.maxTemporalLayerId;
	if (bounds.length === 0 && temporal === undefined) return undefined;
	return { spatial: Math.min(TOP, ...bounds), temporal };
}

/** The smallest one when none is small enough. */
function largestWithin({ info: { layers } }: Track, width: number, height: number): number {
	if (!layers) throw new SwitchyardError("unsupported", "its publisher does not tell how large its layers are");
	return Math.max(
		0,
		layers.findLastIndex((size) => size.width <= width && size.height <= height),
	);
}
