import type { BitrateLimits } from "../../../shared/link.ts";
import type { Env } from "../../env.ts";

/** Bits per second. */
const MAX_BITRATE_IN = 8_000_000;
const MAX_BITRATE_OUT = 10_000_000;

/** What a session may send and be sent, by `MAX_BITRATE_IN` and `MAX_BITRATE_OUT`. */
export function bitrateLimits(env: Env): BitrateLimits {
	return {
		maxIncomingBitrate: bitrate(env.MAX_BITRATE_IN, MAX_BITRATE_IN),
		maxOutgoingBitrate: bitrate(env.MAX_BITRATE_OUT, MAX_BITRATE_OUT),
	};
}

/** What is no bit rate is the default, as in the original: there is no way to have no limit. */
function bitrate(text: string | undefined, otherwise: number): number {
	const value = Math.floor(Number(text));
	return value > 0 && value <= 1e12 ? value : otherwise;
}
