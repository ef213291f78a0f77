/** `element property=value name=NAME ! element …` (docs/effects.md). */
export interface Effects {
	/** Moderators; absent: of this participant. */
	participant?: string;
	audio?: string;
	video?: string;
	/** What the altered video is encoded as; VP8 unless given. */
	codec?: "H264" | "VP8";
	framerate?: number;
	/** The stream's time is written over the video. */
	overlay?: boolean;
	hardware?: boolean;
}

export interface EffectControl {
	participant?: string;
	/** The effect's. */
	name: string;
	property: string;
	value: number | boolean | string;
	/** In steps over this time, ms. */
	duration?: number;
}
