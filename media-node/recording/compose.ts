/** The pipeline that puts several people into one picture and mixes their sound. It decodes and encodes, unlike all others here. */
import { SILENCES } from "../gst/mixers.ts";
import { type CapturedTrack, fileText, flowText, REORDER_MS, receptionText, writerOf } from "./capture.ts";

const WIDTH = 1_280;
const HEIGHT = 720;
const FRAMERATE = 25;
const BITRATE_KBITS = 2_500;
const SOUND_BITS = 96_000;

/** Nobody is waited for who does not send, and those who come through a jitter buffer are not missed, ns. */
const LIVE = `force-live=true ignore-inactive-pads=true min-upstream-latency=${(REORDER_MS + 100) * 1e6}`;

/** What comes of it. */
export const COMPOSED = { mimeType: "video/h264" } as const;

export function composeText(tracks: readonly CapturedTrack[], file: string): string {
	const pictures = tracks.filter(({ kind }) => kind === "video");
	const sounds = tracks.filter(({ kind }) => kind === "audio");
	const places = grid(pictures.length).flatMap(({ x, y, width, height }, i) => [
		`sink_${i}::xpos=${x} sink_${i}::ypos=${y} sink_${i}::width=${width} sink_${i}::height=${height}`,
		`sink_${i}::sizing-policy=keep-aspect-ratio`,
	]);
	const last = pictures.length;
	return [
		receptionText(tracks),
		`compositor name=picture background=black ${LIVE} ${places.join(" ")} sink_${last}::alpha=0`,
		`picture. ! video/x-raw,format=I420,width=${WIDTH},height=${HEIGHT},framerate=${FRAMERATE}/1 ! queue`,
		`! x264enc tune=zerolatency speed-preset=ultrafast bitrate=${BITRATE_KBITS} key-int-max=${FRAMERATE * 2}`,
		"! h264parse ! mux.",
		`audiomixer name=sound ${SILENCES} ${LIVE} ! audio/x-raw,rate=48000,channels=2 ! audioconvert ! queue`,
		`! opusenc bitrate=${SOUND_BITS} ! opusparse ! mux.`,
		`matroskamux name=mux ! ${fileText(file)}`,
		// There is a picture and there is sound whoever sends any.
		`videotestsrc is-live=true pattern=black ! video/x-raw,width=16,height=16,framerate=${FRAMERATE}/1 ! queue ! picture.sink_${last}`,
		"audiotestsrc is-live=true wave=silence ! audio/x-raw,rate=48000,channels=2 ! queue ! sound.",
		...pictures.map((track, i) => `${decoded(track)} ! videoconvert ! queue ! picture.sink_${i}`),
		...sounds.map(
			(track) =>
				`${decoded(track)} ! audioconvert ! audioresample ! audio/x-raw,rate=48000,channels=2 ! queue ! sound.`,
		),
	].join(" ");
}

function decoded(track: CapturedTrack): string {
	const { depayloader, decoder } = writerOf(track);
	return `${flowText(track)} ! ${depayloader} ! ${decoder}`;
}

interface Place {
	x: number;
	y: number;
	width: number;
	height: number;
}

/** Equal shares, row by row; as many columns as rows, or one more. */
export function grid(count: number): Place[] {
	const columns = Math.max(1, Math.ceil(Math.sqrt(count)));
	const rows = Math.max(1, Math.ceil(count / columns));
	// Even, since chroma has half the resolution.
	const width = 2 * Math.floor(WIDTH / columns / 2);
	const height = 2 * Math.floor(HEIGHT / rows / 2);
	return Array.from({ length: count }, (_, i) => ({
		x: (i % columns) * width,
		y: Math.floor(i / columns) * height,
		width,
		height,
	}));
}
