/** What a local track is encoded as: simulcast layers, bitrates and codec, from its source and size. Pure. */
import type { Encoding, PublishOptions, Size } from "./api.ts";

export interface Plan {
	/** Lowest first; none for audio, where the codec's own options do. */
	encodings?: Encoding[];
	/** Frame sizes of the spatial layers, lowest first, when there are several. */
	layers?: Size[];
}

/** Bits per second that show a camera well at 30 frames/s; in between, bitrate goes with area to the 0.75th. */
const REFERENCE = { area: 1280 * 720, bitrate: 1_700_000 };
const SCREEN_BITRATE = 2_500_000;
/** A layer narrower than this helps nobody. */
const SMALLEST = 150;

function bitrateFor({ width, height }: Size): number {
	return Math.round((REFERENCE.bitrate * ((width * height) / REFERENCE.area) ** 0.75) / 1_000) * 1_000;
}

function scaled(size: Size, by: number): Size {
	return { width: Math.round(size.width / by), height: Math.round(size.height / by) };
}

/** What to give `produce`, for a video track of that size. */
export function planVideo(size: Size, { source, simulcast, codec, encodings, svc }: PublishOptions): Plan {
	if (encodings) {
		const scales = encodings.map((encoding) => encoding.scaleResolutionDownBy ?? 1);
		return { encodings, layers: encodings.length > 1 ? scales.map((by) => scaled(size, by)) : undefined };
	}
	const screen = source === "screen";
	const several = simulcast ?? !screen;
	// VP9 and AV1 carry their layers in one stream, which is cheaper than several.
	const mode = svc ?? (several && (codec === "vp9" || codec === "av1") ? "L3T3_KEY" : undefined);
	if (mode) {
		const spatial = Number(/^[LS](\d)/.exec(mode)?.[1] ?? 1);
		const layers = Array.from({ length: spatial }, (_, at) => scaled(size, 2 ** (spatial - 1 - at)));
		return {
			encodings: [{ scalabilityMode: mode, maxBitrate: screen ? SCREEN_BITRATE : bitrateFor(size) }],
			layers: spatial > 1 ? layers : undefined,
		};
	}
	if (!several) {
		// Without temporal layers: with mediasoup 3.27 and Chromium, a lone stream that has them (L1T3) takes 1.5 s to its
		// first frame after each unmute, and may show nothing at all to who comes later. Without, it takes 50 ms.
		const maxBitrate = screen ? SCREEN_BITRATE : bitrateFor(size);
		return { encodings: [{ maxBitrate, maxFramerate: screen ? 30 : undefined }] };
	}
	const scales = [4, 2, 1].filter((by) => by === 1 || Math.min(size.width, size.height) / by >= SMALLEST);
	const layers = scales.map((by) => scaled(size, by));
	return {
		encodings: scales.map((by, at) => ({
			scaleResolutionDownBy: by,
			scalabilityMode: scales.length > 1 ? "L1T3" : undefined,
			maxBitrate: screen && by === 1 ? SCREEN_BITRATE : bitrateFor(layers[at] ?? size),
		})),
		layers: layers.length > 1 ? layers : undefined,
	};
}

/** What a track's frames measure now; a fair guess where the browser does not say. */
export function sizeOf(track: MediaStreamTrack): Size {
	const { width, height } = track.getSettings();
	return width && height ? { width, height } : { width: 1280, height: 720 };
}
