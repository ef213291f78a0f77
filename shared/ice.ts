/** ICE servers, as W3C WebRTC section 4.2.3 has them and as operators write them. */
import * as z from "zod";

const HOST = String.raw`([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?(\?transport=[a-z]+)?$`;

/** RFC 7065. */
export const TurnUrl = z
	.string()
	.max(256)
	.regex(new RegExp(`^turns?:${HOST}`), "turn: or turns: and a host");

/** RFC 7064 and 7065. */
export const IceUrl = z
	.string()
	.max(256)
	.regex(new RegExp(`^(stun|turn)s?:${HOST}`), "stun:, stuns:, turn: or turns: and a host");

export const IceServer = z.object({
	urls: z.array(IceUrl),
	username: z.string().optional(),
	credential: z.string().optional(),
});
export type IceServer = z.infer<typeof IceServer>;

/** As settings and other services may write it: W3C allows one URL without an array. */
export const IceServerInput = IceServer.extend({
	urls: z.union([IceUrl.transform((url) => [url]), z.array(IceUrl).min(1)]),
});

/** Can be given to `new RTCPeerConnection()` as it is. */
export const IceServers = z.object({
	iceServers: z.array(IceServer),
	/** When the first of the credentials expires, ms since 1970. Absent: none does. */
	expiresAt: z.number().int().optional(),
});
export type IceServers = z.infer<typeof IceServers>;
