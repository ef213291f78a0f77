/**
 * The codecs of every router of a fleet, with the payload types that Chromium uses itself (a browser that offers
 * its own numbers then agrees with the router's). Order is preference.
 * After a change run `npm run capabilities`, which writes router-capabilities.ts from it.
 */
export interface RouterCodec {
	kind: "audio" | "video";
	mimeType: string;
	clockRate: number;
	channels?: number;
	preferredPayloadType?: number;
	parameters?: Record<string, string | number>;
}

export const ROUTER_CODECS: readonly RouterCodec[] = [
	{
		kind: "audio",
		mimeType: "audio/opus",
		clockRate: 48_000,
		channels: 2,
		preferredPayloadType: 111,
		parameters: { useinbandfec: 1, minptime: 10 },
	},
	{ kind: "audio", mimeType: "audio/PCMU", clockRate: 8_000, channels: 1, preferredPayloadType: 0 },
	{ kind: "audio", mimeType: "audio/PCMA", clockRate: 8_000, channels: 1, preferredPayloadType: 8 },
	{ kind: "video", mimeType: "video/VP8", clockRate: 90_000, preferredPayloadType: 96 },
	{
		kind: "video",
		mimeType: "video/VP9",
		clockRate: 90_000,
		preferredPayloadType: 98,
		parameters: { "profile-id": 0 },
	},
	{
		kind: "video",
		mimeType: "video/H264",
		clockRate: 90_000,
		preferredPayloadType: 108,
		parameters: { "packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1 },
	},
	{ kind: "video", mimeType: "video/AV1", clockRate: 90_000, preferredPayloadType: 45 },
	// Last, since every browser has one of the above; their numbers are what is left.
	{ kind: "video", mimeType: "video/VP9", clockRate: 90_000, parameters: { "profile-id": 2 } },
	// High and constrained high: what Odoo's SFU and encoders in hardware have.
	...["640028", "640c0d"].map((profile) => ({
		...{ kind: "video" as const, mimeType: "video/H264", clockRate: 90_000 },
		parameters: { "packetization-mode": 1, "profile-level-id": profile, "level-asymmetry-allowed": 1 },
	})),
];
