import type { Env } from "../../env.ts";
import { capabilitiesFor } from "./codecs.ts";

const MAX_VIDEO_BITRATE = 4_000_000;

/** mediasoup refuses them in several encodings. */
const WITHOUT_SIMULCAST = ["video/vp9", "video/av1"];

/** What clients merge into their uploads: three layers of video, up to `MAX_VIDEO_BITRATE`, where the codec has them. */
export function producerOptions(env: Env) {
	const most = Number(env.MAX_VIDEO_BITRATE) || MAX_VIDEO_BITRATE;
	const first = capabilitiesFor(env)
		.codecs?.find(({ kind }) => kind === "video")
		?.mimeType.toLowerCase();
	const layers = first !== undefined && WITHOUT_SIMULCAST.includes(first) ? [1] : [4, 2, 1];
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
			encodings: layers.map((scale) => ({
				scaleResolutionDownBy: scale,
				maxBitrate: Math.floor(most / scale),
			})),
		},
	};
}
