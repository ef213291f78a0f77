/**
 * What sessions are told that the router can do: all of it, or what `AUDIO_CODECS` and `VIDEO_CODECS` name, in that
 * order. Every router of the fleet can do the whole; a client that was told of less sends and receives no more.
 */
import type { RtpCapabilities, RtpParameters } from "../../../shared/media.ts";
import { ROUTER_CAPABILITIES } from "../../../shared/router-capabilities.ts";
import type { Env } from "../../env.ts";

type Codec = NonNullable<RtpCapabilities["codecs"]>[number];

/** Begins of the profile-level-id (RFC 6184 section 8.1), its level aside. */
const h264 = (profile: string) => (codec: Codec) =>
	isOf("video/h264")(codec) && String(codec.parameters?.["profile-level-id"]).startsWith(profile);

function isOf(mimeType: string): (codec: Codec) => boolean {
	return (codec) => codec.mimeType.toLowerCase() === mimeType;
}

const NAMES: Readonly<Record<Codec["kind"], Readonly<Record<string, (codec: Codec) => boolean>>>> = {
	audio: { opus: isOf("audio/opus"), PCMU: isOf("audio/pcmu"), PCMA: isOf("audio/pcma") },
	video: {
		VP8: isOf("video/vp8"),
		VP9: isOf("video/vp9"),
		H264: h264("6400"),
		H264_1_2cb: h264("42e0"),
		H264_1_3ch: h264("640c"),
		AV1: isOf("video/av1"),
	},
};

/** The router's capabilities as sessions are told of them. */
export function capabilitiesFor(env: Pick<Env, "AUDIO_CODECS" | "VIDEO_CODECS">): RtpCapabilities {
	const codecs = [...chosen("audio", env.AUDIO_CODECS), ...chosen("video", env.VIDEO_CODECS)];
	return { ...ROUTER_CAPABILITIES, codecs };
}

/** False of a stream in a codec that sessions are not told of. */
export function mayUpload(env: Pick<Env, "AUDIO_CODECS" | "VIDEO_CODECS">, { codecs }: RtpParameters): boolean {
	const told = new Set(capabilitiesFor(env).codecs?.map(({ mimeType }) => mimeType.toLowerCase()));
	return codecs.every(({ mimeType }) => told.has(mimeType.toLowerCase()));
}

/** Names that nothing has are left out, as in the original. */
function chosen(kind: Codec["kind"], names: string | undefined): Codec[] {
	const all = (ROUTER_CAPABILITIES.codecs ?? []).filter((codec) => codec.kind === kind);
	if (!names) return all;
	const known = NAMES[kind];
	const media = [...new Set(names.split(","))].flatMap((name) =>
		Object.hasOwn(known, name) ? all.filter((codec) => known[name]?.(codec)) : [],
	);
	// Each is followed by its retransmissions.
	return media.flatMap((codec) => [
		codec,
		...all.filter(({ parameters }) => parameters?.apt === codec.preferredPayloadType),
	]);
}
