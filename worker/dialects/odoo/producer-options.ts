import type { Env } from "../../env.ts";

const MAX_VIDEO_BITRATE = 4_000_000;

/** What clients merge into their uploads: three layers of video, up to `MAX_VIDEO_BITRATE`. */
export function producerOptions(env: Env) {
	const most = Number(env.MAX_VIDEO_BITRATE) || MAX_VIDEO_BITRATE;
	const common = { stopTracks: false, disableTrackOnPause: false, zeroRtpOnPause: true };
	return {
		audio: common,
		video: {
			...common,
			codecOptions: {
				videoGoogleMinBitrate: 1_000,
				videoGoogleStartBitrate: 1_000_000,
				videoGoogleMaxBitrate: 2 * most,
			},
			encodings: [4, 2, 1].map((scale) => ({
				scaleResolutionDownBy: scale,
				maxBitrate: Math.floor(most / scale),
			})),
		},
	};
}
