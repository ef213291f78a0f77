/** Fields that several pages have. */
import type { PeerOptions } from "../player/options.ts";
import type { Field, Values } from "./form.ts";
import { socketUrlOf } from "./frame.ts";

export const MODES: [string, string][] = [
	["muxed", "muxed: one file of sound and picture"],
	["split", "split: a file each"],
	["passthrough", "passthrough: as it came, no effect"],
	["none", "none"],
];
const ALL_MODES: [string, string][] = [
	...MODES.slice(0, 3),
	["forced", "forced"],
	["free", "free"],
	["reenc", "reenc"],
	["rtpbin_only", "rtpbin_only"],
	["direct", "direct"],
	["bypass", "bypass"],
	["none", "none"],
];

export const size: Field = { type: "number", name: "size", label: "Participants", value: 2, min: 1, max: 8 };
export const duration = (value: number): Field => {
	return { type: "number", name: "duration", label: "Duration, s", value, min: 1, max: 1200 };
};
export const format: Field = {
	...{ type: "choice", name: "videoFormat", label: "Video format", value: "H264" },
	choices: [
		["H264", "H264"],
		["VP8", "VP8"],
	],
};
export const recording: Field = {
	...{ type: "choice", name: "recordingMode", label: "Recording", value: "muxed", wide: true },
	choices: ALL_MODES,
};
export const picture: Field[] = [
	{ type: "number", name: "width", label: "Width", value: 800, min: 1, max: 1920 },
	{ type: "number", name: "height", label: "Height", value: 600, min: 1, max: 1080 },
	{ type: "number", name: "framerate", label: "Frames a second", value: 25, min: 1, max: 60 },
];
export const effects: Field[] = [
	{
		...{ type: "text", name: "audioFx", label: "Audio effect", value: "", placeholder: "pitch pitch=0.8", wide: true },
		hint: "Its name is audio_fx.",
	},
	{
		...{ type: "text", name: "videoFx", label: "Video effect", value: "", placeholder: "coloreffects preset=xpro" },
		wide: true,
		hint: "Its name is video_fx.",
	},
];
export const switches: Field[] = [
	{ type: "switch", name: "audioOnly", label: "Audio only", value: false },
	{
		type: "switch",
		name: "overlay",
		label: "Overlay",
		hint: "Time on the picture; needs a video effect.",
		value: false,
	},
	{ type: "switch", name: "gpu", label: "GPU", hint: "Hardware codecs, where the node has them.", value: false },
];
export const logLevel: Field = {
	...{ type: "choice", name: "logLevel", label: "Log level", value: "1", wide: true },
	choices: [
		["0", "0: nothing"],
		["1", "1: figures of the media"],
		["2", "2: and states"],
	],
};

/** Of the values of such fields. */
export function peerOptions(values: Values): PeerOptions {
	const { audioFx, videoFx, ...rest } = values;
	return {
		signalingUrl: socketUrlOf(),
		...(rest as unknown as Omit<PeerOptions, "signalingUrl">),
		audioFx: named(audioFx, "audio_fx"),
		videoFx: named(videoFx, "video_fx"),
	};
}

/** An effect without a name of its own gets the one that the page's controls address. */
function named(text: Values[string] | undefined, name: string): string {
	const effect = String(text ?? "").trim();
	return effect === "" || /\bname=/.test(effect) ? effect : `${effect} name=${name}`;
}
