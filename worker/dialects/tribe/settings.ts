/** The dialect's variables. */
import * as z from "zod";
import { SdpSettings } from "../../../shared/sdp.ts";
import type { Env } from "../../env.ts";
import type { TribeSession } from "./session.ts";

const bitrate = (otherwise: number) =>
	z.preprocess((text) => (text === "" ? undefined : text), z.coerce.number().int().min(0).default(otherwise));

const Bitrates = z.object({
	BITRATE_AUDIO_START: bitrate(0),
	BITRATE_VIDEO_START: bitrate(0),
	BITRATE_AUDIO_MIN: bitrate(0),
	BITRATE_AUDIO_MAX: bitrate(128_000),
	BITRATE_VIDEO_MIN: bitrate(0),
	BITRATE_VIDEO_MAX: bitrate(2_000_000),
});

const codec = (env: Env) => (env.TRIBE_CODEC === "VP8" ? "video/VP8" : "video/H264");

/** What a client may ask for lies between the bounds of the deployment, bit/s. */
export function bitratesFor(env: Env, { maxAudioBitrate, maxVideoBitrate }: Partial<TribeSession>) {
	const bounds = Bitrates.parse(env);
	const within = (wish: number | undefined, min: number, max: number) => Math.max(Math.min(wish ?? max, max), min);
	return {
		audio: within(maxAudioBitrate, bounds.BITRATE_AUDIO_MIN, bounds.BITRATE_AUDIO_MAX),
		video: within(maxVideoBitrate, bounds.BITRATE_VIDEO_MIN, bounds.BITRATE_VIDEO_MAX),
	};
}

/** What a node begins with towards a client, where both are set; it is never more than what it may be sent. */
function startFor(env: Env, most: number): number | undefined {
	const { BITRATE_AUDIO_START: audio, BITRATE_VIDEO_START: video } = Bitrates.parse(env);
	return audio > 0 && video > 0 ? Math.min(audio + video, most) : undefined;
}

/** How a client's connections are made: it offers what it sends, and is offered each other's media by itself. */
export function sdpFor(env: Env, session: Partial<TribeSession>): SdpSettings {
	const { audio, video } = bitratesFor(env, session);
	// As what is not set: no bound.
	const most = audio + video || undefined;
	return SdpSettings.parse({
		connections: "each",
		// Nothing is received over the connection that it sends on.
		renumber: false,
		codecs: [codec(env)],
		maxIncomingBitrate: most,
		maxOutgoingBitrate: most,
		initialOutgoingBitrate: most && startFor(env, most),
	});
}
